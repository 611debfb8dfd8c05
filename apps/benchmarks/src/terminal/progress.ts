import process from "node:process";
import { MultiBar, type SingleBar } from "cli-progress";
import { formatEta } from "./format.ts";
import type { Terminal } from "./terminal.ts";

/** What a long run shows while it works. */
export interface Progress {
  /** Prints one lasting line. */
  line(text?: string): void;
  /** Begins a task of **total** steps. */
  start(label: string, total: number): void;
  /** Tells that **done** steps of the task are done, with a word on the state of things. */
  step(done: number, detail?: string): void;
  /** Ends the task; nothing of it stays on the screen. */
  stop(): void;
}

// Without a bar to watch, a line this often says that something still happens.
const HEARTBEAT_SECONDS = 15;

/**
 * A live bar with ETA on a terminal; anywhere else plain lines, now and then one with the ETA, as on a terminal that can
 * move no cursor (**kind** is `dumb`).
 */
export function createProgress(
  terminal: Terminal,
  kind: string | undefined = process.env.TERM,
): Progress {
  return terminal.out.isTTY && kind !== "dumb" ? liveProgress(terminal) : plainProgress(terminal);
}

function liveProgress({ out, colors }: Terminal): Progress {
  let bars: MultiBar | null = null;
  let bar: SingleBar | null = null;
  let label = "";
  let total = 0;
  let startedAt = 0;
  return {
    line(text = "") {
      if (!bars) {
        out.write(`${text}\n`);
        return;
      }
      bars.log(`${text}\n`);
      // Drawn now: what still waits for the next drawing when the bar stops would be lost.
      bars.update();
    },
    start(newLabel, newTotal) {
      label = newLabel;
      total = newTotal;
      startedAt = performance.now();
      bars = new MultiBar({
        stream: out as NodeJS.WritableStream,
        format: `  ${colors.cyan("{bar}")} {label} {percentage} % · {left} · {detail}`,
        barCompleteChar: "━",
        barIncompleteChar: "─",
        barsize: 24,
        clearOnComplete: true,
        hideCursor: true,
        fps: 4,
        gracefulExit: false,
        linewrap: false,
      });
      bar = bars.create(total, 0, { label, left: "ETA …", detail: "" });
    },
    step(done, detail = "") {
      const left = remaining(startedAt, done, total);
      bar?.update(done, { label, left: left === null ? "ETA …" : `ETA ${left}`, detail });
    },
    stop() {
      bars?.stop();
      bars = null;
      bar = null;
    },
  };
}

function plainProgress({ out }: Terminal): Progress {
  let label = "";
  let total = 0;
  let startedAt = 0;
  let spokeAt = 0;
  const say = (text: string) => {
    spokeAt = performance.now();
    out.write(`${text}\n`);
  };
  return {
    line(text = "") {
      say(text);
    },
    start(newLabel, newTotal) {
      label = newLabel;
      total = newTotal;
      startedAt = performance.now();
      spokeAt = startedAt;
    },
    step(done, detail = "") {
      if (performance.now() - spokeAt < HEARTBEAT_SECONDS * 1000) return;
      const left = remaining(startedAt, done, total);
      say(`  … ${label} step ${done}/${total}, ETA ${left ?? "unknown"}${detail && `, ${detail}`}`);
    },
    stop() {},
  };
}

/** The time still needed at the speed so far, or null before there is one. */
export function remaining(startedAt: number, done: number, total: number): string | null {
  if (done <= 0) return null;
  const seconds = (performance.now() - startedAt) / 1000;
  return formatEta((seconds / done) * Math.max(0, total - done));
}
