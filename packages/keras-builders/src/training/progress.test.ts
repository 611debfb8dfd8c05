import "@tensorflow/tfjs-backend-cpu";
import { expectNoTensorLeak } from "@rnnkit/test-kit";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { expect, test, vi } from "vitest";
import { buildStockForecaster, layers, progress, type TrainingProgress } from "../index.ts";
import { progressLine } from "./progress-line.ts";

const x = tf.tensor3d(
  Float32Array.from({ length: 20 }, (_, i) => Math.sin(i)),
  [10, 2, 1],
);
const y = tf.tensor2d(
  Float32Array.from({ length: 10 }, (_, i) => Math.cos(i)),
  [10, 1],
);

const models: [string, () => tfl.LayersModel][] = [
  ["a builder's", () => buildStockForecaster(2, { units: 2, metrics: ["mae"], seed: 1 })],
  [
    "tf.layers'",
    () => {
      const model = tfl.sequential();
      model.add(tfl.layers.flatten({ inputShape: [2, 1] }));
      model.add(tfl.layers.dense({ units: 1 }));
      model.compile({ optimizer: "sgd", loss: "meanSquaredError", metrics: ["mae"] });
      return model;
    },
  ],
  [
    "one under a mask,",
    () => {
      const model = tfl.sequential();
      model.add(layers.masking({ inputShape: [2, 1] }));
      model.add(layers.lstm({ units: 2, returnSequences: true, seed: 1 }));
      model.add(layers.lstm({ units: 1, seed: 2 }));
      model.compile({ optimizer: "sgd", loss: "meanSquaredError", metrics: ["mae"] });
      return model;
    },
  ],
];

/** The states of a training, and per epoch and step what the batches' own values were. */
async function drawn(model: tfl.LayersModel, options: tfl.ModelFitArgs) {
  const states: TrainingProgress[] = [];
  const draw = (state: TrainingProgress) => void states.push(state);
  const history = await model.fit(x, y, {
    ...options,
    callbacks: [progress({ draw, interval: 0 })],
  });
  return { states, history: history.history as Record<string, number[]> };
}

test.each(models)(
  "%s fit is told step by step, and ends with what fit reports",
  async (_, make) => {
    const model = make();
    const { states, history } = await drawn(model, {
      epochs: 2,
      batchSize: 4,
      validationData: [x, y],
    });
    model.dispose();
    expect(states.map(({ epoch, step, isEpochEnd }) => [epoch, step, isEpochEnd])).toEqual(
      [1, 2].flatMap((epoch) => [
        ...[1, 2, 3].map((step) => [epoch, step, false]),
        [epoch, 3, true],
      ]),
    );
    for (const { steps, epochs, secondsLeft, secondsToEnd } of states) {
      expect([steps, epochs]).toEqual([3, 2]);
      expect(secondsToEnd!).toBeGreaterThanOrEqual(secondsLeft!);
    }
    const ends = states.filter(({ isEpochEnd }) => isEpochEnd);
    for (const name of ["loss", "mae", "val_loss", "val_mae"]) {
      expect(ends.map(({ values }) => values[name])).toEqual(history[name]);
    }
    // The mean over all batches is what the epoch ends with, so each batch has the weight of its size.
    for (const epoch of [1, 2]) {
      const last = states.find((state) => state.epoch === epoch && state.step === 3)!;
      expect(last.values.loss).toBeAllclose(history.loss![epoch - 1]!, { rtol: 1e-5 });
      expect(last.values.mae).toBeAllclose(history.mae![epoch - 1]!, { rtol: 1e-5 });
    }
    expect(ends[1]!.secondsToEnd).toBe(0);
  },
);

test("a dataset without a size shows steps from its second epoch on", async () => {
  const model = models[0]![1]();
  const batches = () =>
    [0, 1, 2].map((i) => ({
      xs: tf.slice(x, [2 * i, 0, 0], [2, 2, 1]),
      ys: tf.slice(y, [2 * i, 0], [2, 1]),
    }));
  const dataset = {
    size: null,
    async iterator() {
      const left = batches();
      return { next: async () => ({ value: left.shift() ?? null, done: left.length === 0 }) };
    },
  };
  const states: TrainingProgress[] = [];
  const draw = (state: TrainingProgress) => void states.push(state);
  await model.fitDataset(dataset as never, {
    epochs: 2,
    callbacks: [progress({ draw, interval: 0 })],
  });
  model.dispose();
  expect(states.map(({ epoch, step, steps }) => [epoch, step, steps])).toEqual([
    [1, 1, null],
    [1, 2, null],
    [1, 3, null],
    [1, 3, 3],
    [2, 1, 3],
    [2, 2, 3],
    [2, 3, 3],
    [2, 3, 3],
  ]);
  expect(states[0]!.secondsToEnd).toBeNull();
});

test("it stands beside early stopping and leaves training and tensors as they were", async () => {
  const losses = async (callbacks: tfl.ModelFitArgs["callbacks"]) => {
    const model = models[0]![1]();
    const { history } = await model.fit(x, y, { epochs: 3, batchSize: 4, callbacks });
    model.dispose();
    return history.loss;
  };
  const draw = () => {};
  const stop = tfl.callbacks.earlyStopping({ monitor: "loss", patience: 9 });
  expect(await losses([progress({ draw }), stop])).toEqual(await losses([]));
  await expectNoTensorLeak(() => losses([progress({ draw, interval: 0 })]));
});

test("in the default, away from a terminal, each epoch is Keras's two lines", async () => {
  const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  const model = models[0]![1]();
  await model.fit(x, y, { epochs: 2, batchSize: 4, verbose: 0, callbacks: [progress()] });
  const text = write.mock.calls.map(([chunk]) => chunk).join("");
  write.mockRestore();
  model.dispose();
  expect(text).toMatch(
    /^Epoch 1\/2\n3\/3 ━{20} 0s \d+(ms|us)\/step - loss: \d\.\d{4} - mae: \d\.\d{4}\nEpoch 2\/2\n3\/3 .*\n$/,
  );
});

test("on a terminal the line is drawn over, and ends with the epoch", async () => {
  const isTTY = Object.getOwnPropertyDescriptor(process.stdout, "isTTY");
  Object.defineProperty(process.stdout, "isTTY", { value: true, configurable: true });
  const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  const model = models[0]![1]();
  await model.fit(x, y, { epochs: 2, batchSize: 4, callbacks: [progress({ interval: 0 })] });
  const text = write.mock.calls.map(([chunk]) => chunk).join("");
  write.mockRestore();
  if (isTTY) Object.defineProperty(process.stdout, "isTTY", isTTY);
  else delete (process.stdout as { isTTY?: boolean }).isTTY;
  model.dispose();
  expect(text.split("\n").length).toBe(5);
  expect(text).toMatch(
    /^Epoch 1\/2\n\r1\/3 ━{6}─{14} 0s .*\r2\/3 .*\r3\/3 .*\r3\/3 ━{20} .*\nEpoch 2\/2\n\r1\/3/,
  );
});

test("the line is Keras's", () => {
  const state: TrainingProgress = {
    ...{ epoch: 1, epochs: 2, step: 7, steps: 125, seconds: 3.4, secondsPerStep: 0.0123 },
    ...{ secondsLeft: 75.9, secondsToEnd: 80, isEpochEnd: false },
    values: { loss: 0.69321, acc: 0.00012345 },
  };
  // What keras.utils.Progbar(125, width=20).update(7, ...) prints, colours taken off; what is to come is grey there.
  expect(progressLine(state)).toBe(
    "  7/125 ━─────────────────── 1:15 12ms/step - acc: 1.2345e-04 - loss: 0.6932",
  );
  expect(progressLine({ ...state, secondsLeft: 7325 })).toContain(" 2:02:05 12ms/step");
  expect(progressLine({ ...state, isEpochEnd: true, secondsPerStep: 0.00042 })).toContain(
    " 3s 420us/step",
  );
  expect(progressLine({ ...state, steps: null, secondsLeft: null })).toMatch(
    /^ {6}7\/Unknown 3s 12ms/,
  );
});

test("what is no drawing is refused", () => {
  expect(() => progress({ draw: "bar" as never })).toThrow(
    'progress: expected draw to be a function, got "bar"',
  );
  expect(() => progress({ interval: -1 })).toThrow(
    "expected interval to be 0 or more milliseconds, got -1",
  );
});

test("where there is no setImmediate, as in a page, no timer holds a training up", async () => {
  vi.stubGlobal("setImmediate", undefined);
  const timers = vi.spyOn(globalThis, "setTimeout");
  try {
    let drawings = 0;
    const draw = () => {
      drawings++;
    };
    const model = buildStockForecaster(2, { units: 2, seed: 1 });
    await model.fit(x, y, {
      batchSize: 5,
      epochs: 2,
      callbacks: [progress({ interval: 0, draw })],
    });
    expect(drawings).toBe(6);
    expect(timers).not.toHaveBeenCalled();
  } finally {
    timers.mockRestore();
    vi.unstubAllGlobals();
  }
});
