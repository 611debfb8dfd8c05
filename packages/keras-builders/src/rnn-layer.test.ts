import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import { engineMemory } from "@rnnkit/fused-rnn";
import { expectNoTensorLeak } from "@rnnkit/test-kit";
import * as tf from "@tensorflow/tfjs-core";
import {
  initializers,
  input,
  type LayerVariable,
  regularizers,
  type Shape,
  type SymbolicTensor,
  sequential,
  layers as stock,
  model as stockModel,
} from "@tensorflow/tfjs-layers";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import type { AnyCell } from "./any-cell.ts";
import type { FusedCell } from "./fused-cell.ts";
import * as layers from "./layers.ts";
import { RecurrentCell } from "./recurrent-cell.ts";
import type { RecurrentLayer } from "./recurrent-layer.ts";
import type { RnnArgs } from "./rnn-layer.ts";

beforeAll(async () => {
  await tf.setBackend("wasm");
});

const [B, T, I, H] = [3, 5, 2, 4];
const uniform = (shape: number[], seed: number) => tf.randomUniform(shape, -1, 1, "float32", seed);
const x = () => uniform([B, T, I], 7);
const biasInitializer = initializers.randomUniform({ minval: -1, maxval: 1, seed: 9 });
const list = (y: unknown) => [y].flat() as tf.Tensor[];
const close = (got: tf.Tensor, want: tf.Tensor, atol = 1e-6) => {
  expect(got.shape).toEqual(want.shape);
  expect(got.dataSync()).toBeAllclose(want.dataSync(), { rtol: 0, atol });
};
const closeAll = (got: unknown, want: unknown, atol?: number) => {
  expect(list(got)).toHaveLength(list(want).length);
  for (const [i, w] of list(want).entries()) close(list(got)[i]!, w, atol);
};
const maskOf = (rows: number[][]) =>
  tf.tensor2d(rows.flat(), [rows.length, rows[0]!.length], "bool");
/** tfjs's wasm backend reverses no bool. */
const reversed = (mask: tf.Tensor) => tf.cast(tf.reverse(tf.cast(mask, "int32"), 1), "bool");
const mask = () =>
  maskOf([
    [0, 1, 1, 0, 1],
    [1, 1, 1, 0, 0],
    [0, 0, 0, 0, 0],
  ]);

/** SimpleRNN's step, written by a user. */
class OwnSimple extends RecurrentCell {
  static readonly className = "OwnSimple";
  readonly stateSize: number;
  readonly rate: number;
  readonly extra: object[];
  #weights: LayerVariable[] = [];

  constructor(args: { units: number; rate?: number; seed?: number; extra?: object[] }) {
    super(args);
    this.stateSize = args.units;
    this.rate = args.rate ?? 0;
    this.extra = args.extra ?? [];
  }

  override build(shape: Shape): void {
    const I = shape.at(-1)!;
    const [regularizer, constraint] = this.extra as never[];
    const glorot = initializers.glorotUniform({ seed: 3 });
    const add = (name: string, of: number[], initializer: typeof glorot) =>
      this.addWeight(name, of, "float32", initializer, regularizer, true, constraint);
    this.#weights = [
      add("kernel", [I, this.stateSize], glorot),
      add("recurrent_kernel", [this.stateSize, this.stateSize], glorot),
      add("bias", [this.stateSize], biasInitializer),
    ];
    this.built = true;
  }

  override call([x, h]: tf.Tensor[], { training }: { training?: boolean }): tf.Tensor[] {
    const [kernel, recurrent, bias] = this.#weights.map((weight) => weight.read());
    const dropped = (name: string, t: tf.Tensor) =>
      training && this.rate ? tf.mul(t, this.dropoutMask(name, t.shape, this.rate)) : t;
    const zx = tf.matMul(dropped("input", x!) as tf.Tensor2D, kernel as tf.Tensor2D);
    const zh = tf.matMul(dropped("state", h!) as tf.Tensor2D, recurrent as tf.Tensor2D);
    const y = tf.tanh(tf.add(tf.add(zx, zh), bias!));
    return [y, y];
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { units: this.stateSize, rate: this.rate, ...super.getConfig() };
  }
}
const own = (args: Partial<ConstructorParameters<typeof OwnSimple>[0]> = {}) =>
  new OwnSimple({ units: H, ...args });

/** A cell of this package that is not seen to be one, so that it runs step by step. */
class Hidden extends RecurrentCell {
  static readonly className = "Hidden";
  readonly inner: FusedCell;
  readonly stateSize: number | readonly number[];

  constructor(inner: FusedCell) {
    super();
    this.inner = inner;
    this.stateSize = inner.stateSize;
  }
  override build(shape: Shape): void {
    this.inner.build(shape);
    this.built = true;
  }
  override get trainableWeights(): LayerVariable[] {
    return this.inner.trainableWeights;
  }
  override call(inputs: tf.Tensor[]): tf.Tensor[] {
    return this.inner.call(inputs, {});
  }
}

/** s′ = s + x from s = 10; the output is [s′, 2s′]. */
class Sum extends RecurrentCell {
  static readonly className = "Sum";
  readonly stateSize = 1;
  override get outputSize(): number {
    return 2;
  }
  override getInitialState(batchSize: number): tf.Tensor {
    return tf.fill([batchSize, 1], 10);
  }
  override call([x, s]: tf.Tensor[]): tf.Tensor[] {
    const sum = tf.add(s!, x!);
    return [tf.concat([sum, tf.mul(sum, 2)], 1), sum];
  }
}

const fusedCells: Record<string, () => FusedCell> = {
  SimpleRNN: () => layers.simpleRNNCell({ units: H, seed: 3, biasInitializer }),
  LSTM: () => layers.lstmCell({ units: H, seed: 3, biasInitializer }),
  "GRU reset after": () => layers.gruCell({ units: H, seed: 3, biasInitializer }),
  "GRU reset before": () =>
    layers.gruCell({ units: H, seed: 3, biasInitializer, resetAfter: false }),
};
const layerOf: Record<string, (args: Partial<RnnArgs>) => RecurrentLayer> = {
  SimpleRNN: (args) => layers.simpleRNN({ units: H, seed: 3, biasInitializer, ...args }),
  LSTM: (args) => layers.lstm({ units: H, seed: 3, biasInitializer, ...args }),
  "GRU reset after": (args) => layers.gru({ units: H, seed: 3, biasInitializer, ...args }),
  "GRU reset before": (args) =>
    layers.gru({ units: H, seed: 3, biasInitializer, resetAfter: false, ...args }),
};
/** TypeScript takes the `cell` of a layer's rest of options for one of the layer's. */
const bare = ({ cell: _, ...args }: Partial<RnnArgs>) => args;

describe.each(Object.entries(fusedCells))("RNN over the cell of %s", (name, cell) => {
  const states = (layer: RecurrentLayer) =>
    Array.from({ length: layer.stateCount }, (_, i) => uniform([B, H], 20 + i));
  const options = [
    {},
    { returnSequences: true, returnState: true },
    { goBackwards: true, returnSequences: true, zeroOutputForMask: true, returnState: true },
  ];

  test("is the layer, alone and as a list of one", () => {
    for (const args of options) {
      const want = layerOf[name]!(bare(args));
      for (const given of [cell(), [cell()]]) {
        const got = layers.rnn({ cell: given, ...args });
        closeAll(got.apply(x()), want.apply(x()));
        closeAll(got.apply(x(), { mask: mask() }), want.apply(x(), { mask: mask() }));
        const initialState = states(want);
        closeAll(got.apply(x(), { initialState }), want.apply(x(), { initialState }));
        expect(got.computeOutputShape([B, T, I])).toEqual(want.computeOutputShape([B, T, I]));
      }
    }
  });

  test("a list of two is two layers in a row, the mask reaching both, in either direction", () => {
    for (const goBackwards of [false, true]) {
      const second = () => layers.gruCell({ units: 2, seed: 5, biasInitializer });
      const both = layers.rnn({
        cell: [cell(), second()],
        ...{ goBackwards, returnSequences: true, returnState: true, zeroOutputForMask: true },
      });
      const lower = layerOf[name]!({ goBackwards, returnSequences: true, returnState: true });
      const upper = layers.gru({
        ...{ units: 2, seed: 5, biasInitializer },
        ...{ returnSequences: true, returnState: true, zeroOutputForMask: true },
      });
      for (const given of [undefined, mask()]) {
        const [y, ...low] = list(lower.apply(x(), { mask: given }));
        const above = given && goBackwards ? reversed(given) : given;
        const [z, ...high] = list(upper.apply(y!, { mask: above }));
        // The first cell's states first.
        closeAll(both.apply(x(), { mask: given }), [z, ...low, ...high]);
      }
    }
  });

  test("step by step is fused: outputs, states and all gradients, for any mask and direction", () => {
    const sizes = { B: fc.integer({ min: 1, max: 4 }), T: fc.integer({ min: 1, max: 6 }) };
    const cases = fc.record({
      ...{ ...sizes, I: fc.integer({ min: 1, max: 5 }) },
      ...{ masked: fc.boolean(), started: fc.boolean(), goBackwards: fc.boolean() },
      ...{ returnSequences: fc.boolean(), zeroOutputForMask: fc.boolean() },
      steps: fc.array(fc.boolean(), { minLength: 24, maxLength: 24 }),
      below: fc.boolean(),
    });
    fc.assert(
      fc.property(cases, ({ B, T, I, masked, started, steps, below, ...args }) => {
        const under = () => (below ? [layers.lstmCell({ units: 3, seed: 8 })] : []);
        const [slow, fast] = [new Hidden(cell()), cell()].map((top) =>
          layers.rnn({ cell: [...under(), top], ...args, returnState: true }),
        );
        const at = tf.variable(uniform([B, T, I], 1));
        const sizesOf = [fast!.cell.stateSize].flat() as number[];
        const first = sizesOf.map((n, i) => tf.variable(uniform([B, n], 30 + i)));
        const kwargs = {
          ...(masked && { mask: tf.tensor2d(steps.slice(0, B * T), [B, T], "bool") }),
          ...(started && { initialState: first }),
        };
        const run = (layer: RecurrentLayer) => {
          layer.apply(at);
          const weights = layer.trainableWeights.map((w) => w.read() as tf.Variable);
          let outputs: tf.Tensor[] = [];
          const { grads } = tf.variableGrads(() => {
            outputs = list(layer.apply(at, kwargs)).map((y) => tf.keep(y));
            const sums = outputs.map((y, k) => tf.sum(tf.mul(y, uniform(y.shape, 40 + k))));
            return tf.addN(sums) as tf.Scalar;
          }, [at, ...(started ? first : []), ...weights]);
          const all = [at, ...(started ? first : []), ...weights];
          return { outputs, gradients: all.map((v) => grads[v.name]!) };
        };
        const [got, want] = [run(slow!), run(fast!)];
        closeAll(got.outputs, want.outputs, 2e-6);
        closeAll(got.gradients, want.gradients, 1e-5);
      }),
      { numRuns: 25 },
    );
  });
});

// Keras 3.15.1 on TensorFlow and on PyTorch: RNN(Sum(), return_state=True) of 1, 2, 3, 4; first outputs.
const table: [number[], boolean, boolean, number[], number, number][] = [
  // mask, zeroOutputForMask, goBackwards, outputs[:, 0], state, last output
  [[0, 1, 0, 1], false, false, [0, 12, 12, 16], 16, 16],
  [[0, 1, 0, 1], false, true, [14, 14, 16, 16], 16, 16],
  [[0, 1, 0, 1], true, false, [0, 12, 0, 16], 16, 16],
  [[0, 1, 0, 1], true, true, [14, 0, 16, 0], 16, 0],
  [[0, 0, 0, 0], false, false, [0, 0, 0, 0], 10, 0],
  [[1, 1, 1, 0], false, false, [11, 13, 16, 16], 16, 16],
  [[1, 1, 1, 0], false, true, [0, 13, 15, 16], 16, 16],
  [[1, 1, 1, 0], true, false, [11, 13, 16, 0], 16, 0],
];
test.each(table)(
  "mask %j, zeroOutputForMask %s, goBackwards %s: Keras's numbers for a cell of one's own",
  (row, zeroOutputForMask, goBackwards, outputs, state, last) => {
    const counts = tf.tensor3d([1, 2, 3, 4], [1, 4, 1]);
    const args = { zeroOutputForMask, goBackwards, returnState: true };
    const all = layers.rnn({ cell: new Sum(), ...args, returnSequences: true });
    const [y, s] = list(all.apply(counts, { mask: maskOf([row]) }));
    expect(y!.shape).toEqual([1, 4, 2]);
    const firsts = tf.slice(y!, [0, 0, 0], [1, 4, 1]);
    expect(Array.from(firsts.dataSync())).toEqual(outputs);
    close(tf.slice(y!, [0, 0, 1], [1, 4, 1]), tf.mul(firsts, 2));
    expect(Array.from(s!.dataSync())).toEqual([state]);
    const [end] = list(
      layers.rnn({ cell: new Sum(), ...args }).apply(counts, { mask: maskOf([row]) }),
    );
    expect(Array.from(end!.dataSync())).toEqual([last, 2 * last]);
  },
);

test("stateful starts from the cell's own state and resets to zero, as Keras's does", () => {
  const counts = tf.tensor3d([1, 2, 3, 4], [1, 4, 1]);
  const layer = layers.rnn({ cell: new Sum(), stateful: true });
  const last = () => (layer.apply(counts) as tf.Tensor).dataSync()[0];
  expect([last(), last()]).toEqual([20, 30]);
  layer.resetState();
  expect(last()).toBe(10);
  layer.resetStates(tf.tensor2d([[5]]));
  expect(last()).toBe(15);
});

test("a cell of one's own that does what SimpleRNN does is SimpleRNN, dropout masks included", () => {
  for (const goBackwards of [false, true]) {
    const args = { goBackwards, returnSequences: true, returnState: true };
    const mine = layers.rnn({ cell: own({ rate: 0.4, seed: 11 }), ...args });
    const theirs = layers.simpleRNN({
      ...{ units: H, dropout: 0.4, recurrentDropout: 0.4, seed: 11, ...args },
    });
    mine.apply(x());
    theirs.apply(x());
    theirs.setWeights(mine.getWeights());
    const initialState = [uniform([B, H], 50)];
    closeAll(mine.apply(x(), { initialState }), theirs.apply(x(), { initialState }));
    // The same seed: the same masks at every step of a call, others in the next.
    const calls = [0, 1].map(() => {
      const kwargs = { training: true, mask: mask() };
      const [got, want] = [mine, theirs].map((layer) => layer.apply(x(), { ...kwargs }));
      closeAll(got, want);
      return Array.from(list(got)[0]!.dataSync());
    });
    expect(calls[0]).not.toEqual(calls[1]);
  }
});

test("each cell of a stack has dropout masks of its own, per gate with recurrentDropout", () => {
  const drop = (shape: number[], seed: number) =>
    tf.mul(2, tf.cast(tf.greater(uniform(shape, seed), 0), "float32"));
  const masks = [
    { inputDropoutMask: drop([4, B, I], 1), recurrentDropoutMask: drop([4, B, 3], 2) },
    { inputDropoutMask: drop([B, 3], 3) },
  ];
  const [lstm, gru] = [
    () => layers.lstmCell({ units: 3, seed: 4 }),
    fusedCells["GRU reset after"]!,
  ];
  const [both, lower, upper] = [[lstm(), gru()], lstm(), gru()].map((cell) =>
    layers.rnn({ cell, returnSequences: true }),
  ) as [RecurrentLayer, RecurrentLayer, RecurrentLayer];
  both.apply(x());
  upper.apply(lower.apply(x()) as tf.Tensor);
  const below = lower.recur(x(), { dropoutMasks: masks.slice(0, 1) });
  const above = upper.recur(below.outputs, { dropoutMasks: masks.slice(1) });
  const got = both.recur(x(), { dropoutMasks: masks });
  closeAll([got.outputs, ...got.state], [above.outputs, ...below.state, ...above.state]);
  expect(got.outputs.dataSync()).not.toBeAllclose(list(both.apply(x()))[0]!.dataSync(), {
    atol: 1e-3,
  });
});

test("NaN in a masked step reaches neither outputs nor states nor gradients of a cell of one's own", () => {
  const layer = layers.rnn({ cell: own(), returnSequences: true, returnState: true });
  const clean = x();
  const steps = tf.reshape(mask(), [B, T, 1]) as tf.Tensor;
  const dirty = tf.variable(tf.where(steps, clean, tf.fill(clean.shape, Number.NaN)));
  closeAll(layer.apply(dirty, { mask: mask() }), layer.apply(clean, { mask: mask() }));
  const weights = layer.trainableWeights.map((w) => w.read() as tf.Variable);
  const gradients = (at: tf.Variable) =>
    tf.variableGrads(
      () => tf.addN(list(layer.apply(at, { mask: mask() })).map((y) => tf.sum(y))) as tf.Scalar,
      [at, ...weights],
    ).grads;
  const [got, want] = [gradients(dirty), gradients(tf.variable(clean))];
  for (const w of weights) close(got[w.name]!, want[w.name]!);
  const dx = got[dirty.name]!;
  expect(tf.any(tf.isNaN(dx)).dataSync()[0]).toBe(0);
  close(tf.mul(dx, tf.sub(1, tf.cast(steps, "float32"))), tf.zeros([B, T, I]), 0);
});

test("tfjs-layers' own cells run too, their dropout masks drawn anew for every call", async () => {
  const args = { units: H, kernelInitializer: "glorotUniform", dropout: 0.4 } as const;
  const lstm = stock.lstmCell({ ...args, recurrentDropout: 0.3 }) as unknown as AnyCell;
  const stack = stock.stackedRNNCells({
    cells: [stock.gruCell(args), stock.gruCell({ units: 2 })],
  });
  const layer = layers.rnn({ cell: [lstm, stack as unknown as AnyCell], returnState: true });
  const [y, ...states] = list(layer.apply(x()));
  // h and c of the LSTM, then the stack's, its first cell's first.
  expect(states.map(({ shape }) => shape[1])).toEqual([H, H, H, 2]);
  close(states[3]!, y!);
  const train = () => Array.from(list(layer.apply(x(), { training: true }))[0]!.dataSync());
  expect(train()).not.toEqual(train());
  const given = x();
  await expectNoTensorLeak(() => tf.tidy(() => void layer.apply(given, { training: true })));
});

const kinds: Record<string, () => AnyCell | AnyCell[]> = {
  "a fused cell": () => layers.lstmCell({ units: H, dropout: 0.2, recurrentDropout: 0.2 }),
  "a fused stack": () => [
    layers.lstmCell({ units: 3, dropout: 0.2 }),
    layers.gruCell({ units: H }),
  ],
  "a cell of one's own": () => own({ rate: 0.2 }),
  "a mixed stack": () => [layers.gruCell({ units: 3 }), own({ rate: 0.2 })],
};

describe.each(Object.entries(kinds))("RNN over %s", (_, cell) => {
  test("fit and predict, masked, from a state, stateful or not, leave nothing behind", async () => {
    const run = { batchSize: B, verbose: 0 };
    const target = tf.zeros([B, H]);
    for (const stateful of [false, true]) {
      const model = sequential({
        layers: [
          layers.masking({ maskValue: 0, batchInputShape: [B, T, I] }),
          layers.rnn({ cell: cell(), stateful, returnSequences: true }),
          layers.rnn({ cell: cell() }),
        ],
      });
      model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
      const given = tf.mul(x(), tf.cast(tf.reshape(mask(), [B, T, 1]), "float32"));
      await expectNoTensorLeak(async () => {
        await model.fit(given, target, { ...run, epochs: 3 });
        tf.dispose(model.predict(given, { batchSize: B }));
        if (stateful) model.resetStates();
      });
      model.dispose();
    }
    expect(engineMemory()).toEqual({ used: 0, tapes: 0 });
    const layer = layers.rnn({ cell: cell(), returnState: true });
    const given = x();
    const initialState = list(layer.apply(given)).slice(1);
    await expectNoTensorLeak(() => tf.tidy(() => void layer.apply(given, { initialState })));
  });

  test("a carried state makes two halves equal the whole; symbolic states make a model", () => {
    const args = { cell: cell(), returnSequences: true, returnState: true };
    const layer = layers.rnn(args);
    const time = (from: number, to: number) => tf.slice(x(), [0, from, 0], [-1, to - from, -1]);
    const [whole, ...final] = list(layer.apply(x()));
    const [first, ...carried] = list(layer.apply(time(0, 2)));
    const [second, ...end] = list(layer.apply([time(2, T), ...carried]));
    closeAll([tf.concat([first!, second!], 1), ...end], [whole, ...final]);
    const inputs = [
      input({ shape: [T - 2, I] }),
      ...carried.map(({ shape }) => input({ shape: [shape[1]!] })),
    ];
    const outputs = layer.apply(inputs) as SymbolicTensor[];
    const model = stockModel({ inputs, outputs });
    closeAll(model.predict([time(2, T), ...carried]), [second, ...end]);
  });

  test("weights go out and in cell by cell, whatever is trained", () => {
    const layer = layers.rnn({ cell: cell() });
    layer.build([null, T, I]);
    const cells = [(layer.cell as { cells?: AnyCell[] }).cells ?? layer.cell].flat();
    const want = cells.flatMap((each) => each.weights.map(({ name }) => name));
    const names = () => layer.weights.map(({ name }) => name);
    expect(names()).toEqual(want);
    const other = layers.rnn({ cell: cell() });
    other.apply(x());
    other.setWeights(layer.getWeights());
    closeAll(other.apply(x()), layer.apply(x()));
    cells[0]!.trainable = false;
    expect(names()).toEqual(want);
    const left = want.length - cells[0]!.weights.length;
    expect(layer.trainableWeights).toHaveLength(left);
    layer.trainable = false;
    expect([layer.trainableWeights.length, layer.nonTrainableWeights.length]).toEqual([
      0,
      want.length,
    ]);
    layer.trainable = true;
    expect(layer.trainableWeights).toHaveLength(want.length);
  });

  test("Bidirectional reads it both ways: masks, states, merge modes", () => {
    for (const returnSequences of [false, true]) {
      const args = { returnSequences, returnState: true };
      const layer = layers.rnn({ cell: cell(), ...args });
      const both = layers.bidirectional({ layer, mergeMode: "sum" });
      both.apply(x());
      const half = both.getWeights().length / 2;
      const alone = [false, true].map((goBackwards, i) => {
        const one = layers.rnn({
          cell: cell(),
          ...args,
          goBackwards,
          zeroOutputForMask: returnSequences,
        });
        one.apply(x());
        one.setWeights(both.getWeights().slice(i * half, (i + 1) * half));
        return one;
      });
      const count = both.forwardLayer.stateCount;
      const initialState = list(both.apply(x())).slice(1);
      expect(initialState).toHaveLength(2 * count);
      const [[y, ...forward], [z, ...backward]] = alone.map((one, i) =>
        list(
          one.apply(x(), {
            mask: mask(),
            initialState: initialState.slice(i * count, (i + 1) * count),
          }),
        ),
      ) as [tf.Tensor[], tf.Tensor[]];
      const merged = tf.add(y!, returnSequences ? tf.reverse(z!, 1) : z!);
      const got = both.apply(x(), { mask: mask(), initialState });
      closeAll(got, [merged, ...forward, ...backward]);
      expect(both.weights.every(({ originalName }) => /\/(for|back)ward_/.test(originalName))).toBe(
        true,
      );
    }
  });
});

test("a stateful stack carries every cell's state, through Bidirectional too, and resets", () => {
  const cell = () => [layers.lstmCell({ units: 3, seed: 1 }), own(), layers.gruCell({ units: 2 })];
  const layer = layers.rnn({ cell: cell(), stateful: true, returnSequences: true });
  const halves = () =>
    tf.concat(
      [0, 2].map((t) => layer.apply(tf.slice(x(), [0, t, 0], [-1, 2, -1])) as tf.Tensor),
      1,
    );
  const before = halves();
  expect(layer.states.map(({ shape }) => shape)).toEqual([3, 3, H, 2].map((n) => [B, n]));
  layer.resetStates();
  close(halves(), before);
  const whole = layers.rnn({ cell: layer.cell, returnSequences: true });
  close(whole.apply(tf.slice(x(), [0, 0, 0], [-1, 4, -1])) as tf.Tensor, before);
  const both = layers.bidirectional({ layer: layers.rnn({ cell: cell(), stateful: true }) });
  const [first, second] = [0, 1].map(() => both.apply(x()) as tf.Tensor);
  expect(second!.dataSync()).not.toBeAllclose(first!.dataSync(), { atol: 1e-4 });
  both.resetState();
  close(both.apply(x()) as tf.Tensor, first!);
});

test("regularizers of cells reach the loss and constraints hold, in stacks and Bidirectional", async () => {
  const nonNeg = { getConfig: () => ({}), apply: (w: tf.Tensor) => tf.relu(w) };
  const regularizer = regularizers.l2({ l2: 0.5 });
  const cell = () => [
    layers.gruCell({ units: 3, kernelRegularizer: regularizer, recurrentConstraint: "nonNeg" }),
    own({ extra: [regularizer, nonNeg] }),
  ];
  for (const wrap of [
    (layer: RecurrentLayer) => layer,
    (layer: RecurrentLayer) => layers.bidirectional({ layer, mergeMode: "sum" }),
  ]) {
    const layer = layers.rnn({ cell: cell() });
    if (wrap(layer) === layer) {
      const model = sequential({ layers: [layers.masking({ inputShape: [T, I] }), layer] });
      model.compile({ optimizer: "adam", loss: "meanSquaredError" });
      const predicted = model.predict(x()) as tf.Tensor;
      const [first, ...others] = layer.getWeights().map((w) => tf.sum(tf.square(w)).dataSync()[0]!);
      // The GRU's kernel, and all three of the other cell's.
      const penalty = 0.5 * (first! + others.slice(2).reduce((a, b) => a + b));
      const target = tf.fill([B, H], -1);
      const error = tf.mean(tf.square(tf.sub(predicted, target))).dataSync()[0]!;
      const loss = (await model.trainOnBatch(x(), target)) as number;
      expect(loss).toBeAllclose(error + penalty, { rtol: 1e-5 });
      await model.fit(x(), target, { epochs: 3, verbose: 0 });
      for (const i of [1, 3, 4, 5]) {
        expect(tf.min(layer.getWeights()[i]!).dataSync()[0]).toBeGreaterThanOrEqual(0);
      }
      const given = layer.getWeights().map((w) => tf.sub(w, 1));
      layer.setWeights(given);
      closeAll(layer.getWeights(), given, 0);
    } else {
      const both = layers.bidirectional({ layer: layers.rnn({ cell: [cell()[0]!] }) });
      both.build([null, T, I]);
      expect(both.losses).toHaveLength(2);
    }
  }
});

test("what is no cell, or gives not what it announced, is refused by name; the next call works", () => {
  const name = "rnn";
  const good = layers.rnn({ cell: own(), name });
  const want = good.apply(x()) as tf.Tensor;
  class Bad extends Sum {
    readonly #given: (B: number) => tf.Tensor[];
    constructor(given: (B: number) => tf.Tensor[]) {
      super({ name: "bad" });
      this.#given = given;
    }
    override call(): tf.Tensor[] {
      return this.#given(B);
    }
  }
  const bad = (given: (B: number) => tf.Tensor[]) =>
    layers.rnn({ cell: new Bad(given), name }).apply(x());
  const before = tf.memory().numTensors;
  const refusals: [() => unknown, string][] = [
    [() => layers.rnn({ name } as never), "rnn: expected a cell, a layer with stateSize and call"],
    [
      () => layers.rnn({ name, cell: layers.dense({ units: 1 }) as never }),
      "rnn: expected a cell, a layer with stateSize and call, got Dense with stateSize undefined",
    ],
    [
      () => layers.rnn({ name, cell: own(), units: 3 } as never),
      "rnn: expected options cell, returnSequences, returnState, goBackwards, stateful, unroll, ",
    ],
    [
      () => layers.lstmCell({ units: 3, returnSequences: true } as never),
      "lstmCell: expected options units, activation, ",
    ],
    [() => layers.rnn({ name, cell: [] }), "rnn_cells: expected cells, a list of at least one"],
    [() => bad((n) => [tf.zeros([n, 2])]), "rnn: expected bad to give 1 states, got 0"],
    [
      () => bad((n) => [tf.zeros([n, 3]), tf.zeros([n, 1])]),
      "rnn: expected an output of bad of shape [3, 2], got [3, 3]",
    ],
    [
      () => bad((n) => [tf.zeros([n, 2]), tf.zeros([n, 2])]),
      "rnn: expected a state of bad (state) of shape [3, 1], got [3, 2]",
    ],
    [
      () => layers.rnn({ cell: kinds["a fused stack"]!(), name }).apply([x(), tf.zeros([B, 3])]),
      "rnn: expected 3 states (h of cell 0, c of cell 0, h of cell 1), got 1",
    ],
    [
      () => layers.rnn({ cell: kinds["a fused stack"]!(), name }).apply(tf.zeros([B, T, I, 2])),
      "rnn: expected an input of shape [B, T, I], got [3, 5, 2, 2]",
    ],
    [() => good.apply(tf.zeros([B, I])), "rnn: expected an input of shape [B, T, 2], got [3, 2]"],
  ];
  for (const [call, message] of refusals) {
    expect(() => tf.tidy(call as never), message).toThrow(message);
  }
  expect(tf.memory().numTensors - before).toBeLessThan(12);
  close(good.apply(x()) as tf.Tensor, want);
});

test("a cell of one's own may read more than one axis of features", () => {
  class Mean extends Sum {
    override call([image, s]: tf.Tensor[]): tf.Tensor[] {
      return super.call([tf.reshape(tf.mean(image!, [1, 2]), [-1, 1]), s!]);
    }
  }
  const images = tf.ones([2, 3, 4, 5]);
  const steps = maskOf([
    [1, 1, 0],
    [0, 0, 1],
  ]);
  const y = layers.rnn({ cell: new Mean() }).apply(images, { mask: steps }) as tf.Tensor;
  expect(y.arraySync()).toEqual([
    [12, 24],
    [11, 22],
  ]);
});

test("cells start from the weights that their options hold", () => {
  const weights = () => [tf.fill([2, 3], 0.1), tf.fill([3, 3], 0.2), tf.fill([3], 0.3)];
  const cell = () => layers.simpleRNNCell({ units: 3, weights: weights() });
  const second = layers.simpleRNNCell({ units: 1 });
  for (const rnn of [layers.rnn({ cell: cell() }), layers.rnn({ cell: [cell(), second] })]) {
    rnn.build([1, 4, 2]);
    for (const [i, value] of weights().entries()) {
      expect(rnn.getWeights()[i]!.dataSync()).toBeAllclose(value.dataSync());
    }
  }
});
