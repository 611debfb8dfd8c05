import "@tensorflow/tfjs-backend-cpu";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { adam, layers, rmsprop, sgd } from "@rnnkit/keras-builders";
import { type Optimizer, tensor } from "@tensorflow/tfjs-core";
import { type LayersModel, sequential } from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, test } from "vitest";
import { askKeras, kerasPython } from "./real-keras.fixture.ts";
import { saveKerasModel, saveWeights } from "./save-keras-model.ts";
import {
  fill,
  filled,
  inputsOf,
  madeModel,
  predictionsOf,
  savedModels,
} from "./saved-models.fixture.ts";
import { weightPaths } from "./weight-paths.ts";

const formats = ["keras", "h5", "weights.h5"] as const;

type Answers<Told> = Record<string, Record<string, Told> & { error?: string }>;
interface Loaded {
  weights: string[];
  predictions: number[][];
}
interface Trained {
  losses: number[];
  iterations: number;
  weights: number[][];
}

const digest = (values: ArrayLike<number>) =>
  createHash("sha256")
    .update(Buffer.from(Float32Array.from(values).buffer))
    .digest("hex");

describe.skipIf(!kerasPython)("Keras reads (skipped without RNNKIT_KERAS_PYTHON)", () => {
  const expected: Record<string, Loaded> = {};
  let answers: Answers<Loaded>;

  beforeAll(async () => {
    answers = await askKeras<Answers<Loaded>>(async (folder) => {
      const cases: object[] = [];
      for (const id of Object.keys(savedModels)) {
        const model = madeModel(id);
        const files = formats.map((format) => `${id}.${format}`);
        const [whole, legacy, weights] = files.map((file) => join(folder, file));
        await saveKerasModel(model, whole!);
        await saveKerasModel(model, legacy!);
        await saveWeights(model, weights!);
        const inputs = inputsOf(id, model);
        cases.push({ id, files, inputs });
        expected[id] = {
          weights: weightPaths(model).map(({ variable }) => digest(variable.read().dataSync())),
          predictions: predictionsOf(model, inputs),
        };
        model.dispose();
      }
      return cases;
    });
  }, 300_000);

  for (const id of Object.keys(savedModels)) {
    for (const format of formats) {
      test(`${id}.${format}: the same weights bit for bit, predictions within 1e-6`, () => {
        expect(answers[id]!.error).toBeUndefined();
        const { weights, predictions } = answers[id]![`${id}.${format}`]!;
        // Keras lists weights that are not trained last.
        expect(weights.sort()).toEqual([...expected[id]!.weights].sort());
        for (const [i, values] of expected[id]!.predictions.entries()) {
          expect(predictions[i]).toBeAllclose(values, { atol: 1e-6 });
        }
      });
    }
  }
});

const optimizers: Record<string, () => Optimizer> = {
  adam: () => adam({ learningRate: 0.02 }),
  "adam with clipnorm": () => adam({ learningRate: 0.02, clipnorm: 0.1 }),
  rmsprop: () => rmsprop({ learningRate: 0.01 }),
  "rmsprop with momentum": () => rmsprop({ learningRate: 0.01, momentum: 0.8, rho: 0.8 }),
  sgd: () => sgd({ learningRate: 0.1 }),
  "sgd with momentum": () => sgd({ learningRate: 0.1, momentum: 0.9 }),
  "sgd with Nesterov's momentum": () => sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true }),
};

describe.skipIf(!kerasPython)("Keras trains on (skipped without RNNKIT_KERAS_PYTHON)", () => {
  const [before, after] = [4, 3];
  const x = { shape: [2, 4, 3], dtype: "float32" as const, data: [...fill([2, 4, 3], 5)] };
  const y = { shape: [2, 1], dtype: "float32" as const, data: [0.2, -0.4] };
  const expected: Record<string, Trained> = {};
  let answers: Answers<Trained> | null;

  async function steps(model: LayersModel, count: number): Promise<number[]> {
    const [xs, ys] = [tensor(x.data, [2, 4, 3]), tensor(y.data, [2, 1])];
    const losses: number[] = [];
    for (let i = 0; i < count; i++) losses.push((await model.trainOnBatch(xs, ys)) as number);
    xs.dispose();
    ys.dispose();
    return losses;
  }

  beforeAll(async () => {
    answers = await askKeras<Answers<Trained> | null>(async (folder) => {
      const cases: object[] = [];
      for (const [id, optimizer] of Object.entries(optimizers)) {
        const model = filled(
          sequential({
            layers: [
              layers.gru({ units: 2, inputShape: [4, 3] }),
              layers.dense({ units: 1, kernelRegularizer: "l1l2" }),
            ],
          }),
        );
        model.compile({ optimizer: optimizer(), loss: "meanSquaredError" });
        await saveKerasModel(model, join(folder, `${id}.start.keras`));
        await steps(model, before);
        await saveKerasModel(model, join(folder, `${id}.keras`));
        const losses = await steps(model, after);
        const weights = weightPaths(model).map(({ variable }) => [...variable.read().dataSync()]);
        expected[id] = { losses, weights, iterations: before + after };
        const files = {
          ...{ [`${id}.start.keras`]: before + after },
          ...{ [`${id}.keras`]: after },
        };
        cases.push({ id, x, y, steps: files });
        model.dispose();
      }
      return cases;
    }, "train");
  }, 300_000);

  for (const id of Object.keys(optimizers)) {
    test(`${id}: ${before} steps here and ${after} there are ${before + after} steps there, or here`, ({
      skip,
    }) => {
      if (!answers) return skip("this Keras has no backend that trains");
      expect(answers[id]!.error).toBeUndefined();
      for (const file of [`${id}.keras`, `${id}.start.keras`]) {
        const { losses, iterations, weights } = answers[id]![file]!;
        expect(iterations).toBe(before + after);
        expect(losses.slice(-after)).toBeAllclose(expected[id]!.losses, { atol: 1e-6 });
        for (const [i, values] of expected[id]!.weights.entries()) {
          expect(weights[i]).toBeAllclose(values, { atol: 2e-6 });
        }
      }
    });
  }
});
