import { setThreads } from "@rnnkit/fused-rnn";
import * as tf from "@tensorflow/tfjs-core";
import { median, quantile } from "../statistics.ts";
import { type Column, tableHead, tableRow } from "../terminal/text-table.ts";
import { UsageError } from "../terminal/usage-error.ts";
import { checkAgreement, checkThreads } from "./agreement.ts";
import type { BenchEnvironment } from "./bench-results.ts";
import type { Bench } from "./bench-session.ts";
import { flopFormula, type Pass, passes, recurrentFlops } from "./flops.ts";
import type { Isa } from "./peak.ts";
import {
  createProblem,
  differentiate,
  gateCount,
  infer,
  type Problem,
  type RecurrentOp,
  recurrentOps,
  type Shape,
  shapeText,
} from "./recurrent-ops.ts";
import { rounds, timed } from "./rounds.ts";

/** The shapes that are timed unless others are asked for. */
export const kernelShapes: Readonly<Record<string, Shape>> = {
  imdb: { B: 32, T: 500, I: 32, H: 32, dx: true },
  sine: { B: 32, T: 20, I: 1, H: 50, dx: false },
  big: { B: 64, T: 100, I: 256, H: 256, dx: false },
};

export interface KernelOptions {
  /** Part of a case's name, such as *lstm*, *imdb* or *gru big backward*. */
  filter: string;
  threads: number[];
  /** Instead of `kernelShapes`. */
  shapes?: Shape[];
  /** Time for each operation, shape and number of threads. */
  seconds: number;
  seed: number;
}

/** One pass of one operation on one shape. */
export interface KernelRow {
  op: string;
  shapeName: string;
  shape: Shape;
  pass: Pass;
  threads: number;
  rounds: number;
  medianMs: number;
  p95Ms: number;
  gflop: number;
  gflops: number;
  /** Of one core, by the instructions that the kernels have, measured between the passes. */
  peakGflops: number;
  /** Median over the rounds of GFLOP/s / (peak in that round × threads). */
  fractionOfPeak: number;
  /** The same of what a core can do while all **threads** work; null where that was not measured. */
  fractionOfBusyPeak: number | null;
  /** What is aimed at, where something is. */
  goalFraction: number | null;
}

// Of LSTM's training on the IMDB shape, by number of threads, as shares of SIMD128's peak.
const goalFractions: Readonly<Record<number, number>> = { 1: 0.7, 2: 0.62 };

const isaWords: Record<Isa, string> = {
  simd128: "SIMD128 without fused multiply-add",
  "relaxed-simd": "relaxed SIMD's fused multiply-add",
};

/** The goal as a share of the peak that fractions are of; null where there is none. */
export function goalFraction(
  threads: number,
  { peakGflops, peakOf }: Pick<BenchEnvironment, "peakGflops" | "peakOf">,
): number | null {
  const { simd128, relaxed } = peakGflops;
  const peak = peakOf === "simd128" ? simd128 : (relaxed ?? simd128);
  const goal = goalFractions[threads];
  return goal === undefined ? null : (goal * simd128) / peak;
}

interface KernelCase {
  op: RecurrentOp;
  shapeName: string;
  shape: Shape;
  passes: Pass[];
}

/**
 * What **filter** leaves of all operations, shapes and passes.
 *
 * @throws UsageError when it leaves nothing
 */
export function kernelCases({
  filter,
  shapes,
}: Pick<KernelOptions, "filter" | "shapes">): KernelCase[] {
  const named: [string, Shape][] = shapes
    ? shapes.map((shape) => [shapeText(shape), shape])
    : Object.entries(kernelShapes);
  const words = filter.split(/\s+/).filter(Boolean);
  // A word is a whole part of the name: "gru" is not "gru_reset_before", "lstm" not "imdb".
  const matches = (name: string[]) => words.every((word) => name.includes(word));
  const cases = recurrentOps.flatMap((op) =>
    named.map(([shapeName, shape]) => ({
      ...{ op, shapeName, shape },
      passes: passes.filter((pass) => matches([op.name, shapeName, pass])),
    })),
  );
  const left = cases.filter((candidate) => candidate.passes.length > 0);
  if (left.length > 0) return left;
  const known = [
    ...recurrentOps.map(({ name }) => name),
    ...named.map(([name]) => name),
    ...passes,
  ];
  throw new UsageError(`--filter: expected words of ${known.join(", ")}, got "${filter}"`);
}

const columns: Column[] = [
  { title: "operation", width: 16, left: true },
  { title: "shape", width: 5, left: true },
  { title: "B×T×I×H", width: 14, left: true },
  { title: "pass", width: 9, left: true },
  { title: "threads", width: 7 },
  { title: "median ms", width: 9 },
  { title: "p95 ms", width: 8 },
  { title: "GFLOP", width: 8 },
  { title: "GFLOP/s", width: 7 },
  { title: "of peak", width: 7 },
  { title: "all busy", width: 8 },
  { title: "goal", width: 6 },
  { title: "n", width: 4 },
];

/** `bench kernels`: checks every operation against the reference, then times it through its tfjs op. */
export async function benchKernels(options: KernelOptions, bench: Bench<KernelRow>): Promise<void> {
  const cases = kernelCases(options);
  for (const op of new Set(cases.map((candidate) => candidate.op))) {
    const shapes = cases.filter((candidate) => candidate.op === op).map(({ shape }) => shape);
    checkAgreement(op, shapes);
  }
  const problems = cases.map(
    ({ op, shape }) =>
      () =>
        createProblem(op, shape, options.seed),
  );
  for (const create of problems) {
    const problem = create();
    checkThreads(problem, options.threads);
    problem.dispose();
    if (bench.signal.aborted) return;
  }
  bench.line();
  bench.line(bench.colors.bold("All kernels agree. Timing."));
  bench.line(bench.colors.dim(`  GFLOP: ${flopFormula}`));
  bench.line(
    bench.colors.dim(
      "  dx, the gradient of the input, is asked for in imdb only; of peak: a thread, of one core alone,",
    ),
  );
  const { peakOf } = bench.environment;
  bench.line(bench.colors.dim(`  by what the kernels have, ${isaWords[peakOf]}`));
  bench.line();
  bench.line(tableHead(columns));
  for (const [k, create] of problems.entries()) {
    const { op, shapeName, shape, passes: wanted } = cases[k] as KernelCase;
    const problem = create();
    try {
      for (const threads of options.threads) {
        setThreads(threads);
        const measured = await measure(problem, options.seconds, bench);
        if (measured.length === 0) return;
        for (const pass of wanted) {
          const isGoal = op.name === "lstm" && shapeName === "imdb" && pass === "train";
          const figures = summarize(
            measured,
            recurrentFlops(shape, gateCount(op), pass),
            pass,
            threads,
          );
          const { busyPeak } = bench.environment;
          const share = busyPeak?.threads === threads ? busyPeak.together / busyPeak.alone : null;
          const row: KernelRow = {
            ...{ op: op.name, shapeName, shape, pass, threads },
            ...figures,
            fractionOfBusyPeak: share && figures.fractionOfPeak / share,
            goalFraction: isGoal ? goalFraction(threads, bench.environment) : null,
          };
          bench.record(row);
          bench.line(rowText(row));
        }
      }
    } finally {
      problem.dispose();
    }
  }
}

type Measured = Record<Pass | "peak", number>;

/** Milliseconds of each pass in rounds; `peak` in GFLOP/s. */
function measure(problem: Problem, seconds: number, bench: Bench<KernelRow>): Promise<Measured[]> {
  const round = (): Measured => {
    const peaks = [bench.peak.measure()];
    const inference = timed(() => tf.tidy(() => void infer(problem)));
    peaks.push(bench.peak.measure());
    let between = 0;
    const startedAt = performance.now();
    tf.tidy(
      () =>
        void differentiate(problem, () => {
          between = performance.now();
        }),
    );
    const endedAt = performance.now();
    const [forward, backward] = [between - startedAt, endedAt - between];
    peaks.push(bench.peak.measure());
    return { inference, forward, backward, train: forward + backward, peak: median(peaks) };
  };
  return rounds(round, { warmUp: 3, least: 5, seconds, signal: bench.signal });
}

/** The figures of one pass: **flops** in each round's time beside that round's peak. */
export function summarize(
  measured: readonly Measured[],
  flops: number,
  pass: Pass,
  threads: number,
): Omit<
  KernelRow,
  "op" | "shapeName" | "shape" | "pass" | "threads" | "goalFraction" | "fractionOfBusyPeak"
> {
  const times = measured.map((round) => round[pass]);
  const medianMs = median(times);
  return {
    rounds: measured.length,
    medianMs,
    p95Ms: quantile(times, 0.95),
    gflop: flops / 1e9,
    gflops: flops / medianMs / 1e6,
    peakGflops: median(measured.map(({ peak }) => peak)),
    fractionOfPeak: median(
      measured.map((round) => flops / round[pass] / 1e6 / (round.peak * threads)),
    ),
  };
}

function rowText(row: KernelRow): string {
  const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
  return tableRow(columns, [
    row.op,
    row.shapeName,
    shapeText(row.shape),
    row.pass,
    String(row.threads),
    row.medianMs.toFixed(3),
    row.p95Ms.toFixed(3),
    row.gflop.toPrecision(3),
    row.gflops.toFixed(1),
    percent(row.fractionOfPeak),
    row.fractionOfBusyPeak === null ? "" : percent(row.fractionOfBusyPeak),
    row.goalFraction === null ? "" : `≥ ${percent(row.goalFraction)}`,
    String(row.rounds),
  ]);
}
