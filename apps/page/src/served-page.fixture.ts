// The built page on a static server, and one Chromium: shared by all tests of a file.

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { env } from "node:process";
import { fileURLToPath } from "node:url";
import { filesOf, isolation, type Served, served } from "@rnnkit/test-kit/server";
import { type Browser, chromium } from "playwright-core";
import { build } from "vite";

const executablePath = env.RNNKIT_CHROMIUM ?? "/usr/bin/chromium";

/** Why there is no browser; false where there is one. */
export const lacksChromium = !existsSync(executablePath);

export interface ServedPage {
  browser: Browser;
  folder: string;
  /** The page in a subfolder of a server that sends no headers of its own, or those of isolation. */
  address(isIsolated?: boolean): string;
  close(): Promise<void>;
}

/** Builds the page, serves it from a subfolder, starts Chromium. */
export async function servePage(): Promise<ServedPage> {
  const folder = mkdtempSync(join(tmpdir(), "rnnkit-page-"));
  const root = fileURLToPath(new URL("..", import.meta.url));
  await build({ root, logLevel: "error", build: { outDir: folder, emptyOutDir: true } });
  const servers = await Promise.all([inSubfolder(folder, {}), inSubfolder(folder, isolation)]);
  const browser = await startChromium();
  return {
    browser,
    folder,
    address: (isIsolated = false) => servers[Number(isIsolated)]!.address + subfolder,
    async close() {
      await browser.close();
      for (const server of servers) server.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** Chromium, with flags besides its usual ones. */
export function startChromium(flags: readonly string[] = []): Promise<Browser> {
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-quic", ...flags] });
}

const subfolder = "/some/folder/";

function inSubfolder(folder: string, headers: Readonly<Record<string, string>>): Promise<Served> {
  const files = filesOf(folder, headers);
  return served((request, response) => {
    if (!request.url?.startsWith(subfolder)) return response.writeHead(404).end();
    request.url = request.url.slice(subfolder.length - 1);
    files(request, response);
  });
}
