// What other code may read of a layer or a cell: every member of tfjs-layers' own is there, with its meaning.

import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { InputSpec, LayerVariable, layers as stock } from "@tensorflow/tfjs-layers";
import { describe, expect, test } from "vitest";
import {
  B,
  type Factory,
  factories,
  H,
  I,
  inputsOf,
  type Layer,
  made,
  T,
} from "./layers/factories.fixture.ts";
import * as ours from "./layers/layers.ts";
import { Sum } from "./layers/own-cells.fixture.ts";

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
  supportsMasking: "Keras's: more of them pass a mask on",
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

/** Each that TypeScript knows to differ, and in which member. */
export const differing: {
  [Name in Factory as [Differing<Name>] extends [never] ? never : Name]: Differing<Name>;
} = {
  // Any layer with a stateSize: tfjs's RNNCell has masks, too.
  simpleRNN: "cell",
  lstm: "cell",
  gru: "cell",
  rnn: "cell",
  // tfjs's says nothing of what all layers have.
  masking: "getConfig",
};

function pairOf(factory: Factory, isBuilt: boolean): [theirs: Layer, mine: Layer] {
  return (["stock", "ours"] as const).map((of) => {
    const layer = made(of, factory, { name: "named", trainable: true });
    if (isBuilt) {
      const shapes = inputsOf(factory).map((shape) => [B, ...shape]);
      layer.build(/Cell/.test(factory) || shapes.length === 1 ? shapes[0]! : shapes);
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

  test("is made again by its class, of its config", () => {
    const layer = made("ours", factory);
    const Class = layer.constructor as never as tf.serialization.SerializableConstructor<Layer> & {
      fromConfig: tf.serialization.FromConfigMethod<Layer>;
    };
    const config = JSON.parse(JSON.stringify(layer.getConfig()));
    const again = Class.fromConfig(Class, structuredClone(config));
    expect(again).toBeInstanceOf(Class);
    expect(JSON.parse(JSON.stringify(again.getConfig()))).toEqual(config);
    const inner = (of: Layer) => {
      const { cell, cells, layer: wrapped } = of as unknown as Record<string, unknown>;
      return [cell, cells, wrapped].flat().map((part) => part?.constructor);
    };
    expect(inner(again)).toEqual(inner(layer));
  });

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
    "hardSigmoidKeras3",
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
    layer.setStates(layer.getStates().reverse());
    expect(numbers(layer.states)).toEqual(numbers(kept).reverse());
    expect(() => layer.setStates(undefined as never)).toThrow(
      "expected a list of states, got undefined",
    );
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
