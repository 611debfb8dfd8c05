import { tuneWebGPUKernels } from "@rnnkit/fused-rnn/webgpu";
import * as tf from "@tensorflow/tfjs-core";
import { tableHead } from "../terminal/text-table.ts";
import type { Bench } from "./bench-session.ts";
import { flopFormula } from "./flops.ts";
import { adapterLines, type Gpu, startGpu } from "./gpu-device.ts";
import { type LayerCase, measureLayer, tooLong } from "./gpu-layers.ts";
import { type ModelCase, measureModel } from "./gpu-models.ts";
import { type GpuPeak, measureGpuPeak } from "./gpu-peak.ts";
import {
  type GpuRow,
  layerColumns,
  layerLine,
  modelColumns,
  modelLine,
  wayColumns,
  wayLine,
} from "./gpu-table.ts";
import { opNamed, type Shape, shapeText } from "./recurrent-ops.ts";
import { tutorialModels } from "./tutorial-models.ts";

/** The layers that `--cells` names. */
export const gpuCells = ["lstm", "gru"] as const;

export interface GpuOptions {
  cells: readonly (typeof gpuCells)[number][];
  /** Instead of `gpuShapes`, or of `quickShapes`. */
  shape?: Shape[];
  /** Names of `tutorialModels`; instead of `gpuModels`, or of `quickModels`. */
  models?: string[];
  /** Few small sizes: a run in minutes where the adapter is software. */
  quick?: boolean;
  /** Measures both ways of a recurrence first, and times the layers as follows from it. */
  tune?: boolean;
  /** False with `--no-stock`. */
  stock?: boolean;
  /** Time for each layer and each model. */
  seconds: number;
  seed: number;
}

const square = (B: number, T: number, H: number): Shape => ({ B, T, I: H, H, dx: true });

/** The sizes that are timed unless others are asked for; I is H. */
export const gpuShapes: readonly Shape[] = [32, 64, 128, 256, 512, 1024].flatMap((H) =>
  [100, 500].flatMap((T) => [32, 128, 512].map((B) => square(B, T, H))),
);

/** Those of `--quick`: up to 12 MFLOP a step, by rows and by steps. */
export const quickShapes: readonly Shape[] = [
  square(8, 12, 32),
  square(4, 4, 128),
  square(1, 2, 256),
];

/** The models that are timed unless others are asked for. */
export const gpuModels: readonly string[] = ["imdb_lstm", "imdb_gru", "stock_forecaster"];

/** Those of `--quick`, at a batch of 1. */
export const quickModels: readonly string[] = ["imdb_lstm", "stock_forecaster"];

const QUICK_BATCH = 1;

/** `bench gpu`: layers and whole steps on the GPU, each beside the WASM engine and stock layers on the GPU. */
export async function benchGpu(options: GpuOptions, bench: Bench<GpuRow>): Promise<void> {
  const gpu = await startGpu();
  try {
    const { bold, yellow } = bench.colors;
    for (const line of adapterLines(gpu.adapter)) bench.line(line);
    if (gpu.adapter.isSoftware) {
      bench.line(yellow("         a software adapter: its times mean nothing, its numbers do"));
    }
    const peak = await measureGpuPeak(gpu);
    try {
      describePeak(peak, gpu, bench);
      if (options.tune) await tune(options, bench);
      const wrong = [
        ...(await benchLayers(gpu, peak, options, bench)),
        ...(await benchModels(gpu, options, bench)),
      ];
      if (wrong.length === 0) return;
      bench.line();
      bench.line(bold("What failed"));
      for (const message of wrong) bench.line(bench.colors.red(`  ${message}`));
      throw new Error(`bench gpu: ${wrong[0]}`);
    } finally {
      peak.dispose();
    }
  } finally {
    await tf.setBackend("wasm");
  }
}

function describePeak(peak: GpuPeak, { adapter }: Gpu, bench: Bench<GpuRow>): void {
  const all = Object.entries(peak.others).map(
    ([name, gflops]) => `${name} ${gflops.toPrecision(3)}`,
  );
  bench.line(
    `peak     ${peak.gflops.toPrecision(3)} GFLOP/s: float32 matrices of ${peak.size}, by ${peak.kernel}`,
  );
  bench.line(bench.colors.dim(`         ${all.join(", ")}`));
  bench.record({
    ...{ kind: "adapter", ...adapter, peakGflops: peak.gflops, peakKernel: peak.kernel },
    ...{ peakSize: peak.size, kernels: peak.others },
  });
}

async function tune({ quick }: GpuOptions, bench: Bench<GpuRow>): Promise<void> {
  const { unitsByRows, times } = await tuneWebGPUKernels(
    quick ? { batch: 2, steps: 4, rounds: 1 } : {},
  );
  bench.line();
  bench.line(bench.colors.bold("Both ways of a recurrence"));
  const what = quick ? "batch 2, 4 steps" : "batch 32, 50 steps";
  bench.line(
    bench.colors.dim(
      `  LSTM forwards and backwards, ${what}: all steps in a dispatch, or a dispatch a step; the same bits`,
    ),
  );
  bench.line();
  bench.line(tableHead(wayColumns));
  for (const time of times) {
    const row = { kind: "ways" as const, ...time };
    bench.record(row);
    bench.line(wayLine(row));
  }
  bench.line(`  by rows up to ${unitsByRows} units from here on`);
}

/** What was wrong, a sentence each. */
async function benchLayers(
  gpu: Gpu,
  peak: GpuPeak,
  options: GpuOptions,
  bench: Bench<GpuRow>,
): Promise<string[]> {
  const { cells, quick, seed, seconds, stock = true } = options;
  const shapes = options.shape ?? (quick ? quickShapes : gpuShapes);
  const layers: LayerCase[] = cells.flatMap((name) =>
    shapes.map((shape) => ({ op: opNamed(name), shape })),
  );
  const { bold, dim, yellow } = bench.colors;
  bench.line();
  bench.line(bold("Layers, each checked against the WASM engine first"));
  for (const line of [
    "forward: inference; train: forward, backward, gradients of x and of all weights; milliseconds, medians",
    "gpu: steps asked for in a row and waited for; device: by its own clock, pauses left out, rounded by the runtime",
    "stock: tfjs-layers' own layer on webgpu, one step; its GRU resets before the product",
    `GFLOP: ${flopFormula}`,
  ]) {
    bench.line(dim(`  ${line}`));
  }
  bench.line();
  bench.line(tableHead(layerColumns));
  const given = { seconds, seed, stock, least: quick ? 1 : 3 };
  const wrong: string[] = [];
  for (const layer of layers) {
    if (bench.signal.aborted) break;
    const why = tooLong(layer, peak.gflops);
    if (why) {
      bench.line(dim(`  ${layer.op.name} ${shapeText(layer.shape)}: left out, ${why}`));
      continue;
    }
    try {
      for (const row of await measureLayer(gpu, peak, layer, given, bench)) {
        bench.record(row);
        bench.line(layerLine(row));
      }
    } catch (error) {
      wrong.push((error as Error).message);
      bench.line(yellow(`  ${wrong.at(-1)}`));
    }
  }
  return wrong;
}

/** As `benchLayers`. */
async function benchModels(gpu: Gpu, options: GpuOptions, bench: Bench<GpuRow>): Promise<string[]> {
  const { quick, seed, seconds, stock = true } = options;
  const models = options.models ?? (quick ? quickModels : gpuModels);
  const cases: ModelCase[] = tutorialModels(seed)
    .filter(({ name }) => models.includes(name))
    .map((model) => ({ model, batchSize: quick ? QUICK_BATCH : model.batchSize }));
  if (bench.signal.aborted || cases.length === 0) return [];
  const { bold, dim, yellow } = bench.colors;
  bench.line();
  bench.line(bold("Whole models, from the WASM engine's weights"));
  bench.line(
    dim("  train: trainOnBatch, its loss read; predict: predictOnBatch, read; goals: on an H200"),
  );
  bench.line();
  bench.line(tableHead(modelColumns));
  // Whole models of stock layers take a minute of a software adapter, and the clock a step more.
  const pace = quick
    ? { stock: false, least: 1, inARow: 1, clock: false }
    : { stock, least: 3, inARow: 5, clock: true };
  const given = { seconds, seed, ...pace };
  const wrong: string[] = [];
  for (const each of cases) {
    if (bench.signal.aborted) break;
    try {
      for (const row of await measureModel(gpu, each, given, bench)) {
        bench.record(row);
        bench.line(modelLine(row));
      }
    } catch (error) {
      wrong.push((error as Error).message);
      bench.line(yellow(`  ${wrong.at(-1)}`));
    }
  }
  return wrong;
}
