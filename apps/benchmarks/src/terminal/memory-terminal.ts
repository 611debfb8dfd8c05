import { Writable } from "node:stream";
import pc from "picocolors";
import type { Terminal } from "./terminal.ts";

/** A terminal that keeps what it is told, for tests: `text.out` and `text.err`. */
export function memoryTerminal(
  options: { isTTY?: boolean; colors?: boolean } = {},
): Terminal & { text: { out: string; err: string } } {
  const text = { out: "", err: "" };
  const stream = (name: "out" | "err") =>
    new Writable({
      write(chunk, _, done) {
        text[name] += chunk;
        done();
      },
    });
  const size = options.isTTY ? { isTTY: true as const, columns: 120, rows: 30 } : {};
  return {
    out: Object.assign(stream("out"), size),
    err: stream("err"),
    colors: pc.createColors(options.colors ?? false),
    text,
  };
}
