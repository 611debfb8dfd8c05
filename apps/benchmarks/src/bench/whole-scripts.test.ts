import process from "node:process";
import { expect, test } from "vitest";
import { lossOf, runScript, timeScripts } from "./whole-scripts.ts";

const never = new AbortController().signal;
const program = (code: string) => ({
  ...{ system: "theirs", program: process.execPath, args: ["--eval", code] },
});
const says = (loss: string) => program(`console.log('{"loss": ${loss}, "predicted": 2}')`);

test("a script lives from the start of its process to its end", async () => {
  const waits = program(`setTimeout(() => console.log('{"loss": 0.5}'), 200)`);
  expect(await runScript(waits)).toBeGreaterThan(200);
});

test("a script that fails is named, with its last words", async () => {
  const fails = program(`console.error("first"); console.error("no such layer"); process.exit(1)`);
  await expect(runScript(fails)).rejects.toThrow(
    /expected a loss from the script of theirs, got: no such layer/,
  );
});

test("a script without a loss that is a number is refused", async () => {
  for (const loss of ["null", "NaN", '"small"']) {
    await expect(runScript(says(loss))).rejects.toThrow(/expected a loss/);
  }
});

test("the loss is in the last line", () => {
  expect(lossOf('a warning\n{"loss": 0.25, "predicted": 3}\n')).toBe(0.25);
  expect([lossOf(""), lossOf("0.25"), lossOf('{"loss": 1}\nbye')]).toEqual([
    ...[Number.NaN, Number.NaN, Number.NaN],
  ]);
});

test("scripts take turns, and the first is what the others are beside", async () => {
  const [ours, theirs] = await timeScripts("a", [says("1"), says("2")], 2, never);
  expect([ours!.turns, theirs!.turns]).toEqual([2, 2]);
  expect(ours!.scriptRatio).toBeNull();
  const { median, low, high } = theirs!.scriptRatio!;
  expect(low <= median && median <= high).toBe(true);
});

test("interrupted, none is begun", async () => {
  expect(await timeScripts("a", [says("1")], 3, AbortSignal.abort())).toEqual([]);
});
