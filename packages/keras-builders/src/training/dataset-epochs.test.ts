// Which batches of a dataset the epochs of fitDataset take, and what is left where a callback throws.
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { Callback, type LayersModel, sequential } from "@tensorflow/tfjs-layers";
import fc from "fast-check";
import { afterEach, beforeEach, expect, type MockInstance, test, vi } from "vitest";
import { layers, setWholeSteps, sgd } from "../index.ts";

let warn: MockInstance<typeof console.warn>;
beforeEach(() => {
  warn = vi.spyOn(console, "warn").mockImplementation(() => {});
});
afterEach(() => {
  warn.mockRestore();
  setWholeSteps(true);
});
const told = (): string[] => warn.mock.calls.map(([text]) => `${text}`);

/** A dataset of **count** batches, which says in **seen** which are read; **times** it begins, then it is empty. */
function dataset(count: number, seen: unknown[] = [], times = Number.POSITIVE_INFINITY) {
  let begun = 0;
  return {
    async iterator() {
      let at = begun++ < times ? 0 : count;
      return {
        async next() {
          if (at === count) return { value: null, done: true };
          seen.push(at);
          return { value: { xs: tf.fill([2, 3, 1], at++), ys: tf.ones([2, 1]) }, done: false };
        },
      };
    },
  };
}

function model(): LayersModel {
  const made = sequential({
    layers: [
      layers.lstm({ units: 2, seed: 1, inputShape: [3, 1] }),
      layers.dense({ units: 1, seed: 2 }),
    ],
  });
  made.compile({ optimizer: sgd({ learningRate: 0.01 }), loss: "mse", metrics: ["mae"] });
  return made;
}

const fit = (trained: LayersModel, data: unknown, options: object = {}) =>
  trained.fitDataset(data as never, options as never);

/** What Keras 3.15.1 reads of a dataset that knows its size: each epoch's batches, and how often it says that they are too few. */
function byKeras(count: number, perEpoch: number, epochs: number): [number[][], short: number] {
  let [at, short] = [0, 0];
  const read = Array.from({ length: epochs }, () => {
    const epoch: number[] = [];
    while (epoch.length < perEpoch && at < count) epoch.push(at++);
    if (epoch.length < perEpoch) short++;
    if (at === count) at = 0;
    return epoch;
  });
  return [read, short];
}

test("epochs of so many batches go on behind each other, and begin anew where the dataset ends, as in Keras", async () => {
  expect(byKeras(3, 2, 3)).toEqual([[[0, 1], [2], [0, 1]], 1]);
  expect(byKeras(4, 2, 3)).toEqual([
    [
      [0, 1],
      [2, 3],
      [0, 1],
    ],
    0,
  ]);
  expect(byKeras(3, 5, 2)).toEqual([
    [
      [0, 1, 2],
      [0, 1, 2],
    ],
    2,
  ]);
  const few = fc.integer({ min: 1, max: 5 });
  await fc.assert(
    fc.asyncProperty(few, few, few, async (count, batchesPerEpoch, epochs) => {
      warn.mockClear();
      const [expected, short] = byKeras(count, batchesPerEpoch, epochs);
      const seen: number[] = [];
      const read: number[][] = [];
      const callbacks = { onEpochEnd: async () => void read.push(seen.splice(0)) };
      const validationData = [tf.ones([2, 3, 1]), tf.ones([2, 1])];
      const options = { epochs, batchesPerEpoch, callbacks, validationData };
      const { epoch, history } = await fit(model(), dataset(count, seen), options);
      expect(read).toEqual(expected);
      expect(epoch).toEqual(expected.map((_, i) => i));
      for (const values of Object.values(history)) expect(values).toHaveLength(epochs);
      expect(Object.keys(history).sort()).toEqual(["loss", "mae", "val_loss", "val_mae"]);
      const got = expected.find((batches) => batches.length < batchesPerEpoch)?.length;
      const text = `fitDataset: expected ${batchesPerEpoch} batches an epoch, got ${got}`;
      expect(told()).toEqual(short > 0 ? [expect.stringContaining(text)] : []);
    }),
    { numRuns: 30 },
  );
});

test("a dataset that begins only once ends the training, which says so, with whole epochs in its history", async () => {
  for (const [batchesPerEpoch, whole] of [
    [undefined, 1],
    [2, 2],
    [4, 1],
  ] as const) {
    warn.mockClear();
    const options = { epochs: 5, ...(batchesPerEpoch && { batchesPerEpoch }) };
    const { epoch, history } = await fit(model(), dataset(4, [], 1), options);
    expect([epoch.length, history.loss!.length]).toEqual([whole, whole]);
    expect(told()).toEqual([
      expect.stringContaining(`fitDataset: expected batches for 5 epochs, got some for ${whole}`),
    ]);
  }
});

test("without epochs it is one, and each epoch opens the dataset once", async () => {
  const data = dataset(2);
  const opened = vi.spyOn(data, "iterator");
  expect((await fit(model(), data)).epoch).toEqual([0]);
  expect((await model().fitDataset(data as never, { epochs: 3, initialEpoch: 1 })).epoch).toEqual([
    1, 2,
  ]);
  expect(opened).toHaveBeenCalledTimes(3);
});

test("an evaluation of more batches than there are is of those, and says so", async () => {
  const evaluated = (batches?: number) =>
    model()
      .evaluateDataset(dataset(3) as never, batches === undefined ? {} : { batches })
      .then((values) => [values].flat().map((value) => value.dataSync()[0]));
  const all = await evaluated();
  expect(await evaluated(3)).toEqual(all);
  expect(told()).toEqual([]);
  expect(await evaluated(5)).toEqual(all);
  expect(told()).toEqual(["evaluateDataset: expected 5 batches, got 3: the values are of those"]);
  expect(await evaluated(2)).not.toEqual(all);
  const validation = { validationData: dataset(3), validationBatches: 5, batchesPerEpoch: 1 };
  await fit(model(), dataset(1), validation);
  expect(told().at(-1)).toMatch("fitDataset validationData: expected 5 batches, got 3");
});

test("a training is refused while another goes on, before it has read anything", async () => {
  const trained = model();
  const running = fit(trained, dataset(3), { epochs: 2 });
  const seen: number[] = [];
  await expect(fit(trained, dataset(2, seen))).rejects.toThrow(
    "fitDataset: expected a model at rest, got one in training",
  );
  await expect(trained.fit(tf.ones([2, 3, 1]), tf.ones([2, 1]))).rejects.toThrow("ongoing");
  expect(seen).toEqual([]);
  expect((await running).epoch).toEqual([0, 1]);
  expect((await fit(trained, dataset(1))).epoch).toEqual([0]);
});

const hooks = ["onTrainBegin", "onEpochBegin", "onBatchBegin", "onBatchEnd", "onEpochEnd"] as const;
const moments = [...hooks, "onTrainEnd"] as const;

/** Its logs are tensors, as tfjs-layers' are. */
class OfOwnClass extends Callback {}

test.each(moments)(
  "%s that throws leaves no tensor, and the next training works",
  async (moment) => {
    const stop = async () => {
      throw new Error("stop");
    };
    for (const isWhole of [true, false]) {
      for (const own of [false, true]) {
        setWholeSteps(isWhole);
        const trained = model();
        const [x, y] = [tf.ones([4, 3, 1]), tf.ones([4, 1])];
        const callbacks = own
          ? [Object.assign(new OfOwnClass(), { [moment]: stop })]
          : { [moment]: stop };
        const before = tf.memory().numTensors;
        const validated = { callbacks, validationData: dataset(2), epochs: 2 };
        await expect(fit(trained, dataset(3), validated)).rejects.toThrow("stop");
        expect(tf.memory().numTensors - before, "fitDataset").toBe(0);
        const split = {
          callbacks: callbacks as never,
          validationSplit: 0.5,
          batchSize: 1,
          epochs: 2,
        };
        await expect(trained.fit(x, y, split)).rejects.toThrow("stop");
        expect(tf.memory().numTensors - before, "fit").toBe(0);
        expect((await fit(trained, dataset(1))).epoch).toEqual([0]);
        expect((await trained.fit(x, y)).epoch).toEqual([0]);
        expect(tf.memory().numTensors - before).toBe(0);
      }
    }
  },
);

test("a training that a callback stops ends with its batch; a whole epoch is validated all the same", async () => {
  for (const [batchesPerEpoch, at, validations] of [
    [3, 1, 0],
    [3, 2, 1],
    [undefined, 1, 0],
  ] as const) {
    const trained = model();
    const seen: number[] = [];
    const callbacks = {
      onBatchEnd: async (batch: number) => {
        if (batch === at) trained.stopTraining = true;
      },
    };
    const options = { epochs: 3, callbacks, validationData: dataset(1) };
    const given = batchesPerEpoch === undefined ? options : { ...options, batchesPerEpoch };
    const { history } = await fit(trained, dataset(4, seen), given);
    expect(seen).toEqual([...Array(at + 1).keys()]);
    expect([history.loss!.length, history.val_loss?.length ?? 0]).toEqual([1, validations]);
  }
});
