import { setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";
import { memoryTerminal } from "./memory-terminal.ts";
import { createProgress, remaining } from "./progress.ts";

test("away from a terminal there are plain lines and no control characters", () => {
  const terminal = memoryTerminal();
  const progress = createProgress(terminal);
  progress.line("before");
  progress.start("training", 2);
  progress.step(1, "loss 0.5");
  progress.line("epoch 1");
  progress.stop();
  expect(terminal.text.out).toBe("before\nepoch 1\n");
});

test("a terminal that moves no cursor gets plain lines too", () => {
  const terminal = memoryTerminal({ isTTY: true });
  const progress = createProgress(terminal, "dumb");
  progress.start("training", 2);
  progress.step(1, "loss 0.5");
  progress.line("epoch 1");
  progress.stop();
  expect(terminal.text.out).toBe("epoch 1\n");
});

test("on a terminal a bar shows share, ETA and detail, lines stay, and the bar goes", async () => {
  const terminal = memoryTerminal({ isTTY: true });
  const progress = createProgress(terminal, "xterm");
  progress.start("training", 4);
  await setTimeout(20);
  progress.step(1, "loss 0.5");
  progress.line("epoch 1");
  await setTimeout(300);
  progress.line("the last epoch");
  progress.stop();
  expect(terminal.text.out).toMatch(/training 25 % · ETA \d+ s · loss 0\.5/);
  expect(terminal.text.out).toContain("epoch 1\n");
  expect(terminal.text.out).toContain("the last epoch\n");
  const shown = terminal.text.out.length;
  await setTimeout(300);
  expect(terminal.text.out.length).toBe(shown);
});

test("the ETA is the time of the steps so far, for the steps to come", () => {
  expect(remaining(performance.now(), 0, 10)).toBeNull();
  expect(remaining(performance.now() - 30_000, 3, 9)).toMatch(/^6\d s$/);
});
