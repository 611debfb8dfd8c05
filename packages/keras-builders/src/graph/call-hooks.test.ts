import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { input, model, type SymbolicTensor, layers as stock } from "@tensorflow/tfjs-layers";
import { describe, expect, test } from "vitest";
import {
  B,
  factories,
  H,
  I,
  inputsOf,
  type Layer,
  made,
  madeOwn,
  ownFactories,
  T,
} from "../layers/factories.fixture.ts";
import * as layers from "../layers/layers.ts";

type Hook = Parameters<Layer["setCallHook"]>[0];
const sequence = [T, I];

function given(shapes: number[][]): tf.Tensor[] {
  return shapes.map((shape) => tf.ones([B, ...shape]));
}

/** Calls of a layer's hook. */
function heard(layer: Layer): Parameters<Hook>[] {
  const calls: Parameters<Hook>[] = [];
  layer.setCallHook((inputs, kwargs) => calls.push([inputs, kwargs]));
  return calls;
}

test("no function of layers is left out", () => {
  expect([...factories, ...ownFactories].sort()).toEqual(Object.keys(layers).sort());
});

const makers = [
  ...factories.map((factory) => [factory, () => made("ours", factory)] as const),
  ...ownFactories.map((factory) => [factory, () => madeOwn(factory)] as const),
];

describe.each(makers)("%s", (factory, make) => {
  const shapes = inputsOf(factory);

  test.each([false, true])(
    "a call calls its hook once, with inputs and kwargs, training: %s",
    (training) => {
      const layer = make();
      const calls = heard(layer);
      const inputs = given(shapes);
      const one = inputs.length === 1 ? inputs[0]! : inputs;
      layer.apply(one, { training });
      expect(calls).toHaveLength(1);
      expect([calls[0]![0]].flat()).toEqual(inputs);
      expect(calls[0]![1]).toMatchObject({ training });
      layer.apply(one, { training });
      expect(calls).toHaveLength(2);
      layer.clearCallHook();
      layer.apply(one, { training });
      expect(calls).toHaveLength(2);
    },
  );

  test("in a model too, in predict and in training", async () => {
    const layer = make();
    const symbols = shapes.map((shape) => input({ shape }));
    const [output] = [
      layer.apply(symbols.length === 1 ? symbols[0]! : symbols),
    ].flat() as SymbolicTensor[];
    // A weight for layers that have none.
    const last = stock.dense({ units: 1 }).apply(output!) as SymbolicTensor;
    const whole = model({ inputs: symbols, outputs: last });
    whole.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    const calls = heard(layer);
    const inputs = given(shapes);
    const prediction = whole.predict(inputs) as tf.Tensor;
    expect(calls).toHaveLength(1);
    await whole.trainOnBatch(inputs, tf.zerosLike(prediction));
    expect(calls).toHaveLength(2);
    expect(calls[1]![1]).toMatchObject({ training: true });
    expect([calls[1]![0]].flat().map((tensor) => tensor.shape)).toEqual(
      inputs.map(({ shape }) => shape),
    );
  });
});

test("a layer in a layer is called by it, and so is its hook", () => {
  const both = layers.bidirectional({ layer: layers.lstm({ units: H }) });
  const [forwards, backwards] = [both.forwardLayer, both.backwardLayer].map(heard);
  const states = given([[H], [H], [H], [H]]);
  const [x] = given([sequence]);
  both.apply([x!, ...states], { training: true });
  expect(forwards!.map(([inputs]) => inputs)).toEqual([[x, ...states.slice(0, 2)]]);
  expect(backwards!.map(([inputs]) => inputs)).toEqual([[x, ...states.slice(2)]]);
  const stack = layers.stackedRNNCells({
    cells: [layers.gruCell({ units: H }), layers.gruCell({ units: H })],
  });
  const cells = stack.cells.map(heard);
  stack.apply(given([[I]]));
  expect(cells.map((calls) => calls.length)).toEqual([1, 1]);
});

test("TimeDistributed calls its layer once for all steps, or where it must be once a step", () => {
  const calls = (layer: Layer, shape: number[]) => {
    const inner = heard(layer);
    layers.timeDistributed({ layer }).apply(given([shape]));
    return inner.map(([inputs]) => ([inputs].flat() as tf.Tensor[])[0]!.shape);
  };
  expect(calls(layers.dense({ units: H }), sequence)).toEqual([[B * T, I]]);
  const shared = layers.dropout({ rate: 0.5, noiseShape: [1, null] });
  expect(calls(shared, sequence)).toEqual(Array(T).fill([B, I]));
});
