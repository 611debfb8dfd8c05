import { cellTable, seededRandom } from "@rnnkit/core-rnn";
import * as tf from "@tensorflow/tfjs-core";
import { quantile } from "../statistics.ts";
import { type Column, tableHead, tableRow } from "../terminal/text-table.ts";
import { checkAgreement } from "./agreement.ts";
import type { Bench } from "./bench-session.ts";
import { createProblem, recurrentOps, type Shape, shapeText } from "./recurrent-ops.ts";
import { rounds } from "./rounds.ts";

/** Median latency of one step through the tfjs op that is aimed at. */
export const STREAM_GOAL_MICROSECONDS = 60;

export interface StreamOptions {
  units: number;
  inputs: number;
  /** Steps that are timed, after a quarter as many that are not. */
  steps: number;
  seed: number;
}

/** Latency of one operation, one step at a time. */
export interface StreamRow {
  op: string;
  shape: Shape;
  steps: number;
  /** Of the op alone: tensors in, tensors out. */
  opMicroseconds: { p50: number; p99: number };
  /** From an array of numbers to one: tensor made, op run, output read, old state given back. */
  wholeMicroseconds: { p50: number; p99: number };
  goalMicroseconds: number;
}

const columns: Column[] = [
  { title: "operation", width: 16, left: true },
  { title: "B×T×I×H", width: 11, left: true },
  { title: "op p50 µs", width: 10 },
  { title: "op p99 µs", width: 10 },
  { title: "whole p50 µs", width: 12 },
  { title: "whole p99 µs", width: 12 },
  { title: "goal (op) µs", width: 12 },
  { title: "steps", width: 6 },
];

/** `bench stream`: batch 1, one step a call, the state carried from call to call. */
export async function benchStream(options: StreamOptions, bench: Bench<StreamRow>): Promise<void> {
  const { units, inputs, steps, seed } = options;
  const shape: Shape = { B: 1, T: 1, I: inputs, H: units, dx: false };
  for (const op of recurrentOps) checkAgreement(op, [shape]);
  bench.line();
  bench.line(bench.colors.bold("All kernels agree. Timing."));
  bench.line(
    bench.colors.dim(
      "  whole: from a Float32Array to one; op: tensors in, tensors out, state carried",
    ),
  );
  bench.line();
  bench.line(tableHead(columns));
  for (const op of recurrentOps) {
    const { weights, ...problem } = createProblem(op, shape, seed);
    const random = seededRandom(seed);
    const inputRing = Array.from({ length: 64 }, () =>
      Float32Array.from({ length: inputs }, () => random.normal()),
    );
    let state: tf.Tensor[] = cellTable[op.kind].states.map(() => tf.zeros([1, units]));
    let at = 0;
    const step = () => {
      const startedAt = performance.now();
      const x = tf.tensor3d(inputRing[at++ % 64] as Float32Array, [1, 1, inputs]);
      const opStartedAt = performance.now();
      const next = op.run(x, weights, { initialState: state, returnSequences: false });
      const opEndedAt = performance.now();
      next.outputs.dataSync();
      tf.dispose([x, next.outputs, state]);
      state = next.state;
      return { op: opEndedAt - opStartedAt, whole: performance.now() - startedAt };
    };
    // A hundred steps a round: a step is much shorter than the way through the event loop.
    const hundred = () => Array.from({ length: 100 }, step);
    const count = Math.ceil(steps / 100);
    const plan = { warmUp: Math.ceil(count / 4), least: count, seconds: 0, signal: bench.signal };
    const measured = (await rounds(hundred, plan)).flat();
    tf.dispose(state);
    problem.dispose();
    if (measured.length === 0) return;
    const microseconds = (what: "op" | "whole") => {
      const samples = measured.map((sample) => 1000 * sample[what]);
      return { p50: quantile(samples, 0.5), p99: quantile(samples, 0.99) };
    };
    const row: StreamRow = {
      ...{ op: op.name, shape, steps: measured.length },
      opMicroseconds: microseconds("op"),
      wholeMicroseconds: microseconds("whole"),
      goalMicroseconds: STREAM_GOAL_MICROSECONDS,
    };
    bench.record(row);
    bench.line(rowText(row));
  }
}

function rowText(row: StreamRow): string {
  const figures = [row.opMicroseconds, row.wholeMicroseconds].flatMap(({ p50, p99 }) => [p50, p99]);
  return tableRow(columns, [
    row.op,
    shapeText(row.shape),
    ...figures.map((x) => x.toFixed(1)),
    `≤ ${row.goalMicroseconds}`,
    String(row.steps),
  ]);
}
