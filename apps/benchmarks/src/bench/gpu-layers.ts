// Layers on the GPU beside the WASM engine and tfjs-layers' own layer.

import { countDispatches } from "@rnnkit/test-kit/dispatches";
import { tolerances } from "@rnnkit/test-kit/tolerances";
import * as tf from "@tensorflow/tfjs-core";
import { median, quantile } from "../statistics.ts";
import { fusedTensors, relativeError } from "./agreement.ts";
import type { Bench } from "./bench-session.ts";
import { recurrentFlops } from "./flops.ts";
import { busyMs } from "./gpu-clock.ts";
import { doneOn, type Gpu } from "./gpu-device.ts";
import type { GpuPeak } from "./gpu-peak.ts";
import type { GpuRow, LayerRow } from "./gpu-table.ts";
import {
  createProblem,
  differentiate,
  gateCount,
  infer,
  type Problem,
  type RecurrentOp,
  type Shape,
  shapeText,
} from "./recurrent-ops.ts";
import { rounds, timed, timedAsync } from "./rounds.ts";
import { gru, lstm } from "./stock-models.ts";

/** A layer of one size. */
export interface LayerCase {
  op: RecurrentOp;
  shape: Shape;
}

export interface LayerOptions {
  /** Time for each layer. */
  seconds: number;
  seed: number;
  /** Whether tfjs-layers' own layer takes a turn. */
  stock: boolean;
  /** Rounds, at least. */
  least: number;
}

const layerPasses = ["forward", "train"] as const;

type LayerPass = (typeof layerPasses)[number];

// Both sides are within these of float64: an output's, and a gradient's.
const OUTPUT_AGREEMENT = 2 * tolerances.wasm.outputs.ofLargest;
const GRADIENT_AGREEMENT = 2 * tolerances.wasm.gradients.ofLargest;

// What would take longer than this is left out. No side is expected to do less than that share of its peak.
const MOST_SECONDS = 4;
const GPU_SHARE = 0.15;
const WASM_SHARE = 0.5;
const MOST_WASM_BYTES = 1.5e9;

const flopsOf = ({ op, shape }: LayerCase, pass: LayerPass) =>
  recurrentFlops(shape, gateCount(op), pass);

/** Why a layer is not timed on an adapter of such a peak, or undefined. */
export function tooLong(layer: LayerCase, peakGflops: number): string | undefined {
  const seconds = flopsOf(layer, "train") / 1e9 / (GPU_SHARE * peakGflops);
  if (seconds <= MOST_SECONDS) return undefined;
  return `a step may take ${seconds.toFixed(0)} s`;
}

function isShortOnWasm(layer: LayerCase, bench: Bench<GpuRow>): boolean {
  const { B, T, I, H } = layer.shape;
  const { threads } = bench.environment;
  const gflops = WASM_SHARE * bench.environment.peakGflops.simd128 * threads;
  const seconds = flopsOf(layer, "train") / 1e9 / gflops;
  // Gates, states and their gradients of every step, in training.
  const bytes = 4 * B * T * (2 * I + 3 * gateCount(layer.op) * H);
  return seconds <= MOST_SECONDS && bytes <= MOST_WASM_BYTES;
}

/**
 * Checks a layer's numbers on the GPU against the WASM engine's, on the whole shape where that one is short enough and
 * else on a few rows and steps of it; then times both, and tfjs-layers' own, in turn. What the row of each pass has.
 *
 * @throws Error where the numbers differ
 */
export async function measureLayer(
  gpu: Gpu,
  peak: GpuPeak,
  layer: LayerCase,
  options: LayerOptions,
  bench: Bench<GpuRow>,
): Promise<LayerRow[]> {
  const { op, shape } = layer;
  const isOnWasm = isShortOnWasm(layer, bench);
  const checked = isOnWasm
    ? shape
    : { ...shape, B: Math.min(shape.B, 8), T: Math.min(shape.T, 12) };
  const [ours, theirs] = await problemsOf(op, checked, options.seed);
  const all: Problem[] = [ours, theirs];
  try {
    await checkNumbers(ours, theirs);
    let timedOurs = ours;
    if (!isOnWasm) {
      await tf.setBackend("webgpu");
      timedOurs = createProblem(op, shape, options.seed);
      all.push(timedOurs);
    }
    const sides = { gpu, ours: timedOurs, wasm: isOnWasm ? theirs : undefined };
    const stock = options.stock ? await stockLayer(gpu, timedOurs) : undefined;
    try {
      return await measureSides(sides, peak, stock, layer, options, bench);
    } finally {
      stock?.dispose();
    }
  } finally {
    for (const problem of all) problem.dispose();
  }
}

/** The same problem on the GPU and in the memory of the WASM engine. */
async function problemsOf(
  op: RecurrentOp,
  shape: Shape,
  seed: number,
): Promise<[Problem, Problem]> {
  await tf.setBackend("wasm");
  const theirs = createProblem(op, shape, seed);
  const values = (tensor: tf.Tensor) => [tensor.dataSync(), tensor.shape] as const;
  const { kernel, recurrentKernel, bias } = theirs.weights;
  const drawn = [theirs.x, kernel, recurrentKernel, bias, theirs.dOutputs].map(values);
  await tf.setBackend("webgpu");
  const [x, ownKernel, ownRecurrent, ownBias, dOutputs] = drawn.map(([array, dims]) =>
    tf.tensor(array, dims),
  ) as [tf.Tensor3D, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor2D];
  const weights = { kernel: ownKernel, recurrentKernel: ownRecurrent, bias: ownBias };
  const dispose = () => tf.dispose([x, weights, dOutputs]);
  return [{ op, shape, x, weights, dOutputs, dispose }, theirs];
}

async function checkNumbers(ours: Problem, theirs: Problem): Promise<void> {
  await tf.setBackend("wasm");
  const expected = await numbersOf(theirs);
  await tf.setBackend("webgpu");
  const actual = await numbersOf(ours);
  for (const [name, values] of Object.entries(expected)) {
    const allowed = name.startsWith("d") ? GRADIENT_AGREEMENT : OUTPUT_AGREEMENT;
    const error = relativeError(actual[name] ?? [], values);
    if (error <= allowed) continue;
    throw new Error(
      `${ours.op.name} ${shapeText(ours.shape)}: expected ${name} within ${allowed} of the WASM engine's, got ${error}`,
    );
  }
}

async function numbersOf(problem: Problem): Promise<Record<string, ArrayLike<number>>> {
  const tensors = tf.tidy(() => fusedTensors(problem));
  const entries: [string, ArrayLike<number>][] = [];
  for (const [name, tensor] of Object.entries(tensors)) {
    entries.push([name, (await tensor.data()).slice()]);
  }
  tf.dispose(tensors);
  return Object.fromEntries(entries);
}

/** What is done in a pass, on the current backend; on the GPU it is asked for, not done. */
const work: Record<LayerPass, (problem: Problem) => void> = {
  forward: (problem) => tf.tidy(() => void infer(problem)),
  train: (problem) => tf.tidy(() => void differentiate(problem)),
};

type Times = Record<LayerPass, number>;

interface Sides {
  gpu: Gpu;
  ours: Problem;
  wasm: Problem | undefined;
}

interface Round {
  peak: number;
  gpu: Times;
  device: Record<LayerPass, number | null>;
  wasm: Times | undefined;
}

// So many milliseconds of steps are asked for before they are waited for, as in a fit.
const ROW_MS = 20;
const MOST_IN_A_ROW = 20;

async function measureSides(
  { gpu, ours, wasm }: Sides,
  peak: GpuPeak,
  stock: StockLayer | undefined,
  layer: LayerCase,
  { seconds, least }: LayerOptions,
  bench: Bench<GpuRow>,
): Promise<LayerRow[]> {
  const { device } = gpu.backend;
  const run = (pass: LayerPass, steps: number) => async () => {
    for (let i = 0; i < steps; i++) work[pass](ours);
    await doneOn(gpu);
  };
  const inARow = { forward: 1, train: 1 };
  const dispatches = { forward: 0, train: 0 };
  const ofStock: Partial<Times> = {};
  await doneOn(gpu);
  for (const pass of layerPasses) {
    dispatches[pass] = (await countDispatches(run(pass, 1))).length;
    const once = await timedAsync(run(pass, 1));
    inARow[pass] = Math.max(1, Math.min(MOST_IN_A_ROW, Math.floor(ROW_MS / once)));
    if (!stock || bench.signal.aborted) continue;
    // Its steps may take seconds: one is the compiler's, one is timed.
    await stock.run(pass);
    ofStock[pass] = await timedAsync(() => stock.run(pass));
  }
  const each = async <Value>(of: (pass: LayerPass) => Promise<Value>) => ({
    ...{ forward: await of("forward"), train: await of("train") },
  });
  const measured = await rounds(
    async (): Promise<Round> => {
      await tf.setBackend("webgpu");
      const steps = inARow;
      const times = await each(
        async (pass) => (await timedAsync(run(pass, steps[pass]))) / steps[pass],
      );
      const busy = await each(async (pass) => {
        const sum = await busyMs(device, run(pass, steps[pass]));
        return sum && sum / steps[pass];
      });
      const peakNow = await peak.measure();
      if (!wasm) return { peak: peakNow, gpu: times, device: busy, wasm: undefined };
      await tf.setBackend("wasm");
      const onWasm = await each(async (pass) => timed(() => work[pass](wasm)));
      return { peak: peakNow, gpu: times, device: busy, wasm: onWasm };
    },
    { warmUp: 0, least, seconds, signal: bench.signal },
  );
  await tf.setBackend("webgpu");
  if (measured.length === 0) return [];
  return layerPasses.map((pass) =>
    layerRow(layer, pass, measured, dispatches[pass], ofStock[pass] ?? null),
  );
}

function layerRow(
  layer: LayerCase,
  pass: LayerPass,
  measured: readonly Round[],
  dispatches: number,
  stockMs: number | null,
): LayerRow {
  const times = measured.map((round) => round.gpu[pass]);
  const gpuMs = median(times);
  const onDevice = measured.flatMap((round) => round.device[pass] ?? []);
  const onWasm = measured.flatMap((round) => round.wasm?.[pass] ?? []);
  const wasmMs = onWasm.length > 0 ? median(onWasm) : null;
  const flops = flopsOf(layer, pass);
  return {
    ...{ kind: "layer", op: layer.op.name, shape: layer.shape, pass, rounds: measured.length },
    ...{ gpuMs, gpuP95Ms: quantile(times, 0.95), dispatches },
    deviceMs: onDevice.length > 0 ? median(onDevice) : null,
    ...{ gflop: flops / 1e9, gflops: flops / gpuMs / 1e6 },
    peakGflops: median(measured.map(({ peak }) => peak)),
    fractionOfPeak: median(measured.map(({ gpu, peak }) => flops / gpu[pass] / 1e6 / peak)),
    ...{ wasmMs, stockMs },
    ratio: { wasm: wasmMs && wasmMs / gpuMs, stock: stockMs && stockMs / gpuMs },
  };
}

/** tfjs-layers' own layer with a problem's weights, on the GPU. */
interface StockLayer {
  run(pass: LayerPass): Promise<void>;
  dispose(): void;
}

async function stockLayer(gpu: Gpu, problem: Problem): Promise<StockLayer | undefined> {
  const { op, shape, weights, dOutputs } = problem;
  const make = { lstm, gru }[op.name as "lstm" | "gru"];
  if (!make) return undefined;
  await tf.setBackend("webgpu");
  const layer = make({ units: shape.H });
  const x = tf.variable(problem.x);
  const apply = () => layer.apply(x) as tf.Tensor;
  tf.tidy(() => void layer.apply(tf.zeros([1, 1, shape.I])));
  tf.tidy(() => {
    const { kernel, recurrentKernel, bias } = weights;
    layer.setWeights([kernel, recurrentKernel, bias.rank > 1 ? tf.sum(bias, 0) : bias]);
  });
  const variables = [x, ...layer.trainableWeights.map((weight) => weight.read() as tf.Variable)];
  const passes: Record<LayerPass, () => void> = {
    forward: () => void apply(),
    train: () =>
      void tf.variableGrads(() => tf.sum(tf.mul(apply(), dOutputs)) as tf.Scalar, variables),
  };
  return {
    async run(pass) {
      tf.tidy(passes[pass]);
      await doneOn(gpu);
    },
    dispose() {
      layer.dispose();
      x.dispose();
    },
  };
}
