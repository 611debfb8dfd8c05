// Arguments whose effect is a definition rather than a number: what is random, and what is left behind.

import * as tf from "@tensorflow/tfjs-core";
import { sequential } from "@tensorflow/tfjs-layers";
import { built, type Check, Departure, setWaves, wave } from "../keras-case.fixture.ts";
import { type Api, type Layer, layerFrom } from "../keras-json.fixture.ts";

type Config = Record<string, unknown>;

/** A layer of a kind, RNN and cells as one around the other; GRU as stock tfjs-layers has it. */
export function layerOf(api: Api, kind: string, options: Config, first: object = {}): Layer {
  if (kind === "RNN") {
    const { stateful, ...own } = options;
    const config = { cell: { class_name: "LSTMCell", config: own }, stateful };
    return layerFrom(api, { class_name: kind, config }, first);
  }
  const config = { ...(kind.startsWith("GRU") && { reset_after: false }), ...options };
  const layer = { class_name: kind, config };
  if (!kind.endsWith("Cell")) return layerFrom(api, layer, first);
  return layerFrom(api, { class_name: "RNN", config: { cell: layer } }, first);
}
const ready = (api: Api, kind: string, options: Config, features: number): Layer =>
  setWaves(built(layerOf(api, kind, options), [null as never, null as never, features]));

export const must = (holds: boolean, outcome: Departure["outcome"], message: string) => {
  if (!holds) throw new Departure(outcome, message);
};
const rows = (y: unknown) => tf.reshape(y as tf.Tensor, [(y as tf.Tensor).shape[0]!, -1]);
const rowsOf = (y: unknown) => rows(y).arraySync() as number[][];
const distance = (a: number[], b: number[]) => Math.max(...a.map((x, i) => Math.abs(x - b[i]!)));
const nearest = (row: number[], candidates: number[][]) => {
  const distances = candidates.map((candidate) => distance(row, candidate));
  const least = Math.min(...distances);
  return [distances.indexOf(least), least] as const;
};
/** All lists of **count** out of **values**. */
const choices = (values: number[], count: number): number[][] =>
  count === 0
    ? [[]]
    : choices(values, count - 1).flatMap((rest) => values.map((value) => [...rest, value]));

/**
 * One mask of a row's features for all steps and gates, 0 with probability **dropout** and else
 * 1 / (1 − dropout), another in every call; none in inference.
 */
export function dropout(kind: string): Check {
  return (api) => {
    const [B, p] = [128, 0.25];
    const layer = ready(api, kind, { units: 3, dropout: p, seed: 5 }, 2);
    const x = tf.mul(2, wave([1, 3, 2], 1.3));
    const masks = choices([0, 1 / (1 - p)], 2);
    const plain = ready(api, kind, { units: 3 }, 2);
    const candidates = masks.flatMap((mask) => rowsOf(plain.apply(tf.mul(x, mask))));
    const trained = () => rowsOf(layer.apply(tf.tile(x, [B, 1, 1]), { training: true }));
    const [undropped] = rowsOf(plain.apply(x));
    const calls = [trained(), trained()].map((call) => {
      must(
        call.some((row) => distance(row, undropped!) > 1e-4),
        "ignored",
        "nothing drops out",
      );
      return call.map((row) => {
        const [index, error] = nearest(row, candidates);
        must(error < 1e-5, "other numbers", `${row} comes of no mask`);
        return index;
      });
    });
    must(`${calls[0]}` !== `${calls[1]}`, "other numbers", "one mask for ever");
    const dropped = calls.flat().flatMap((index) => masks[index]!.map((m) => Number(m === 0)));
    const share = dropped.reduce((a, b) => a + b) / dropped.length;
    must(Math.abs(share - p) < 0.12, "other numbers", `a share of ${share} drops out`);
    const [inferred] = rowsOf(layer.apply(x));
    must(distance(inferred!, undropped!) < 1e-6, "other numbers", "drops out in inference");
  };
}

/**
 * One mask of a row's state for each gate, the same at all steps: what scaled columns of the recurrent
 * kernel give where there is one unit.
 */
export function recurrentDropout(kind: string): Check {
  return (api) => {
    const [B, p] = [160, 0.5];
    const x = tf.mul(2, wave([1, 3, 2], 1.3));
    const plain = ready(api, kind, { units: 1 }, 2);
    const own = plain.getWeights().map((weight) => weight.clone());
    const [kernel, recurrent, bias] = own as [tf.Tensor, tf.Tensor, tf.Tensor];
    const masks = choices([0, 1 / (1 - p)], recurrent.shape[1]!);
    const candidates = masks.flatMap((mask) => {
      plain.setWeights([kernel, tf.mul(recurrent, mask), bias]);
      return rowsOf(plain.apply(x));
    });
    const layer = ready(api, kind, { units: 1, recurrent_dropout: p, seed: 5 }, 2);
    const trained = () => rowsOf(layer.apply(tf.tile(x, [B, 1, 1]), { training: true }));
    const calls = [trained(), trained()].map((call) =>
      call.map((row) => {
        const [index, error] = nearest(row, candidates);
        must(error < 1e-5, "other numbers", `${row} comes of no mask`);
        return index;
      }),
    );
    must(`${calls[0]}` !== `${calls[1]}`, "other numbers", "one mask for ever");
    const isMixed = (index: number) => new Set(masks[index]).size > 1;
    const wanted = recurrent.shape[1]! > 1;
    must(calls.flat().some(isMixed) === wanted, "other numbers", "one mask for all gates");
  };
}

/** A seed gives one sequence of masks, another seed another. */
export function seed(kind: string): Check {
  return (api) => {
    const calls = (given: number) => {
      const layer = ready(api, kind, { units: 3, dropout: 0.5, seed: given }, 2);
      const x = tf.tile(wave([1, 3, 2], 1.3), [40, 1, 1]);
      return [0, 1].map(() => rowsOf(layer.apply(x, { training: true })).flat());
    };
    const [first, again, other] = [calls(7), calls(7), calls(8)];
    must(distance(first.flat(), again.flat()) === 0, "ignored", "the same seed, other masks");
    must(distance(first[0]!, first[1]!) > 0, "other numbers", "the same masks in every call");
    must(distance(first[0]!, other[0]!) > 0, "ignored", "another seed, the same masks");
  };
}

/** Without training nothing drops out, with it something does. */
export function training(layer: Layer, x: tf.Tensor): void {
  const [off, on, unsaid] = [{ training: false }, { training: true }, {}].map((kwargs) =>
    rowsOf(layer.apply(x, kwargs)).flat(),
  );
  must(distance(off!, unsaid!) === 0, "other numbers", "drops out in inference");
  must(distance(off!, on!) > 1e-4, "ignored", "nothing drops out");
}

/** {@link training} of a recurrent layer, or one with a cell. */
export function trainingOf(kind: string): Check {
  return (api) => {
    const x = tf.tile(wave([1, 3, 2], 1.3), [40, 1, 1]);
    training(ready(api, kind, { units: 3, dropout: 0.5 }, 2), x);
  };
}

/** Kernel uniform in ±√(6 / (in + out)): all of that range, and its variance a third of its square. */
export function glorotUniform(kind: string): Check {
  return (api) => {
    const kernel = built(layerOf(api, kind, { units: 32 }), [2, 3, 40]).getWeights()[0]!;
    const limit = Math.sqrt(6 / (kernel.shape[0]! + kernel.shape[1]!));
    const most = tf.max(tf.abs(kernel)).dataSync()[0]! / limit;
    const variance = (3 * tf.mean(tf.square(kernel)).dataSync()[0]!) / limit ** 2;
    const is = most <= 1 + 1e-6 && most > 0.98 && Math.abs(variance - 1) < 0.15;
    must(is, "other numbers", `largest ${most} of the limit, variance ${variance} of uniform`);
  };
}

/** U·Uᵀ = 1. */
export function orthogonal(kind: string): Check {
  return (api) => {
    const [, recurrent] = built(layerOf(api, kind, { units: 4 }), [2, 3, 2]).getWeights();
    const product = tf.matMul(recurrent as tf.Tensor2D, recurrent as tf.Tensor2D, false, true);
    const error = tf.max(tf.abs(tf.sub(product, tf.eye(4)))).dataSync()[0]!;
    must(error < 1e-5, "other numbers", `U·Uᵀ is off by ${error}`);
  };
}

/** After training no column of a weight is longer than its MaxNorm says. */
export function held(kind: string, weight: "kernel" | "recurrent" | "bias" | "embeddings"): Check {
  return async (api) => {
    const constraint = { class_name: "MaxNorm", config: { max_value: 0.1, axis: 0 } };
    const words = weight === "embeddings";
    const sizes = words ? { input_dim: 5, output_dim: 3 } : { units: 3 };
    const options = { ...sizes, [`${weight}_constraint`]: constraint };
    const x = words ? tf.tensor2d([[1, 4, 0]], undefined, "int32") : wave([1, 3, 2], 1.3);
    const layer = layerOf(api, kind, options, { batchInputShape: x.shape });
    const model = sequential({ layers: [layer] });
    model.compile({ optimizer: tf.train.sgd(1), loss: "meanSquaredError" });
    await model.trainOnBatch(x, tf.fill(model.outputs[0]!.shape as number[], 2));
    const trained = layer.getWeights()[words ? 0 : weights.indexOf(weight)]!;
    const longest = tf.max(tf.norm(trained, 2, 0)).dataSync()[0]!;
    must(longest < 0.1 + 1e-6, "ignored", `a norm of ${longest} after training`);
  };
}
const weights = ["kernel", "recurrent", "bias"];

/** A stateful layer keeps one set of states however many batches it is trained on. */
export function oneState(kind: string): Check {
  return async (api) => {
    const first = { batchInputShape: [2, 3, 2] };
    const options = { units: 3, stateful: true };
    const model = sequential({ layers: [layerOf(api, kind, options, first)] });
    model.compile({ optimizer: tf.train.sgd(0.1), loss: "meanSquaredError" });
    const [x, y] = [wave([2, 3, 2], 1.3), wave([2, 3], 0.9)];
    await model.trainOnBatch(x, y);
    const before = tf.memory().numTensors;
    for (let step = 0; step < 3; step++) await model.trainOnBatch(x, y);
    const more = tf.memory().numTensors - before;
    must(more === 0, "leaks", `${more} tensors more after 3 batches`);
  };
}
/** **check** without a word on the console. */
export function silently(check: Check): Check {
  return async (api) => {
    const { warn } = console;
    let said = 0;
    console.warn = () => void said++;
    try {
      await check(api);
    } finally {
      console.warn = warn;
    }
    must(said === 0, "warns", `${said} warnings`);
  };
}

/** All of **checks**, in their order. */
export const all =
  (...checks: Check[]): Check =>
  async (api) => {
    for (const check of checks) await check(api);
  };

/** What stands in a masked step reaches neither outputs nor states. */
export function maskedNaN(kind: string): Check {
  return (api) => {
    const layer = ready(api, kind, { units: 3 }, 2);
    const mask = tf.tensor2d([[1, 0, 1]], [1, 3], "bool");
    const isKept = tf.tile(tf.reshape(mask, [1, 3, 1]), [1, 1, 2]);
    const [zero, nan] = [0, Number.NaN].map((padding) => {
      const x = tf.where(isKept, wave([1, 3, 2], 1.3), padding);
      return rowsOf(layer.apply(x, { mask })).flat();
    });
    must(distance(zero!, nan!) === 0, "other numbers", `${nan} in place of ${zero}`);
  };
}

/** Zeros of a row for each of the batch. */
export function zeroStates(kind: string): Check {
  return (api) => {
    const lstm = { class_name: "LSTMCell", config: { units: 3 } };
    const options = kind === "StackedRNNCells" ? { cells: [lstm, lstm] } : { units: 3 };
    const cell = layerFrom(api, { class_name: kind, config: options }) as Layer & {
      getInitialState(batchSize: number): tf.Tensor | tf.Tensor[];
    };
    const states = [cell.getInitialState(2)].flat();
    const isZero = states.every(
      (s) => `${s.shape}` === "2,3" && !tf.any(tf.cast(s, "bool")).dataSync()[0],
    );
    const count = { LSTMCell: 2, StackedRNNCells: 4 }[kind] ?? 1;
    must(isZero && states.length === count, "other numbers", `${states}`);
  };
}
