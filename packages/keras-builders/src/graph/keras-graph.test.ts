// Masks from tensor to tensor: in models, models in models, by hand, in layers of a user's own.
import "@tensorflow/tfjs-backend-cpu";
import { engineMemory } from "@rnnkit/fused-rnn";
import { expectNoTensorLeak } from "@rnnkit/test-kit";
import * as tf from "@tensorflow/tfjs-core";
import {
  input,
  model as modelOf,
  type SymbolicTensor,
  sequential,
  layers as stock,
} from "@tensorflow/tfjs-layers";
import { expect, test } from "vitest";
import * as layers from "../layers/layers.ts";
import { carriedMask } from "./carried-mask.ts";
import { isKerasLayer } from "./keras-graph.ts";
import type { Kwargs } from "./layer-call.ts";

type Layer = InstanceType<typeof stock.Layer>;
type Options = Parameters<Layer["apply"]>[1];

const T = 3;
/** Step 1 of row 0 and step 2 of row 1 are masked. */
const tokens = () =>
  tf.tensor2d(
    [
      [1, 0, 2],
      [3, 1, 0],
    ],
    [2, T],
    "int32",
  );
const kept = [1, 0, 1, 1, 1, 0];
const mask = () => tf.tensor2d(kept, [2, T], "bool");
const values = () =>
  tf.tensor3d(
    [...Array(12).keys()].map((i) => Math.sin(i + 1)),
    [2, T, 2],
  );
const embedding = () => layers.embedding({ inputDim: 4, outputDim: 2, maskZero: true, seed: 1 });
const on = (layer: Layer, x: SymbolicTensor | SymbolicTensor[]): SymbolicTensor[] =>
  [layer.apply(x)].flat() as SymbolicTensor[];
const maskOf = (y: tf.Tensor) => carriedMask(y)?.dataSync();
const called = (layer: Layer, x: tf.Tensor | tf.Tensor[], options: object = {}): tf.Tensor[] =>
  [layer.apply(x, options as Options)].flat() as tf.Tensor[];

test("outputs of a model called on tensors carry the mask, states of a recurrent layer none", () => {
  const x = input({ shape: [T] });
  const lstm = layers.lstm({ units: 2, returnSequences: true, returnState: true });
  const model = modelOf({ inputs: x, outputs: on(lstm, on(embedding(), x)) });
  const [y, h, c] = called(model as unknown as Layer, tokens());
  expect(maskOf(y!)).toEqual(Uint8Array.from(kept));
  expect([h, c].map((state) => maskOf(state!))).toEqual([undefined, undefined]);
});

test("called layer by layer, masks go with the tensors and with them", async () => {
  const all = { returnSequences: true };
  const stack = [
    embedding(),
    layers.gru({ units: 2, ...all }),
    stock.leakyReLU(),
    layers.dense({ units: 1 }),
  ];
  await expectNoTensorLeak(() => {
    const outputs: tf.Tensor[] = [tokens()];
    for (const layer of stack) outputs.push(...called(layer, outputs.at(-1)!));
    // A layer of tfjs-layers alone, called by itself, is tfjs-layers'.
    expect(outputs.map((y) => maskOf(y)?.length)).toEqual([undefined, 6, 6, undefined, undefined]);
    tf.dispose(outputs);
  });
  expect(engineMemory().used).toBe(0);
});

test("predictions and training leave no mask behind", async () => {
  const model = sequential({
    layers: [
      embedding(),
      layers.bidirectional({ layer: layers.lstm({ units: 2, returnSequences: true }) }),
      stock.batchNormalization(),
      layers.gru({ units: 2 }),
    ],
  });
  model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
  const [x, y] = [tokens(), tf.zeros([2, 2])];
  await expectNoTensorLeak(async () => {
    await model.fit(x, y, { epochs: 2, verbose: 0 });
    tf.dispose(model.predict(x));
  });
  expect(engineMemory()).toEqual({ used: 0, pending: 0 });
});

test("a mask by hand is obeyed as one that a tensor carries, of any dtype, and none that it is made of is trained", () => {
  const lstm = layers.lstm({ units: 2 });
  const [masked] = called(
    layers.masking(),
    tf.mul(values(), tf.expandDims(tf.cast(mask(), "float32"), 2)),
  );
  const [want] = called(lstm, masked!);
  for (const dtype of ["bool", "int32", "float32"] as const) {
    const [got] = called(lstm, values(), { mask: tf.cast(mask(), dtype) });
    expect(got!.dataSync()).toBeAllclose(want!.dataSync());
  }
  const gradient = tf.grad((x) => {
    const [y] = called(lstm, x, { mask: tf.any(tf.notEqual(x, 0), -1) });
    return tf.sum(y!);
  });
  expect(gradient(masked!).dataSync().every(Number.isFinite)).toBe(true);
});

test("a model's call takes a mask for each input, and hands it to the layers that read that input", () => {
  const [x, z] = [input({ shape: [T, 2] }), input({ shape: [T, 2] })];
  const ends = [...on(layers.gru({ units: 2 }), x), ...on(layers.dense({ units: 1 }), z)];
  const model = modelOf({ inputs: [x, z], outputs: ends }) as unknown as Layer;
  const [plain, unmasked] = called(model, [values(), values()]);
  const [y, other] = called(model, [values(), values()], { mask: [mask(), null] });
  expect(y!.dataSync()).not.toEqual(plain!.dataSync());
  expect(other!.dataSync()).toEqual(unmasked!.dataSync());
  expect(maskOf(other!)).toBeUndefined();
  const [, marked] = called(model, [values(), values()], { mask: [null, mask()] });
  expect(maskOf(marked!)).toEqual(Uint8Array.from(kept));
});

test("what a graph cannot hold, and what says no tensor's mask, is refused", () => {
  const lstm = layers.lstm({ units: 2, name: "reader" });
  const symbol = input({ shape: [T, 2] });
  expect(() => lstm.apply(symbol, { mask: mask() } as Options)).toThrow(
    "reader: expected no mask in a symbolic call, got one",
  );
  expect(() => called(lstm, [values()], { mask: mask() })).toThrow(
    "reader: expected a mask beside a tensor, got one beside a list of one",
  );
  const add = layers.add({ name: "sum" });
  expect(() => called(add, [values(), values()], { mask: mask() })).toThrow(
    "sum: expected 2 masks, one or null for each input, got 1",
  );
  expect(() => called(lstm, values(), { mask: tf.ones([2, 2]) })).toThrow(
    "reader: expected a mask of shape [2, 3], got [2, 2]; it says which steps of the input [2, 3, 2] count",
  );
});

test("TimeDistributed hands a recurrent layer the mask of its own steps, or says that it has none", () => {
  const inner = layers.gru({ units: 2, name: "inner" });
  const each = layers.timeDistributed({ layer: inner });
  const x = tf.reshape(values(), [2, T, 1, 2]);
  expect(() => called(each, x, { mask: mask() })).toThrow(
    /^inner: expected a mask of shape \[6, 1\], got \[6\];.*inside a TimeDistributed too/,
  );
  const [y] = called(each, x, { mask: tf.reshape(mask(), [2, T, 1]) });
  expect(maskOf(y!)).toEqual(Uint8Array.from(kept));
});

test("computeMask of a model says what its outputs carry, again and again, built or not", async () => {
  const model = sequential({
    layers: [embedding(), layers.gru({ units: 2, returnSequences: true })],
  });
  await expectNoTensorLeak(() => {
    const x = tokens();
    const found = model.computeMask(x) as tf.Tensor;
    expect(found.dataSync()).toEqual(Uint8Array.from(kept));
    tf.dispose([x, found]);
  });
  const other = tf.tensor2d([[0, 1, 1]], [1, T], "int32");
  expect((model.computeMask(other) as tf.Tensor).dataSync()).toEqual(Uint8Array.from([0, 1, 1]));
});

test("models in models in models, and layers shared between models, all have the mask", () => {
  const gru = layers.gru({ units: 2, returnSequences: true });
  const inner = sequential({ layers: [layers.dense({ units: 2, inputShape: [T, 2] }), gru] });
  const x = input({ shape: [T, 2] });
  const middle = modelOf({ inputs: x, outputs: on(inner as unknown as Layer, x) });
  const [z] = on(middle as unknown as Layer, on(embedding(), input({ shape: [T] })));
  const model = modelOf({ inputs: z!.inputs[0]!.inputs[0]!, outputs: on(gru, z!) });
  const [y] = called(model as unknown as Layer, tokens());
  expect(maskOf(y!)).toEqual(Uint8Array.from(kept));
  // The same layer in a model without masks.
  const plain = sequential({ layers: [stock.inputLayer({ inputShape: [T, 2] }), gru] });
  expect(maskOf(called(plain as unknown as Layer, values())[0]!)).toBeUndefined();
});

test("tf.layers' own model between layers of tfjs-layers is joined by a layer of ours in it", () => {
  const inner = sequential({ layers: [layers.masking({ inputShape: [T, 2] })] });
  const average = stock.globalAveragePooling1d();
  const model = sequential({
    layers: [stock.rescaling({ scale: 1, inputShape: [T, 2] }), inner, average],
  });
  expect(isKerasLayer(average)).toBe(true);
  const x = tf.tensor3d([
    [
      [2, 4],
      [0, 0],
      [4, 8],
    ],
  ]);
  expect((model.predict(x) as tf.Tensor).dataSync()).toEqual(Float32Array.from([3, 6]));
});

/** What a layer of a user's own was told. */
class Told extends stock.Layer {
  static className = "GraphTold";
  masks: unknown[] = [];
  constructor(supports: boolean) {
    super({});
    this.supportsMasking = supports;
  }
  override computeOutputShape(shape: (number | null)[] | (number | null)[][]): (number | null)[] {
    return (Array.isArray(shape[0]) ? shape[0] : shape) as (number | null)[];
  }
  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: Kwargs): tf.Tensor {
    this.masks = [kwargs.mask].flat();
    return tf.mul([inputs].flat()[0]!, 1);
  }
}

/** Has a mask of its own: the first step alone. */
class First extends Told {
  static override className = "GraphFirst";
  constructor() {
    super(false);
  }
  override computeMask(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const [B, T] = [inputs].flat()[0]!.shape as [number, number];
    return tf.tile(tf.expandDims(tf.oneHot(0, T), 0), [B, 1]);
  }
}

test("a layer of a user's own is told the mask, and passes it on if it says so, or makes its own", () => {
  for (const supports of [true, false]) {
    const own = new Told(supports);
    const model = sequential({ layers: [embedding(), own, layers.dense({ units: 1 })] });
    const [y] = called(model as unknown as Layer, tokens());
    expect((own.masks[0] as tf.Tensor).shape).toEqual([2, T]);
    expect(maskOf(y!)).toEqual(supports ? Uint8Array.from(kept) : undefined);
  }
  const model = sequential({ layers: [embedding(), new First(), layers.dense({ units: 1 })] });
  const [y] = called(model as unknown as Layer, tokens());
  expect(maskOf(y!)).toEqual(Uint8Array.from([1, 0, 0, 1, 0, 0]));
});

test("a layer of a user's own with several inputs is told all their masks", () => {
  const own = new Told(false);
  const [x, z] = [input({ shape: [T] }), input({ shape: [T, 2] })];
  const [y] = on(own, [on(embedding(), x)[0]!, z]);
  const model = modelOf({ inputs: [x, z], outputs: on(layers.dense({ units: 1 }), y!) });
  called(model as unknown as Layer, [tokens(), values()]);
  expect(own.masks.map((each) => (each as tf.Tensor | undefined)?.shape)).toEqual([
    [2, T],
    undefined,
  ]);
});

test("a layer of a user's own hands on what it was told, to a layer in it", () => {
  class Wrapped extends stock.Layer {
    static className = "GraphWrapped";
    readonly inner = layers.gru({ units: 2 });
    override computeOutputShape([B]: number[]): number[] {
      return [B!, 2];
    }
    override call(inputs: tf.Tensor | tf.Tensor[], kwargs: Kwargs): tf.Tensor {
      return this.inner.apply(inputs, kwargs as Options) as tf.Tensor;
    }
  }
  const own = new Wrapped();
  const model = sequential({ layers: [embedding(), own] });
  const [vectors] = called(model.layers[0]!, tokens());
  const [want] = called(own.inner, vectors!);
  expect((model.predict(tokens()) as tf.Tensor).dataSync()).toEqual(want!.dataSync());
});

test("a layer of several outputs runs once in a pass: a stateful one goes on by one sequence", () => {
  const x = input({ batchShape: [1, 2, 1] });
  const ones = { kernelInitializer: "ones", recurrentInitializer: "ones" } as const;
  const rnn = layers.simpleRNN({
    ...{ units: 1, stateful: true, returnState: true, activation: "linear", ...ones },
  });
  const model = modelOf({ inputs: x, outputs: on(rnn, x) });
  for (const sum of [2, 4, 6]) {
    const outputs = model.predict(tf.ones([1, 2, 1])) as tf.Tensor[];
    expect(outputs.map((y) => y.dataSync()[0])).toEqual([sum, sum]);
  }
});

test("in training, an output and a state of one call have the same dropout", () => {
  const x = input({ shape: [2, 8] });
  const lstm = layers.simpleRNN({
    units: 4,
    returnState: true,
    dropout: 0.5,
    recurrentInitializer: "zeros",
  });
  const model = modelOf({ inputs: x, outputs: on(lstm, x) }) as unknown as Layer;
  const [y, state] = called(model, tf.ones([3, 2, 8]), { training: true });
  expect(state!.dataSync()).toEqual(y!.dataSync());
});

test("what a layer reads twice is there for the layers after it", async () => {
  const x = input({ shape: [2] });
  const [y] = on(layers.dense({ units: 2 }), x);
  const [square] = on(layers.multiply(), [y!, y!]);
  const outputs = [...on(layers.add(), [square!, y!]), ...on(layers.maximum(), [y!, y!, square!])];
  const model = modelOf({ inputs: x, outputs });
  const given = tf.tensor2d([[1, -2]]);
  await expectNoTensorLeak(() => {
    const [sum, largest] = model.predict(given) as tf.Tensor[];
    const [value] = called(model.layers[1]!, given);
    expect(sum!.dataSync()).toEqual(tf.tidy(() => tf.add(tf.square(value!), value!).dataSync()));
    tf.dispose([sum!, largest!, value!]);
  });
});

test("states that tfjs-layers' own layer leaves in the arguments reach no later layer", async () => {
  const x = input({ shape: [T, 2] });
  const [, state] = on(layers.gru({ units: 2, returnState: true }), x);
  const zeros = { recurrentInitializer: "zeros" as const, returnSequences: true };
  const [y] = on(stock.simpleRNN({ units: 2, ...zeros }), [x, state!]);
  const last = layers.gru({ units: 2 });
  const model = modelOf({ inputs: x, outputs: on(last, y!) });
  const [sequence] = called(modelOf({ inputs: x, outputs: y! }) as unknown as Layer, values());
  const [want] = called(last, sequence!, { training: true });
  const [got] = called(model as unknown as Layer, values(), { training: true });
  expect(got!.dataSync()).toBeAllclose(want!.dataSync());
});

test("merges with an input of fewer axes, masked", () => {
  const [x, z] = [input({ shape: [T] }), input({ shape: [2] })];
  const [sequence] = on(embedding(), x);
  const product = on(layers.multiply(), [sequence!, z]);
  const model = modelOf({ inputs: [x, z], outputs: product });
  const [y] = called(model as unknown as Layer, [
    tokens(),
    tf.tensor2d([
      [2, 2],
      [3, 3],
    ]),
  ]);
  const [vectors] = called(
    model.layers.find((layer) => layer.getClassName() === "Embedding")!,
    tokens(),
  );
  const factor = tf.tensor3d([[[2]], [[3]]]);
  const unmasked = tf.where(tf.expandDims(mask(), 2), vectors!, tf.onesLike(vectors!));
  expect(y!.dataSync()).toEqual(tf.mul(unmasked, factor).dataSync());
  expect(maskOf(y!)).toBeUndefined();
});

test("BatchNormalization's statistics in training are those of the steps that count, of a frozen layer none", () => {
  const norm = layers.batchNormalization({ momentum: 0, scale: false });
  const x = tf.tensor3d([
    [[1], [100], [3]],
    [[5], [7], [-100]],
  ]);
  const [y] = called(norm, x, { mask: mask(), training: true });
  const [mean, variance] = norm.weights.slice(-2).map((weight) => weight.read().dataSync()[0]!);
  expect([mean, variance]).toBeAllclose([4, 5], { atol: 1e-5 });
  expect(y!.dataSync()[0]).toBeAllclose(-3 / Math.sqrt(5.001), { atol: 1e-5 });
  norm.trainable = false;
  called(norm, tf.mul(x, 9), { training: true });
  expect(norm.weights.at(-2)!.read().dataSync()[0]).toBe(mean);
});

/** Of each, what makes a mask known to one graph and not to the other: real Keras's are equal too. */
const unknownMasks: Record<string, (e: SymbolicTensor) => SymbolicTensor> = {
  "behind it": (e) => {
    const part = sequential({
      layers: [layers.activation({ activation: "tanh", inputShape: [T, 2] })],
    });
    const [both] = on(layers.concatenate({ axis: -1 }), [e, ...on(part, e)]);
    // A layer without a mask argument hands on what is known.
    const [later] = on(layers.activation({ activation: "linear" }), both!);
    return on(layers.gru({ units: 2, seed: 2 }), later!)[0]!;
  },
  "within it": (e) => {
    const x = input({ shape: [T, 2] });
    const [both] = on(layers.concatenate({ axis: 1 }), [x, ...on(layers.masking(), x)]);
    const part = modelOf({ inputs: x, outputs: on(layers.gru({ units: 2, seed: 2 }), both!) });
    return on(part as unknown as Layer, e)[0]!;
  },
};

test.each(Object.keys(unknownMasks))(
  "a model in a model has masks of its own: %s, what is joined with an unknown one keeps all steps",
  (where) => {
    const [masked, plain] = [true, false].map((maskZero) => {
      const x = input({ shape: [T] });
      const [e] = on(layers.embedding({ inputDim: 4, outputDim: 2, maskZero, seed: 1 }), x);
      const model = modelOf({ inputs: x, outputs: unknownMasks[where]!(e!) });
      return (model.predict(tokens()) as tf.Tensor).dataSync();
    });
    expect(masked).toEqual(plain);
  },
);
