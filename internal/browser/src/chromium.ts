import { type Browser, chromium as playwright } from "playwright-core";
import type { RunningBrowser } from "./running-browser.ts";

const quiet = ["background-networking", "component-update", "sync"].map((x) => `--disable-${x}`);
// WebGPU on a machine without a GPU: SwiftShader is then found.
const args = ["--no-sandbox", "--enable-unsafe-webgpu", "--disable-quic", "--no-first-run"];

/** Starts at the first visit. */
export function chromium(executablePath: string): RunningBrowser {
  let running: Promise<Browser> | undefined;
  return {
    async visit(address, answered) {
      running ??= playwright.launch({ executablePath, args: [...args, ...quiet] });
      const page = await (await running).newPage();
      try {
        await page.goto(address);
        return (await answered).answer;
      } finally {
        await page.close();
      }
    },
    async close() {
      await (await running)?.close();
    },
  };
}
