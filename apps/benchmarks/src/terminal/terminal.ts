import process from "node:process";
import type { WriteStream } from "node:tty";
import pc from "picocolors";
import { systemReason } from "../output.ts";

/** Where a run speaks: lines for the reader on **out**, complaints on **err**. */
export interface Terminal {
  out: NodeJS.WritableStream & Partial<Pick<WriteStream, "isTTY" | "columns">>;
  err: NodeJS.WritableStream;
  colors: Colors;
}

/** Picocolors' functions; each returns its text unchanged when colours are off. */
export type Colors = ReturnType<typeof pc.createColors>;

/** The process's own terminal: coloured only where stdout is one and `NO_COLOR` is unset. */
export function processTerminal(): Terminal {
  const colored = process.stdout.isTTY === true && pc.isColorSupported;
  return { out: process.stdout, err: process.stderr, colors: pc.createColors(colored) };
}

/**
 * A reader that goes away (`… | head`) is as Ctrl-C where something listens to that, so that what was measured is
 * written; else the process ends, with 0. So does a stdout that takes no more, of a full disk, which is said, with 1.
 * Neither is a stack trace.
 */
export function outliveReaders(): void {
  const { stdout, stderr } = process;
  let isGone = false;
  stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (isGone) return;
    isGone = true;
    if (error.code !== "EPIPE") {
      stderr.write(`rnnkit-benchmarks: expected to write to stdout, got ${systemReason(error)}\n`);
    }
    if (process.listenerCount("SIGINT") > 0) process.emit("SIGINT");
    else process.exit(error.code === "EPIPE" ? 0 : 1);
  });
  // Nobody is left to be told.
  stderr.on("error", () => {});
}
