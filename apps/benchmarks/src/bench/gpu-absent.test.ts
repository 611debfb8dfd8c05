// In a file of its own: a process keeps the first driver that it finds.

import process from "node:process";
import { expect, test } from "vitest";
import { runCommandLine } from "../commands/command-line.ts";
import { memoryTerminal } from "../terminal/memory-terminal.ts";

// Other systems' drivers are not looked for by that variable.
test.skipIf(process.platform !== "linux")(
  "bench gpu: without an adapter it says why, and fails",
  async () => {
    process.env.VK_DRIVER_FILES = "/absent/driver.json";
    const terminal = memoryTerminal();
    expect(await runCommandLine(["bench", "gpu", "--quick"], terminal)).toBe(1);
    expect(terminal.text.err).toMatch(/webgpu is required and cannot be had: .*no GPU adapter/);
  },
);
