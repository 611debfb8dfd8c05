// Real browsers that may be there, and what becomes of a page that is opened in one.

import { existsSync } from "node:fs";
import { env } from "node:process";
import { chromium } from "./chromium.ts";
import { firefox } from "./firefox.ts";
import type { Served } from "./server.ts";

type Answered = ReturnType<Served["answered"]>;

/** A browser of one process. */
export interface RunningBrowser {
  /** Opens an address, and gives what its page has **answered**. */
  visit(address: string, answered: Answered): Promise<string>;
  close(): Promise<void>;
}

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

/** What a page answers within so many seconds. */
export async function within(seconds: number, answered: Answered): Answered {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => {
    const complain = () => reject(new Error(`the page: no answer within ${seconds} s`));
    timer = setTimeout(complain, 1000 * seconds);
  });
  return Promise.race([answered, limit]).finally(() => clearTimeout(timer));
}
