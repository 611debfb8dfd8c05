// Random models of recurrent layers over texts, as property tests draw them, and what a batch's rows come to in them:
// together, and each alone.

import * as tf from "@tensorflow/tfjs-core";
import {
  input,
  type LayersModel,
  model as modelOf,
  type SymbolicTensor,
} from "@tensorflow/tfjs-layers";
import fc from "fast-check";
import { accelerate } from "./accelerate.ts";
import * as layers from "./layers/layers.ts";
import { type DrawnLayer, drawnLayer, type Placed, placed } from "./random-layer.fixture.ts";

/** A row of tokens: the common text's at both ends, its own between, and padding over both ends. */
interface DrawnRow {
  common: readonly [number, number];
  padding: readonly [number, number];
  own: readonly number[];
}

/** A model of one Embedding, and its texts. */
export interface DrawnStack {
  T: number;
  /** Tokens are from 0, which is padding, to below it. */
  words: number;
  tokens: "int32" | "float32";
  /** Length of a token's vector. */
  vector: number;
  text: readonly number[];
  rows: readonly DrawnRow[];
  mask: "none" | "maskZero" | "masking";
  /** Layers over one another on the embedded texts, all of whose outputs go on. */
  trunk: readonly DrawnLayer[];
  /** The trunk is a model of its own. */
  nested: boolean;
  /** The last layers: one, or two that read the same; the second, the texts from the end, where there are two texts. */
  heads: readonly DrawnLayer[];
  texts: 1 | 2;
  sequences: boolean;
  frozen: "nothing" | "embedding" | "first";
}

function drawnStack(T: number, vectors: readonly number[], units: readonly number[]) {
  const layer = drawnLayer(units);
  const steps = fc.nat(T);
  const padding = fc.oneof(fc.constant(0), steps);
  const tokens = (words: number) =>
    fc.array(fc.integer({ min: 1, max: words - 1 }), { minLength: T, maxLength: T });
  return fc.integer({ min: 2, max: 6 }).chain((words) =>
    fc.record<DrawnStack>({
      ...{ T: fc.constant(T), words: fc.constant(words), vector: fc.constantFrom(...vectors) },
      tokens: fc.constantFrom("int32", "float32"),
      text: tokens(words),
      rows: fc.array(
        fc.record({
          common: fc.tuple(steps, steps),
          padding: fc.tuple(padding, padding),
          own: tokens(words),
        }),
        { minLength: 2, maxLength: 5 },
      ),
      mask: fc.constantFrom("none", "none", "none", "maskZero", "masking"),
      trunk: fc.oneof(fc.tuple(layer), fc.array(layer, { maxLength: 2 })),
      nested: fc.nat(4).map((n) => n === 4),
      heads: fc.array(layer, { minLength: 1, maxLength: 2 }),
      texts: fc.constantFrom(1, 2),
      sequences: fc.boolean(),
      frozen: fc.constantFrom("nothing", "nothing", "embedding", "first"),
    }),
  );
}

/** Small stacks, which one thread runs. */
export const smallStacks: fc.Arbitrary<DrawnStack> = fc
  .oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 4, max: 8 }))
  .chain((T) => drawnStack(T, [1, 3, 8, 9], [1, 3, 8]));
/** Stacks of which most have a pass that is worth several threads. */
export const largeStacks: fc.Arbitrary<DrawnStack> = drawnStack(40, [32], [64]);

/** The rows' tokens, [B, T]. */
function tokensOf({ T, text, rows }: DrawnStack): number[][] {
  return rows.map(({ common: [begin, end], padding: [front, back], own }) =>
    text.map((token, t) => {
      if (t < front || t >= T - back) return 0;
      return t < begin || t >= T - end ? token : own[t]!;
    }),
  );
}

/** A number for each place, none like those near it. */
function wave(shape: readonly number[], k: number): tf.Tensor {
  const values = Array.from({ length: tf.util.sizeFromShape([...shape]) }, (_, j) => {
    return 0.6 * Math.sin((k + 1.3) * (j + 1)) + 0.1 * Math.cos(j * j);
  });
  return tf.tensor(values, [...shape]);
}

/** A model, and a batch for it. */
export interface Stack {
  model: LayersModel;
  inputs: tf.Tensor[];
}

/** Weights under which what a row comes to, and its gradient, do not hang on the last bit of anything. */
function weight(shape: readonly number[], k: number): tf.Tensor {
  return tf.mul(wave(shape, k), Math.min(1, 1.5 / Math.sqrt(shape[0]!)));
}

/** Builds a drawn model. */
export function buildStack(drawn: DrawnStack): Stack {
  const { T, words, vector, mask, trunk, nested, heads, texts, sequences, frozen } = drawn;
  const B = drawn.rows.length;
  const dtype = drawn.tokens;
  const tokens = Array.from({ length: texts }, () => input({ shape: [T], dtype }));
  const maskZero = mask === "maskZero";
  const embedding = layers.embedding({ inputDim: words, outputDim: vector, maskZero });
  const masking = layers.masking({});
  const recurrent: Placed[] = [];
  const place = (layer: DrawnLayer, x: SymbolicTensor, returnSequences: boolean): Placed => {
    const made = placed(layer, x.shape[2] as number, returnSequences);
    recurrent.push(made);
    return made;
  };
  let ends = tokens.map((text) => {
    const vectors = embedding.apply(text) as SymbolicTensor;
    return mask === "masking" ? (masking.apply(vectors) as SymbolicTensor) : vectors;
  });
  if (nested && trunk.length > 0) {
    const x = input({ shape: [T, vector] });
    const outputs = trunk.reduce((y, layer) => {
      return place({ ...layer, started: false }, y, true).apply(y);
    }, x);
    const inner = modelOf({ inputs: x, outputs });
    ends = ends.map((y) => inner.apply(y) as SymbolicTensor);
  } else {
    for (const layer of trunk) {
      const made = place(layer, ends[0]!, true);
      ends = ends.map((y) => made.apply(y));
    }
  }
  const outputs = heads.map((layer, k) => {
    const x = ends[k % texts]!;
    return place(layer, x, sequences).apply(x);
  });
  const states = recurrent.flatMap((layer) => layer.states);
  const model = modelOf({ inputs: [...tokens, ...states], outputs });
  model.setWeights(
    model.getWeights().map(({ shape }, k) => {
      // Behind Masking the vector of padding is the one that is hidden.
      const hidden = k === 0 && mask === "masking";
      const values = weight(shape as number[], k);
      return hidden ? tf.concat([tf.zeros([1, vector]), tf.slice(values, [1, 0])]) : values;
    }),
  );
  accelerate(model);
  if (frozen === "embedding") embedding.trainable = false;
  if (frozen === "first") recurrent[0]!.layer.trainable = false;
  const rows = tokensOf(drawn);
  const read = tokens.map((_, k) => (k === 0 ? rows : rows.map((row) => [...row].reverse())));
  const inputs = [
    ...read.map((text) => tf.tensor2d(text, [B, T], dtype)),
    ...states.map(({ shape }, k) => wave([B, ...shape.slice(1)] as number[], k)),
  ];
  return { model, inputs };
}

/** A batch's inputs, or those of one of its rows. */
function inputsOf({ inputs }: Stack, row: number | undefined): tf.Tensor[] {
  return row === undefined ? inputs : inputs.map((x) => tf.slice(x, row, 1));
}

/** What a model predicts of the batch, or of one row alone: each output's numbers. */
export function predictions(stack: Stack, row?: number): Float32Array[] {
  return tf.tidy(() =>
    [stack.model.predict(inputsOf(stack, row))].flat().map((y) => y.dataSync() as Float32Array),
  );
}

/**
 * What one step of SGD at rate 1 takes from each trained weight, of a loss that is the mean of the rows' own;
 * weights are then what they were.
 */
export function update(stack: Stack, row?: number): Float32Array[] {
  const { model } = stack;
  const weights = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
  const before = weights.map((weight) => weight.dataSync().slice() as Float32Array);
  return tf.tidy(() => {
    const loss = () => {
      const outputs = [model.apply(inputsOf(stack, row), { training: true })].flat() as tf.Tensor[];
      const costs = outputs.map((y, k) => {
        const [B, ...rest] = y.shape as [number, ...number[]];
        const cost = tf.mul(y, tf.add(wave([1, ...rest], 50 + k), tf.mul(y, 0.5)));
        return tf.div(tf.sum(cost), B);
      });
      return tf.addN(costs) as tf.Scalar;
    };
    const optimizer = tf.train.sgd(1);
    optimizer.minimize(loss, false, weights);
    optimizer.dispose();
    return weights.map((weight, k) => {
      const after = weight.dataSync();
      weight.assign(tf.tensor(before[k]!, weight.shape));
      return before[k]!.map((value, i) => value - after[i]!);
    });
  });
}
