// Runs what real Keras ran for each argument (internal/fixtures/keras/arguments.py) on other layers.

import { readFixture } from "@rnnkit/fixtures";
import * as tf from "@tensorflow/tfjs-core";
import {
  initializers,
  type LayerVariable,
  layers,
  type Shape,
  sequential,
} from "@tensorflow/tfjs-layers";
import { type Api, type Json, type Layer, layerFrom } from "./keras-json.fixture.ts";

interface Case {
  layer: Json;
  run: "call" | "step" | "stream" | "model" | "train" | "weights";
  after?: Json[];
  shape?: number[];
  tokens?: number[][];
  mask?: Json;
  /** Where there is a mask, what stands in masked steps; so the mask is found, not given. */
  padding?: number;
  /** Sizes of initial states. */
  states?: number[];
  keras: number[];
}
const cases: Record<string, Case> = readFixture("arguments.json");
const [B, T, I] = [2, 4, 2];
const padded = [
  [1, 0, 1, 1],
  [0, 1, 1, 0],
];

/** 0.5·sin(k·(j + 1)), element j. */
export function wave(shape: number[], k: number): tf.Tensor {
  const size = tf.util.sizeFromShape(shape);
  return tf.tensor(
    Array.from({ length: size }, (_, j) => 0.5 * Math.sin(k * (j + 1))),
    shape,
  );
}

/** Gives a layer or a model the weights of all cases. */
export function setWaves<
  Part extends { weights: LayerVariable[]; setWeights: Layer["setWeights"] },
>(part: Part): Part {
  part.setWeights(part.weights.map(({ shape }, j) => wave(shape as number[], 0.7 + j / 10)));
  return part;
}

/** Builds a layer for inputs of a shape. */
export function built(layer: Layer, shape: number[]): Layer {
  layer.build(shape);
  layer.built = true;
  return layer;
}

const list = (outputs: unknown) => [outputs].flat() as tf.Tensor[];
const digests = (outputs: unknown): number[] =>
  list(outputs).map(
    (y) => tf.sum(tf.mul(tf.cast(y, "float32"), tf.mul(2, wave(y.shape, 0.9)))).dataSync()[0]!,
  );

function inputOf({ tokens, shape = [B, T, I], padding }: Case): tf.Tensor {
  if (tokens) return tf.tensor2d(tokens, undefined, "int32");
  const x = tf.mul(2, wave(shape, 1.3));
  if (padding === undefined) return x;
  return tf.where(tf.tile(tf.tensor(padded, [B, T, 1], "bool"), [1, 1, I]), x, padding);
}

async function numbersOf(api: Api, given: Case): Promise<number[]> {
  const { run, states = [], after = [] } = given;
  const x = inputOf(given);
  if (run === "train" || run === "model") {
    const first = { batchInputShape: x.shape as Shape };
    const rest = after.map((layer) => layerFrom(api, layer));
    const model = setWaves(sequential({ layers: [layerFrom(api, given.layer, first), ...rest] }));
    if (run === "model") return digests(model.predict(x));
    model.compile({ optimizer: tf.train.sgd(0.1), loss: "meanSquaredError" });
    const y = wave(model.outputs[0]!.shape as number[], 0.9);
    const losses: number[] = [];
    for (let step = 0; step < 3; step++) losses.push((await model.trainOnBatch(x, y)) as number);
    return losses;
  }
  const layer = built(layerFrom(api, given.layer), x.shape);
  if (run === "weights") return digests(layer.getWeights());
  setWaves(layer);
  if (run === "stream") {
    const first = [x, tf.mul(2, x)].flatMap((each) => digests(layer.apply(each)));
    layer.resetStates();
    return [...first, ...digests(layer.apply(x))];
  }
  const initialState = states.map((size, i) => wave([x.shape[0]!, size], 0.6 + i / 10));
  if (run === "step") return digests(layer.apply([x, ...initialState]));
  return digests(
    layer.apply(x, {
      ...(initialState.length && { initialState }),
      ...(given.mask && { mask: tf.tensor(given.mask, undefined, "bool") }),
    }),
  );
}

/** How an argument may do in place of what Keras does. */
export type Outcome = "as in Keras" | "throws" | "ignored" | "other numbers" | "leaks" | "warns";

/** What a check throws that saw an argument do something else than in Keras. */
export class Departure extends Error {
  readonly outcome: Outcome;
  constructor(outcome: Outcome, message: string) {
    super(message);
    this.outcome = outcome;
  }
}

/** Throws unless an argument does on these layers what Keras 3.15.1 does. */
export type Check = (api: Api) => void | Promise<void>;

const areClose = (got: number[], want: number[]) =>
  got.length === want.length &&
  got.every((x, i) => Math.abs(x - want[i]!) <= 2e-5 * Math.max(1, Math.abs(want[i]!)));

/** The numbers that Keras computed with **argument** of **kind**, one of arguments.py's names. */
export function numbers(kind: string, argument: string): Check {
  const given = cases[`${kind} ${argument}`]!;
  return async (api) => {
    const got = await numbersOf(api, given);
    if (areClose(got, given.keras)) return;
    // Without the argument: the same numbers are an argument that has no effect.
    const [name, value] = argument.split(" ");
    const isDefault = value === "default";
    const plain = isDefault ? [] : await numbersOf(api, without(given, name!)).catch(() => []);
    throw new Departure(
      areClose(got, plain) ? "ignored" : "other numbers",
      `expected ${given.keras}, got ${got}`,
    );
  };
}

function without(value: Json, name: string): Json {
  if (Array.isArray(value)) return value.map((each) => without(each, name));
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).filter(([key]) => key !== name);
  return Object.fromEntries(entries.map(([key, each]) => [key, without(each, name)]));
}

/** What a check makes of these layers, and the error that says so. */
export async function outcomeOf(check: Check, api: Api): Promise<[Outcome, unknown?]> {
  try {
    await check(api);
    return ["as in Keras"];
  } catch (error) {
    return [error instanceof Departure ? error.outcome : "throws", error];
  }
}

/**
 * RNN's docs' own kind of cell: s′ = tanh(x·W + s), t′ = t/2 + s′[:2], y = [s′, t′[0]], from 1 and 2.
 */
class TwoStates extends layers.Layer {
  static readonly className = "TwoStates";
  readonly stateSize = [3, 2];
  readonly outputSize = 4;
  #kernel: LayerVariable | undefined;

  override build(shape: Shape): void {
    this.#kernel = this.addWeight("kernel", [shape.at(-1)!, 3], "float32", initializers.zeros());
    this.built = true;
  }
  getInitialState(batchSize: number): tf.Tensor[] {
    return [tf.ones([batchSize, 3]), tf.fill([batchSize, 2], 2)];
  }
  override call([x, s, t]: tf.Tensor[]): tf.Tensor[] {
    const kernel = this.#kernel!.read() as tf.Tensor2D;
    const now = tf.tanh(tf.add(tf.matMul(x as tf.Tensor2D, kernel), s!)) as tf.Tensor2D;
    const next = tf.add(tf.div(t!, 2), tf.slice(now, [0, 0], [-1, 2])) as tf.Tensor2D;
    return [tf.concat([now, tf.slice(next, [0, 0], [-1, 1])], 1), now, next];
  }
}
/** Makes it, for layers of any kind. */
export const twoStates = { TwoStates: (args: object): Layer => new TwoStates(args) };
