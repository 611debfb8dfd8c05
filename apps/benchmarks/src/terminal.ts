import process from "node:process";
import type { WriteStream } from "node:tty";
import pc from "picocolors";

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

/** A reader that goes away (`… | head`) ends the process without a stack trace. */
export function endQuietlyOnBrokenPipe(stream: NodeJS.WritableStream): void {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
}
