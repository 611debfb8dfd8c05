// Real browsers that may be there.

import { existsSync } from "node:fs";
import { env } from "node:process";
import { chromium } from "./chromium.ts";
import { firefox } from "./firefox.ts";
import type { RunningBrowser } from "./running-browser.ts";

/** A browser, and the variable that names its file. */
export interface BrowserKind {
  variable: string;
  executablePath: string;
  start(executablePath: string): RunningBrowser;
}

export const browsers = {
  Chromium: {
    variable: "RNNKIT_CHROMIUM",
    executablePath: env.RNNKIT_CHROMIUM ?? "/usr/bin/chromium",
    start: chromium,
  },
  Firefox: {
    variable: "RNNKIT_FIREFOX",
    executablePath: env.RNNKIT_FIREFOX ?? "/usr/bin/firefox-esr",
    start: firefox,
  },
} as const satisfies Record<string, BrowserKind>;

/** Why it cannot be run; undefined where it can. */
export function missing({ variable, executablePath }: BrowserKind): string | undefined {
  const isThere = executablePath !== "" && existsSync(executablePath);
  return isThere ? undefined : `skipped: no browser at ${variable}`;
}
