// Real browsers, driven from Node: Chromium by Playwright as in the other tests. Playwright has Firefox patched
// only; puppeteer drives the stock one over WebDriver BiDi, without a driver's program beside it.

import { existsSync } from "node:fs";
import { env } from "node:process";
import { chromium } from "playwright-core";
import puppeteer from "puppeteer-core";
import type { Answer } from "./setup.ts";

/** A page's answer, and what it said on its console or threw. */
export interface Visit<T> {
  answer: Answer<T>;
  said: string[];
}

/** A browser that runs. */
export interface Running {
  /** Opens an address and waits for `answer` there. */
  visit<T>(address: string): Promise<Visit<T>>;
  close(): Promise<void>;
}

/** A browser that may be there. */
export interface BrowserKind {
  /** The variable that names its file. */
  variable: string;
  executablePath: string;
  launch(executablePath: string): Promise<Running>;
}

const TIMEOUT = 60_000;

export const browsers = {
  Chromium: {
    variable: "RNNKIT_CHROMIUM",
    executablePath: env.RNNKIT_CHROMIUM ?? "/usr/bin/chromium",
    launch: launchChromium,
  },
  Firefox: {
    variable: "RNNKIT_FIREFOX",
    executablePath: env.RNNKIT_FIREFOX ?? "/usr/bin/firefox-esr",
    launch: launchFirefox,
  },
} as const satisfies Record<string, BrowserKind>;

/** Why it cannot be run; undefined where it can. */
export function missing({ variable, executablePath }: BrowserKind): string | undefined {
  const isThere = executablePath !== "" && existsSync(executablePath);
  return isThere ? undefined : `skipped: nothing at ${variable}`;
}

async function launchChromium(executablePath: string): Promise<Running> {
  const quiet = ["background-networking", "component-update", "sync"].map((x) => `--disable-${x}`);
  // WebGPU on a machine without a GPU: SwiftShader is then found.
  const args = ["--no-sandbox", "--enable-unsafe-webgpu", "--disable-quic", "--no-first-run"];
  const browser = await chromium.launch({ executablePath, args: [...args, ...quiet] });
  return {
    async visit(address) {
      const page = await browser.newPage();
      const said: string[] = [];
      page.on("console", (message) => said.push(message.text()));
      page.on("pageerror", (error) => said.push(String(error)));
      await page.goto(address);
      const handle = await page.waitForFunction("globalThis.answer", undefined, {
        timeout: TIMEOUT,
      });
      const answer = JSON.parse((await handle.jsonValue()) as string);
      await page.close();
      return { answer, said };
    },
    close: () => browser.close(),
  };
}

async function launchFirefox(executablePath: string): Promise<Running> {
  const browser = await puppeteer.launch({ browser: "firefox", executablePath, headless: true });
  return {
    async visit(address) {
      const page = await browser.newPage();
      const said: string[] = [];
      page.on("console", (message) => said.push(message.text()));
      page.on("pageerror", (error) => said.push(String(error)));
      await page.goto(address);
      const handle = await page.waitForFunction("globalThis.answer", { timeout: TIMEOUT });
      const answer = JSON.parse((await handle.jsonValue()) as string);
      await page.close();
      return { answer, said };
    },
    close: () => browser.close(),
  };
}
