import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { explainSpeed } from "@rnnkit/keras-builders";
import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { runCommandLine } from "../commands/command-line.ts";
import { memoryTerminal } from "../terminal/memory-terminal.ts";
import type { BenchResults } from "./bench-results.ts";
import type { TimelineRow } from "./bench-rows.ts";
import { watchStep } from "./step-watch.ts";
import { seededExamples, tutorialModels } from "./tutorial-models.ts";

const folder = mkdtempSync(join(tmpdir(), "rnnkit-timeline-"));

test("a step is forward layer by layer, the loss, the layers back in the opposite order, and the optimizer", async () => {
  const terminal = memoryTerminal();
  const [json, html] = [join(folder, "step.json"), join(folder, "step.html")];
  const typed = `bench timeline --model stacked_rnn_model --seconds 0.01 --threads 1 --json ${json} --report ${html}`;
  expect(await runCommandLine(typed.split(" "), terminal)).toBe(0);
  const { rows } = JSON.parse(readFileSync(json, "utf8")) as BenchResults<TimelineRow>;
  const [{ bars, totalMs, wholeMs }] = rows as [TimelineRow];
  const of = (phase: string) =>
    bars.filter((bar) => bar.phase === phase).map(({ name }) => name.replace(/_\w+$/, ""));
  expect(of("forward")).toEqual(["lstm", "lstm", "gru", "dense"]);
  expect(of("backward")).toEqual(["dense", "gru", "lstm", "lstm"]);
  expect(bars.map(({ phase }) => phase)).toEqual([
    ...["forward", "forward", "forward", "forward", "loss"],
    ...["backward", "backward", "backward", "backward", "optimizer"],
  ]);
  let before = 0;
  for (const { startMs, endMs } of bars) {
    expect(startMs).toBeGreaterThanOrEqual(before);
    expect(endMs).toBeGreaterThanOrEqual(startMs);
    before = endMs;
  }
  expect(totalMs).toBeGreaterThanOrEqual(before);
  expect(wholeMs).toBeGreaterThan(0);
  const page = readFileSync(html, "utf8");
  expect(page).toContain("One training step of stacked_rnn_model");
  // The report of the JSON alone is the same, byte for byte.
  const again = join(folder, "again.html");
  expect(await runCommandLine(["report", json, "--html", again], terminal)).toBe(0);
  expect(readFileSync(again, "utf8")).toBe(page);
});

test("a watched step trains as any other, and what was watched is as it was", async () => {
  const known = tutorialModels(7).find(({ name }) => name === "stock_forecaster")!;
  const { x, y } = seededExamples(known, 4, 7);
  const [watched, other] = [known.fused(), known.fused()];
  const methods = () => {
    const engine = tf.engine() as unknown as Record<string, unknown>;
    return [engine.runKernel, engine.addTapeNode, ...watched.layers.map((layer) => layer.call)];
  };
  const before = methods();
  await watchStep(watched, () => watched.trainOnBatch(x, y));
  await other.trainOnBatch(x, y);
  expect(methods()).toEqual(before);
  expect(explainSpeed(watched).trains).toBe(true);
  const weights = other.getWeights();
  watched.getWeights().forEach((weight, i) => {
    expect(weight.dataSync()).toBeAllclose(weights[i]!.dataSync(), { atol: 1e-6 });
  });
  await expect(watchStep(watched, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(methods()).toEqual(before);
});
