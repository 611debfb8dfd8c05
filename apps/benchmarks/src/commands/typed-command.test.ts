import { expect, test } from "vitest";
import { memoryTerminal } from "../terminal/memory-terminal.ts";
import { runCommandLine } from "./command-line.ts";
import { typedCommand } from "./typed-command.ts";

test("the command is what was typed: npm start, npx, the program or its file", () => {
  const of = (env: Record<string, string>, file = "/home/me/rnnkit/apps/benchmarks/dist/cli.js") =>
    typedCommand({ env, argv: ["node", file], cwd: "/home/me/rnnkit" }, "rnnkit-benchmarks");
  expect(of({ npm_lifecycle_event: "start", npm_command: "start" })).toBe("npm start --");
  expect(of({ npm_lifecycle_event: "bench", npm_command: "run-script" })).toBe("npm start --");
  expect(of({ npm_lifecycle_event: "npx", npm_command: "exec" })).toBe("npx rnnkit-benchmarks");
  expect(of({}, "/usr/bin/rnnkit-benchmarks")).toBe("rnnkit-benchmarks");
  expect(of({})).toBe("node apps/benchmarks/dist/cli.js");
});

test("help and errors name it", async () => {
  const terminal = memoryTerminal();
  await runCommandLine(["forecast", "--help"], terminal, "npm start --");
  await runCommandLine(["forecast", "--ephocs", "3"], terminal, "npm start --");
  expect(terminal.text.out).toMatch(/^Usage: npm start -- forecast \[options\]\n/);
  expect(terminal.text.err).toMatch(/\(see npm start -- --help\)\n$/);
});
