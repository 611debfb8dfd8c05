// What other code may read of a layer or a cell: every member of tfjs-layers' own is there, with its meaning.

import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import {
  constraints,
  InputSpec,
  initializers,
  LayerVariable,
  regularizers,
  layers as stock,
} from "@tensorflow/tfjs-layers";
import { describe, expect, test } from "vitest";
import * as ours from "./layers.ts";
import { Sum } from "./own-cells.fixture.ts";

type Factory = keyof typeof stock & keyof typeof ours;
type Layer = InstanceType<typeof stock.Layer>;
const [B, T, I, H] = [3, 4, 2, 5];

/** Members of tfjs-layers' own that ours lack, and why. */
const reasons = {
  dropoutMask: "kept from call to call; ours draw theirs for one (RecurrentCell's method is how)",
  recurrentDropoutMask: "the same",
  dropoutFunc: "an option that Keras has not, and that is refused here",
  DEFAULT_ACTIVATION: "read by tfjs's own constructors only, as are the next ones",
  DEFAULT_RECURRENT_ACTIVATION: "",
  DEFAULT_KERNEL_INITIALIZER: "",
  DEFAULT_RECURRENT_INITIALIZER: "",
  DEFAULT_BIAS_INITIALIZER: "",
  DEFAULT_EMBEDDINGS_INITIALIZER: "",
  // Not in tfjs's typings:
  states_: "protected, what lies behind states",
  keptStates: "protected, old states until a reset; ours keep none",
  numConstants: "private, always null",
};
type Reason = keyof typeof reasons;

/** Members that are there and say something else, and why. */
const others: Record<string, string> = {
  id: "no two layers have one",
  losses: "those of regularizers, which tfjs's recurrent layers forget",
};

type Theirs<Name extends Factory> = ReturnType<(typeof stock)[Name]>;
type Mine<Name extends Factory> = ReturnType<(typeof ours)[Name]>;
type Shared<Name extends Factory> = keyof Theirs<Name> & keyof Mine<Name>;
/** Members that tfjs's typings have and ours lack, or that are of another type, but for null. */
type Differing<Name extends Factory> =
  | Exclude<keyof Theirs<Name>, keyof Mine<Name> | Reason>
  | {
      [Member in Shared<Name>]: Mine<Name>[Member] extends Theirs<Name>[Member] | null
        ? never
        : Member;
    }[Shared<Name>];

/** Of each, a member that TypeScript knows to differ; a comment says why. */
export const differing: {
  [Name in Factory]: [Differing<Name>] extends [never] ? null : Differing<Name>;
} = {
  // Any layer with a stateSize: tfjs's RNNCell has masks, too.
  simpleRNN: "cell",
  lstm: "cell",
  gru: "cell",
  rnn: "cell",
  simpleRNNCell: null,
  lstmCell: null,
  gruCell: null,
  stackedRNNCells: null,
  bidirectional: null,
  timeDistributed: null,
  embedding: null,
  // tfjs's says nothing of what all layers have.
  masking: "getConfig",
  dense: null,
  dropout: null,
};

const weight = (name: string) => ({
  [`${name}Initializer`]: initializers.randomUniform({ minval: -1, maxval: 1, seed: 4 }),
  [`${name}Regularizer`]: regularizers.l1l2({ l1: 0.1, l2: 0.2 }),
  [`${name}Constraint`]: constraints.maxNorm({ maxValue: 2, axis: 0 }),
});
const cell = {
  units: H,
  activation: "relu",
  useBias: true,
  ...weight("kernel"),
  ...weight("recurrent"),
  ...weight("bias"),
  dropout: 0.1,
  recurrentDropout: 0.2,
};
const gated = { ...cell, recurrentActivation: "sigmoid", implementation: 1 };
const lstm = { ...gated, unitForgetBias: true };
const gru = { ...gated, resetAfter: false };
const sequence = { returnSequences: true, returnState: true, goBackwards: true, unroll: true };
const named = { name: "named", trainable: true };

type Api = { readonly [Name in Factory]: (args: object) => Layer };
/** How each is made, by either package, and the shape that it is built for. */
const table: Record<Factory, [(api: Api) => object, (number | null)[]]> = {
  simpleRNN: [() => ({ ...cell, ...sequence }), [B, T, I]],
  lstm: [() => ({ ...lstm, ...sequence, stateful: true }), [B, T, I]],
  gru: [() => ({ ...gru, ...sequence }), [B, T, I]],
  rnn: [(api) => ({ cell: api.lstmCell(lstm), ...sequence }), [null, T, I]],
  simpleRNNCell: [() => cell, [B, I]],
  lstmCell: [() => lstm, [B, I]],
  gruCell: [() => gru, [B, I]],
  stackedRNNCells: [(api) => ({ cells: [api.gruCell(gru), api.gruCell(gru)] }), [B, I]],
  bidirectional: [
    (api) => ({ layer: api.lstm({ ...lstm, ...sequence, name: "inner" }) }),
    [B, T, I],
  ],
  timeDistributed: [(api) => ({ layer: api.dense({ units: H }) }), [null, null, I]],
  embedding: [
    () => ({ inputDim: 7, outputDim: H, ...weight("embeddings"), maskZero: true, inputLength: T }),
    [B, T],
  ],
  masking: [() => ({ maskValue: -1 }), [B, T, I]],
  dense: [() => ({ units: H, activation: "relu", ...weight("kernel"), ...weight("bias") }), [B, I]],
  dropout: [() => ({ rate: 0.3, noiseShape: [null, 1], seed: 3 }), [B, I]],
};
const factories = Object.keys(table) as Factory[];

function pairOf(factory: Factory, isBuilt: boolean): [theirs: Layer, mine: Layer] {
  const [args, shape] = table[factory];
  return [stock, ours].map((api) => {
    const layer = (api as unknown as Api)[factory]({ ...named, ...args(api as unknown as Api) });
    if (isBuilt) {
      layer.build(shape);
      layer.built = true;
    }
    return layer;
  }) as [Layer, Layer];
}

/** Own and inherited, but for what begins with _. */
function membersOf(layer: object): string[] {
  const names = new Set<string>();
  for (let at = layer; at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const name of Object.getOwnPropertyNames(at))
      if (!/^_|^constructor$/.test(name)) names.add(name);
  }
  return [...names];
}

/** A value without what no two layers have in common: numbers drawn, and numbers in names. */
function told(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(told);
  if (value instanceof tf.Tensor) return { tensor: value.shape };
  if (value instanceof LayerVariable) return { variable: value.shape, name: value.originalName };
  if (value instanceof InputSpec) return { ...value };
  if (typeof value === "function") return "function";
  if (value instanceof stock.Layer) return { layer: value.getClassName() };
  const part = value as tf.serialization.Serializable | null | undefined;
  if (part?.getClassName) return { class: part.getClassName(), config: part.getConfig() };
  return value;
}

function read(layer: Layer, name: string): unknown {
  try {
    return told((layer as unknown as Record<string, unknown>)[name]);
  } catch (error) {
    return (error as Error).constructor.name;
  }
}

test("the table has every function of layers that tfjs-layers has too", () => {
  expect(
    Object.keys(ours)
      .filter((name) => name in stock)
      .sort(),
  ).toEqual([...factories].sort());
});

describe.each(factories)("%s", (factory) => {
  for (const isBuilt of [false, true]) {
    test(`has all that tfjs-layers' own has, and it says the same, built: ${isBuilt}`, () => {
      const [theirs, mine] = pairOf(factory, isBuilt);
      const names = membersOf(theirs).filter((name) => !(name in reasons));
      expect(names.filter((name) => !(name in mine))).toEqual([]);
      // Ours knows the features where tfjs's Bidirectional does not, and no batch and time where its TimeDistributed does.
      const isWrapper = factory === "bidirectional" || factory === "timeDistributed";
      const same = names.filter((name) => !(name in others || (isWrapper && name === "inputSpec")));
      const say = (layer: Layer) =>
        Object.fromEntries(same.map((name) => [name, read(layer, name)]));
      expect(say(mine)).toEqual(say(theirs));
    });
  }

  test("takes what is assigned to a member, or throws; never neither", () => {
    const [names] = pairOf(factory, true).map(membersOf);
    // As a script without "use strict" does it, where a property that cannot be set ignores it.
    const assign = new Function("layer", "name", "value", "layer[name] = value");
    for (const name of names!) {
      const [theirs, mine] = pairOf(factory, true).map((layer) => {
        const of = layer as unknown as Record<string, unknown>;
        try {
          const value = typeof of[name] === "boolean" ? !of[name] : {};
          assign(of, name, value);
          return of[name] === value;
        } catch {
          return true;
        }
      });
      expect(!theirs || mine, name).toBe(true);
    }
  });
});

test("an activation says its name and computes Keras's function", () => {
  const x = tf.tensor1d([-4, -1, 0, 2]);
  const { activation, recurrentActivation } = ours.lstmCell({
    units: 1,
    activation: "hard_sigmoid",
    recurrentActivation: null,
  });
  expect([activation, recurrentActivation].map((a) => a.getClassName())).toEqual([
    "hardSigmoid",
    "linear",
  ]);
  expect(activation.apply(x).dataSync()).toBeAllclose([0, 1 / 3, 0.5, 5 / 6]);
  expect([...recurrentActivation.apply(x).dataSync()]).toEqual([-4, -1, 0, 2]);
  expect(ours.gruCell({ units: 1, activation: "hardSigmoid" }).activation).toBe(activation);
});

test("a weight put in a cell's place is the one that it computes with", () => {
  const layer = ours.gru({ units: H });
  const x = tf.ones([B, T, I]);
  layer.apply(x);
  const other = ours.gru({ units: H });
  const wanted = other.apply(x) as tf.Tensor;
  for (const name of ["kernel", "recurrentKernel", "bias"] as const) {
    layer.cell[name] = other.cell[name]!;
  }
  expect((layer.apply(x) as tf.Tensor).dataSync()).toEqual(wanted.dataSync());
});

describe("what a recurrent layer carries", () => {
  const x = (seed: number) => tf.randomUniform([B, T, I], -1, 1, "float32", seed);
  const numbers = (tensors: readonly tf.Tensor[]) =>
    tensors.map((tensor) => [...tensor.dataSync()]);

  test("can be read, kept and set again, and stays the caller's", () => {
    const layer = ours.lstm({ units: H, stateful: true });
    expect(layer.getStates()).toEqual([null, null]);
    layer.apply(x(1));
    const kept = layer.getStates().map((state) => tf.clone(state));
    const next = (layer.apply(x(2)) as tf.Tensor).dataSync();
    layer.setStates(kept);
    expect((layer.apply(x(2)) as tf.Tensor).dataSync()).toEqual(next);
    layer.states = kept;
    expect(numbers(layer.states)).toEqual(numbers(kept));
    layer.setStates(layer.getStates());
    expect(numbers(layer.states)).toEqual(numbers(kept));
  });

  test("is nothing where the layer is not stateful, and cannot be set", () => {
    const layer = ours.gru({ units: H, name: "own" });
    layer.apply(x(1));
    expect(layer.states).toEqual([null]);
    expect(() => layer.setStates([tf.zeros([B, H])])).toThrow(
      "own: expected a stateful layer to reset",
    );
    expect(() => {
      layer.states = [];
    }).toThrow("own: expected a stateful layer to reset");
  });

  test("starts from what getInitialState gives: zeros, or the cell's own", () => {
    const layer = ours.lstm({ units: H, name: "own" });
    const states = layer.getInitialState(x(1));
    expect(numbers(states)).toEqual(Array(2).fill(Array(B * H).fill(0)));
    const given = layer.apply([x(1), ...states]) as tf.Tensor;
    expect(given.dataSync()).toEqual((layer.apply(x(1)) as tf.Tensor).dataSync());
    expect(numbers(ours.rnn({ cell: new Sum() }).getInitialState(B))).toEqual([[10, 10, 10]]);
    for (const bad of [undefined, 0, [1]]) {
      expect(() => layer.getInitialState(bad as never)).toThrow(
        "own: expected inputs [B, T, ...] or a batch size, got ",
      );
    }
  });
});
