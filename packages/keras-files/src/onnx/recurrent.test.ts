import { tolerances } from "@rnnkit/test-kit/tolerances";
import "@tensorflow/tfjs-backend-wasm";
import { layers as ours } from "@rnnkit/keras-builders";
import * as tf from "@tensorflow/tfjs-core";
import { input, model, sequential, layers as stock } from "@tensorflow/tfjs-layers";
import fc from "fast-check";
import { InferenceSession } from "onnxruntime-node";
import { beforeAll, describe, expect, test } from "vitest";
import { exportOnnx } from "./export.ts";
import { expectAgreement, real, runOnnx, shake, tokens } from "./runtime.fixture.ts";

// biome-ignore lint/suspicious/noExplicitAny: options of several of tfjs's layers.
type Any = any;

beforeAll(async () => {
  await tf.setBackend("wasm");
});

const [B, T, I, H] = [3, 7, 5, 4];
const inputShape = [null, I];

const cells: Record<string, (args: Any) => Any> = {
  SimpleRNN: ours.simpleRNN,
  LSTM: ours.lstm,
  "GRU reset after": ours.gru,
  "GRU reset before": (args) => ours.gru({ ...args, resetAfter: false }),
  "tfjs SimpleRNN": stock.simpleRNN,
  "tfjs LSTM": stock.lstm,
  "tfjs GRU": stock.gru,
};
const isSimple = (name: string) => name.endsWith("SimpleRNN");
const functions = [
  "tanh",
  "sigmoid",
  "relu",
  "elu",
  "softplus",
  "softsign",
  "linear",
  "hardSigmoid",
];

describe.each(Object.entries(cells))("%s", (name, cell) => {
  const isStock = name.startsWith("tfjs");
  const bidirectional: (args: Any) => Any = isStock ? stock.bidirectional : ours.bidirectional;
  const both = [false, true];

  test.each(
    both.flatMap((returnSequences) =>
      both.flatMap((goBackwards) =>
        both.map((useBias) => ({ returnSequences, goBackwards, useBias })),
      ),
    ),
  )("%o", async (options) => {
    const layer = cell({ units: H, inputShape, ...options });
    await expectAgreement(sequential({ layers: [layer] }), real([B, T, I]));
  });

  test.each(isStock ? functions : [...functions, "leakyRelu"])("%s", async (activation) => {
    const recurrentActivation = activation === "sigmoid" ? "tanh" : activation;
    const gates = isSimple(name) ? {} : { recurrentActivation };
    const layer = cell({ units: H, inputShape, activation, ...gates });
    await expectAgreement(sequential({ layers: [layer] }), real([B, 4, I]));
  });

  const merges = ["concat", "sum", "mul", "ave"].flatMap((mergeMode) =>
    both.map((returnSequences) => ({ mergeMode, returnSequences })),
  );
  test.each(merges)("Bidirectional, %o", async ({ mergeMode, returnSequences }) => {
    const layer = bidirectional({
      layer: cell({ units: H, returnSequences }),
      mergeMode,
      inputShape,
    });
    await expectAgreement(sequential({ layers: [layer] }), real([B, T, I]));
  });

  test.each(both)(
    "every output of its own: returnState, mergeMode null (%o)",
    async (returnSequences) => {
      const x = input({ shape: inputShape });
      const options = { units: H, returnSequences, returnState: true };
      const one = cell(options).apply(x) as Any[];
      const two = bidirectional({ layer: cell(options), mergeMode: null }).apply(x) as Any[];
      await expectAgreement(model({ inputs: x, outputs: one }), real([B, T, I]));
      await expectAgreement(model({ inputs: x, outputs: two }), real([B, T, I]));
    },
  );

  test.each(both)("under masks of any pattern, goBackwards %o", async (goBackwards) => {
    const embedding = isStock ? stock.embedding : ours.embedding;
    const made = sequential({
      layers: [
        embedding({ inputDim: 7, outputDim: I, maskZero: true }),
        cell({ units: H, returnSequences: true, goBackwards }),
        ours.dropout({ rate: 0.5 }),
        ours.dense({ units: 3, activation: "tanh" }),
        cell({ units: 2, goBackwards }),
      ],
    });
    await expectAgreement(made, tokens());
  });

  test.each(both)("Bidirectional under masks, returnSequences %o", async (returnSequences) => {
    const made = sequential({
      layers: [
        (isStock ? stock : ours).masking({ maskValue: 0.5, inputShape }),
        bidirectional({ layer: cell({ units: H, returnSequences: true }) }),
        bidirectional({ layer: cell({ units: 2, returnSequences }), mergeMode: "sum" }),
      ],
    });
    const kept = tf.expandDims(tf.cast(tokens(), "bool"), 2);
    await expectAgreement(made, tf.where(kept, real([5, T, I]), tf.fill([5, T, I], 0.5)));
  });

  test("TimeDistributed", async () => {
    const each: (args: Any) => Any = isStock ? stock.timeDistributed : ours.timeDistributed;
    const inner = cell({ units: H, returnSequences: true });
    const layer = each({ layer: inner, inputShape: [null, 6, I] });
    const dense = each({ layer: ours.dense({ units: 2, activation: "softmax" }) });
    const flat = each({ layer: stock.flatten() });
    await expectAgreement(sequential({ layers: [layer, dense, flat] }), real([B, 3, 6, I]));
  });
});

test("a mask goes through TimeDistributed to the recurrence behind", async () => {
  const made = sequential({
    layers: [
      ours.embedding({ inputDim: 7, outputDim: I, maskZero: true }),
      ours.timeDistributed({ layer: ours.dense({ units: 2 }) }),
      ours.gru({ units: H }),
    ],
  });
  await expectAgreement(made, tokens());
});

test.each([
  { returnSequences: true },
  { returnSequences: false },
  { returnSequences: false, goBackwards: true },
  { returnSequences: true, goBackwards: true },
])("zeroOutputForMask, %o", async (options) => {
  const made = sequential({
    layers: [
      ours.embedding({ inputDim: 7, outputDim: I, maskZero: true }),
      ours.lstm({ units: H, zeroOutputForMask: true, ...options }),
    ],
  });
  await expectAgreement(made, tokens());
});

test("a backwardLayer of another kind, and a forward one that reads backwards", async () => {
  const gru = ours.gru({ units: H, goBackwards: true, returnSequences: true });
  const lstm = ours.lstm({ units: 3, returnSequences: true });
  for (const [layer, backwardLayer] of [
    [lstm, gru],
    [gru, lstm],
  ] as const) {
    const both = ours.bidirectional({ layer, backwardLayer, inputShape: [null, I] });
    await expectAgreement(sequential({ layers: [both] }), real([B, T, I]));
  }
});

test("batch and time of a file are free, other sizes than any before give tfjs's numbers", async () => {
  const size = fc.integer({ min: 1, max: 19 });
  const sizes = fc.record({ b: size, t: size, i: size, h: size, seed: fc.nat() });
  const property = fc.asyncProperty(
    ...[sizes, fc.constantFrom(...Object.keys(cells)), fc.boolean()],
    fc.array(fc.record({ b: size, t: size }), { minLength: 1, maxLength: 3 }),
    async ({ i, h, seed }, name, goBackwards, calls) => {
      const layer = cells[name]!({ units: h, goBackwards, inputShape: [null, i] });
      const made = sequential({ layers: [layer, ours.dense({ units: 2 })] });
      shake(made, seed);
      const bytes = await exportOnnx(made);
      for (const { b, t } of calls) {
        const x = real([b, t, i], seed);
        const [y] = Object.values(await runOnnx(bytes, { [made.inputNames[0]!]: x }));
        const want = made.predict(x) as tf.Tensor;
        expect(y!.dataSync()).toBeAllclose(want.dataSync(), tolerances.onnx.outputs);
      }
      made.dispose();
    },
  );
  await fc.assert(property, { numRuns: 40 });
});

test("any mask, any sizes", async () => {
  const sizes = fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 9 }));
  const masked = sizes.chain(([b, t]) =>
    fc.array(fc.array(fc.integer({ min: 0, max: 2 }), { minLength: t, maxLength: t }), {
      minLength: b,
      maxLength: b,
    }),
  );
  const options = fc.record({
    returnSequences: fc.boolean(),
    goBackwards: fc.boolean(),
    zeroOutputForMask: fc.boolean(),
  });
  const property = fc.asyncProperty(masked, options, fc.boolean(), async (rows, given, both) => {
    const layer = ours.gru({ units: H, ...given });
    const made = sequential({
      layers: [
        ours.embedding({ inputDim: 3, outputDim: I, maskZero: true }),
        both ? ours.bidirectional({ layer }) : layer,
      ],
    });
    await expectAgreement(made, tf.tensor2d(rows, undefined, "int32"));
    made.dispose();
  });
  await fc.assert(property, { numRuns: 40 });
});

test.each(["tfjs", "ours"])(
  "a stateful model of %s goes on from the state that it is fed",
  async (whose) => {
    const { lstm, gru, bidirectional } = (whose === "tfjs" ? stock : ours) as Any;
    const made = sequential({
      layers: [
        lstm({
          units: H,
          stateful: true,
          returnSequences: true,
          batchInputShape: [B, 1, I],
          name: "one",
        }),
        bidirectional({ layer: gru({ units: 2, stateful: true, name: "gru" }), name: "two" }),
      ],
    });
    shake(made);
    made.resetStates();
    const bytes = await exportOnnx(made);
    const session = await InferenceSession.create(bytes);
    const states = { one_h: H, one_c: H, forward_gru_h: 2, backward_gru_h: 2 };
    expect(session.inputNames.slice().sort()).toEqual(["one_input", ...Object.keys(states)].sort());
    expect(session.inputMetadata.find(({ name }) => name === "one_h")).toMatchObject({
      shape: [B, H],
    });
    let carried = Object.fromEntries(
      Object.entries(states).map(([name, units]) => [name, tf.zeros([B, units])]),
    );
    for (let step = 0; step < 4; step++) {
      const x = real([B, 1, I], step);
      const outputs = await runOnnx(bytes, { one_input: x, ...carried });
      const want = (made.predict(x) as tf.Tensor).dataSync();
      expect(outputs.two!.dataSync()).toBeAllclose(want, tolerances.onnx.outputs);
      carried = Object.fromEntries(
        Object.keys(states).map((name) => [name, outputs[`${name}_next`]!]),
      );
    }
  },
);
