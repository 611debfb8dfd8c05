// Whole models on the GPU beside the WASM engine, and of tfjs-layers' own layers on the GPU.

import { countDispatches } from "@rnnkit/test-kit/dispatches";
import { tolerances } from "@rnnkit/test-kit/tolerances";
import * as tf from "@tensorflow/tfjs-core";
import type { Sequential } from "@tensorflow/tfjs-layers";
import { median, quantile } from "../statistics.ts";
import { relativeError } from "./agreement.ts";
import type { Bench } from "./bench-session.ts";
import { busyMs } from "./gpu-clock.ts";
import { doneOn, type Gpu } from "./gpu-device.ts";
import type { GpuRow, ModelRow } from "./gpu-table.ts";
import { rounds, timedAsync } from "./rounds.ts";
import { seededExamples, type TutorialModel } from "./tutorial-models.ts";

/** A model, and how many examples a step of it has. */
export interface ModelCase {
  model: TutorialModel;
  batchSize: number;
}

export interface ModelOptions {
  /** Time for each model. */
  seconds: number;
  seed: number;
  /** Whether the model of tfjs-layers' own layers takes a turn. */
  stock: boolean;
  /** Rounds, at least, and steps of each in a row. */
  least: number;
  inARow: number;
  /** Whether steps are run once more by the device's own clock. */
  clock: boolean;
}

/** Milliseconds and dispatches of a training step that are aimed at on an H200. */
export const modelGoals: Readonly<Record<string, { ms: number; dispatches: number }>> = {
  imdb_lstm: { ms: 2, dispatches: 20 },
};

const AGREEMENT = tolerances.models.predictions.ofLargest;

type ModelPass = ModelRow["pass"];

const modelPasses: readonly ModelPass[] = ["train", "predict"];

/** A model with its batch on the backend that it was made on. */
interface Side {
  backend: "webgpu" | "wasm";
  model: Sequential;
  x: tf.Tensor;
  y: tf.Tensor;
}

async function sideOf(
  backend: Side["backend"],
  { model, batchSize }: ModelCase,
  seed: number,
  weights?: readonly [ArrayLike<number>, number[]][],
): Promise<Side> {
  await tf.setBackend(backend);
  const built = model.fused();
  if (weights) {
    tf.tidy(() =>
      built.setWeights(weights.map(([values, shape]) => tf.tensor(values as number[], shape))),
    );
  }
  return { backend, model: built, ...seededExamples(model, batchSize, seed) };
}

const work: Record<ModelPass, (side: Side) => Promise<unknown>> = {
  train: ({ model, x, y }) => model.trainOnBatch(x, y),
  predict: (side) => predictions(side),
};

/** What a model predicts of a batch, read. */
export async function predictions({
  model,
  x,
}: Pick<Side, "model" | "x">): Promise<ArrayLike<number>> {
  const output = tf.tidy(() => model.predictOnBatch(x) as tf.Tensor);
  const values = (await output.data()).slice();
  output.dispose();
  return values;
}

/**
 * Checks a model's predictions and its first loss on the GPU against those of the WASM engine from the same weights,
 * then times both in turn.
 *
 * @throws Error where the numbers differ
 */
export async function measureModel(
  gpu: Gpu,
  of: ModelCase,
  { seconds, seed, stock, least, inARow: steps, clock }: ModelOptions,
  bench: Bench<GpuRow>,
): Promise<ModelRow[]> {
  const wasm = await sideOf("wasm", of, seed);
  const weights = wasm.model
    .getWeights()
    .map((weight): [ArrayLike<number>, number[]] => [weight.dataSync().slice(), weight.shape]);
  const ours = await sideOf("webgpu", of, seed, weights);
  try {
    const { device } = gpu.backend;
    const counts = await checkModel(of.model, ours, wasm);
    await tf.setBackend("webgpu");
    const stockMs = stock ? await stockTimes(of, ours, bench.signal) : undefined;
    const run = (pass: ModelPass) => () => work[pass](ours);
    const each = async <Value>(of: (pass: ModelPass) => Promise<Value>) => ({
      ...{ train: await of("train"), predict: await of("predict") },
    });
    await doneOn(gpu);
    const measured = await rounds(
      async () => {
        await tf.setBackend("webgpu");
        const onGpu = await each((pass) => inARow(ours, pass, steps));
        const onDevice = await each(async (pass) => (clock ? busyMs(device, run(pass)) : null));
        await tf.setBackend("wasm");
        return { onGpu, onDevice, onWasm: await each((pass) => inARow(wasm, pass, steps)) };
      },
      { warmUp: 0, least, seconds, signal: bench.signal },
    );
    if (measured.length === 0) return [];
    return modelPasses.map((pass): ModelRow => {
      const times = measured.flatMap(({ onGpu }) => onGpu[pass]);
      const busy = measured.flatMap(({ onDevice }) => onDevice[pass] ?? []);
      const gpuMs = median(times);
      const wasmMs = median(measured.flatMap(({ onWasm }) => onWasm[pass]));
      const other = stockMs?.[pass] ?? null;
      return {
        ...{ kind: "model", model: of.model.name, batchSize: of.batchSize, pass },
        ...{ rounds: measured.length, gpuMs, gpuP95Ms: quantile(times, 0.95) },
        deviceMs: busy.length > 0 ? median(busy) : null,
        dispatches: counts[pass],
        ...{ wasmMs, stockMs: other },
        ratio: { wasm: wasmMs / gpuMs, stock: other && other / gpuMs },
        goal: (pass === "train" && modelGoals[of.model.name]) || null,
      };
    });
  } finally {
    for (const { model, x, y } of [ours, wasm]) {
      model.dispose();
      tf.dispose([x, y]);
    }
    await tf.setBackend("webgpu");
  }
}

async function inARow(side: Side, pass: ModelPass, count: number): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) times.push(await timedAsync(() => work[pass](side)));
  return times;
}

/** Of the model of tfjs-layers' own layers on the same batch; a step is the compiler's, one is timed. */
async function stockTimes(
  { model }: ModelCase,
  { x, y }: Side,
  signal: AbortSignal,
): Promise<Partial<Record<ModelPass, number>>> {
  const side: Side = { backend: "webgpu", model: model.stock(), x, y };
  const times: Partial<Record<ModelPass, number>> = {};
  for (const pass of modelPasses) {
    if (signal.aborted) break;
    await work[pass](side);
    times[pass] = await timedAsync(() => work[pass](side));
  }
  side.model.dispose();
  return times;
}

/** What was dispatched for a step and for a prediction, once programs are compiled. */
async function checkModel(
  { name, dropout }: TutorialModel,
  ours: Side,
  wasm: Side,
): Promise<Record<ModelPass, number>> {
  const both = async <Value>(of: (side: Side) => Promise<Value>): Promise<[Value, Value]> => {
    await tf.setBackend("webgpu");
    const onGpu = await of(ours);
    await tf.setBackend("wasm");
    return [onGpu, await of(wasm)];
  };
  const refuse = (what: string, error: number) =>
    new Error(`${name}: expected ${what} within ${AGREEMENT} of the WASM engine's, got ${error}`);
  const counts: Partial<Record<ModelPass, number>> = {};
  const counted = async <Value>(
    pass: ModelPass,
    side: Side,
    step: (side: Side) => Promise<Value>,
  ) => {
    let value: Value | undefined;
    const work = async () => {
      value = await step(side);
    };
    if (side === ours) counts[pass] = (await countDispatches(work)).length;
    else await work();
    return value as Value;
  };
  const [predicted, expected] = await both((side) => counted("predict", side, predictions));
  const predictionError = relativeError(predicted, expected);
  if (!(predictionError <= AGREEMENT)) throw refuse("predictions", predictionError);
  // What a step does to the weights shows in the next.
  for (const [k, allowed] of [AGREEMENT, 10 * AGREEMENT].entries()) {
    const [loss, expectedLoss] = await both((side) => counted("train", side, lossOf));
    const error = relativeError([loss], [expectedLoss]);
    if (!dropout && !(error <= allowed))
      throw refuse(k === 0 ? "the first loss" : "the second loss", error);
  }
  return counts as Record<ModelPass, number>;
}

async function lossOf({ model, x, y }: Side): Promise<number> {
  return [await model.trainOnBatch(x, y)].flat()[0] as number;
}
