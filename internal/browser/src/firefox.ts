// The stock Firefox, driven by nothing: a page that has answered is told where to go next. In a session of WebDriver
// BiDi, as puppeteer and webdriverio hold one, a worker of Firefox 153 that starts another waits for ever, once in
// twenty times (13 to 24 of 40 workers that each started ten; none of 40 without a session). Playwright has Firefox
// patched only.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunningBrowser } from "./running-browser.ts";

/** No greetings, and nothing that asks hosts of its own. */
const preferences = {
  "app.normandy.enabled": false,
  "app.update.enabled": false,
  "browser.aboutwelcome.enabled": false,
  "browser.region.network.url": "",
  "browser.safebrowsing.downloads.remote.enabled": false,
  "browser.safebrowsing.update.enabled": false,
  "browser.shell.checkDefaultBrowser": false,
  "datareporting.policy.dataSubmissionEnabled": false,
  "extensions.systemAddon.update.enabled": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "services.settings.server": "data:,#remote-settings-dummy/v1",
  "toolkit.telemetry.server": "",
};

interface Firefox {
  process: ChildProcess;
  profile: string;
}

/** Starts at the first visit, and again at the next one after a page that did not answer. */
export function firefox(executablePath: string): RunningBrowser {
  let running: Firefox | undefined;
  let goOn: ((address: string) => void) | undefined;
  const close = async () => {
    const last = running;
    running = undefined;
    goOn = undefined;
    if (last) await ended(last);
  };
  return {
    async visit(address, answered) {
      if (goOn) goOn(address);
      else running = started(executablePath, address);
      goOn = undefined;
      try {
        const { answer, goOn: next } = await answered;
        goOn = next;
        return answer;
      } catch (error) {
        await close();
        throw error;
      }
    },
    close,
  };
}

function started(executablePath: string, address: string): Firefox {
  const profile = mkdtempSync(join(tmpdir(), "rnnkit-firefox-"));
  const lines = Object.entries(preferences).map(
    ([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});\n`,
  );
  writeFileSync(join(profile, "user.js"), lines.join(""));
  const args = ["--headless", "--no-remote", "--profile", profile, address];
  // It refuses a home of somebody else's.
  const env = { ...process.env, HOME: profile };
  const child = spawn(executablePath, args, { stdio: "ignore", env });
  process.once("exit", () => child.kill("SIGKILL"));
  return { process: child, profile };
}

async function ended({ process: child, profile }: Firefox): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill("SIGKILL");
    await once(child, "exit");
  }
  rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
}
