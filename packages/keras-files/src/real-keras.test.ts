import { tolerances } from "@rnnkit/test-kit/tolerances";
import "@tensorflow/tfjs-backend-cpu";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { layers } from "@rnnkit/keras-builders";
import { tensor } from "@tensorflow/tfjs-core";
import {
  initializers,
  type LayersModel,
  sequential,
  layers as stock,
} from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, test } from "vitest";
import { loadKerasModel, saveKerasModel, saveWeights } from "./index.ts";
import { weightPaths } from "./keras/weight-paths.ts";
import { askKeras, kerasPython } from "./real-keras.fixture.ts";
import {
  fill,
  filled,
  inputsOf,
  madeModel,
  predictionsOf,
  savedModels,
} from "./saved-models.fixture.ts";
import { savedOptimizers } from "./saved-optimizers.fixture.ts";

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
/** Files that Keras saved after the steps of a `Trained`, and its further steps. */
interface Returned extends Trained {
  files: Record<"keras" | "h5", string>;
}

const digest = (values: ArrayLike<number>) =>
  createHash("sha256")
    .update(Buffer.from(Float32Array.from(values).buffer))
    .digest("hex");

/** Compiled, with weights that are the same in every run. */
function trainedModel(optimizer: string): LayersModel {
  const model = filled(
    sequential({
      layers: [
        layers.gru({ units: 2, inputShape: [4, 3] }),
        layers.dense({ units: 1, kernelRegularizer: "l1l2" }),
      ],
    }),
  );
  model.compile({ optimizer: savedOptimizers[optimizer]!(), loss: "meanSquaredError" });
  return model;
}

const x = { shape: [2, 4, 3], dtype: "float32" as const, data: [...fill([2, 4, 3], 5)] };
const y = { shape: [2, 1], dtype: "float32" as const, data: [0.2, -0.4] };

async function steps(model: LayersModel, count: number): Promise<number[]> {
  const [xs, ys] = [tensor(x.data, [2, 4, 3]), tensor(y.data, [2, 1])];
  const losses: number[] = [];
  for (let i = 0; i < count; i++) losses.push((await model.trainOnBatch(xs, ys)) as number);
  xs.dispose();
  ys.dispose();
  return losses;
}

const weightsOf = (model: LayersModel): number[][] =>
  weightPaths(model).map(({ variable }) => [...variable.read().dataSync()]);

function expectWeights(got: number[][], wanted: number[][]): void {
  for (const [i, values] of wanted.entries())
    expect(got[i]).toBeAllclose(values, tolerances.keras.training);
}

const ids = [...Object.keys(savedModels), ...Object.keys(savedOptimizers)];

/** The Python helper has a layer of this name. */
class Scale extends stock.Layer {
  static readonly className = "Scale";
  readonly byFactor: number;
  constructor(args: { byFactor: number; name: string }) {
    super(args);
    this.byFactor = args.byFactor;
  }
  override build(shape: number[]): void {
    this.addWeight("scale", [shape.at(-1)!], "float32", initializers.ones());
    this.built = true;
  }
  override getConfig() {
    return { ...super.getConfig(), byFactor: this.byFactor };
  }
}

describe.skipIf(!kerasPython)("Keras reads (skipped without RNNKIT_KERAS_PYTHON)", () => {
  const expected: Record<string, Loaded> = {};
  let answers: Answers<Loaded>;

  beforeAll(async () => {
    answers = await askKeras<Answers<Loaded>>(async (folder) => {
      const cases: object[] = [];
      for (const id of ids) {
        const model = id in savedOptimizers ? trainedModel(id) : madeModel(id);
        if (id in savedOptimizers) await steps(model, 2);
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
      const model = filled(
        sequential({
          layers: [
            stock.inputLayer({ inputShape: [3] }),
            new Scale({ byFactor: 3, name: "scale" }),
          ],
        }),
      );
      const inputs = [{ shape: [1, 3], dtype: "float32", data: [1, 2, -3] }];
      const registeredNames = { Scale: "rnnkit>Scale" };
      await saveKerasModel(model, join(folder, "custom.keras"), { registeredNames });
      cases.push({ id: "custom", files: ["custom.keras"], inputs });
      return cases;
    });
  }, 600_000);

  test("a custom layer, by what Python registered it as, with its config and weights", () => {
    expect(answers.custom!.error).toBeUndefined();
    const scale = fill([3], 0);
    expect(answers.custom!["custom.keras"]!.predictions[0]).toBeAllclose(
      [1, 2, -3].map((x, i) => x * scale[i]! * 3),
      tolerances.keras.predictions,
    );
  });

  for (const id of ids) {
    for (const format of formats) {
      test(`${id}.${format}: the same weights bit for bit, predictions within 1e-6`, () => {
        expect(answers[id]!.error).toBeUndefined();
        const { weights, predictions } = answers[id]![`${id}.${format}`]!;
        // Keras lists weights that are not trained last.
        expect(weights.sort()).toEqual([...expected[id]!.weights].sort());
        for (const [i, values] of expected[id]!.predictions.entries()) {
          expect(predictions[i]).toBeAllclose(values, tolerances.keras.predictions);
        }
      });
    }
  }
});

describe.skipIf(!kerasPython)("Training goes on (skipped without RNNKIT_KERAS_PYTHON)", () => {
  const [before, after] = [4, 3];
  const expected: Record<string, Trained> = {};
  let answers: Answers<Trained & { returned?: Returned }> | null;

  beforeAll(async () => {
    answers = await askKeras<typeof answers>(async (folder) => {
      const cases: object[] = [];
      for (const id of Object.keys(savedOptimizers)) {
        const model = trainedModel(id);
        const returned = `${id}.keras`;
        const files: Record<string, number> = { [returned]: after };
        if (id === "adam") {
          files[`${id}.start.keras`] = before + after;
          await saveKerasModel(model, join(folder, `${id}.start.keras`));
        }
        await steps(model, before);
        await saveKerasModel(model, join(folder, returned));
        if (id === "adam") {
          files[`${id}.weights.h5`] = after;
          await saveWeights(model, join(folder, `${id}.weights.h5`));
        }
        const losses = await steps(model, after);
        expected[id] = { losses, weights: weightsOf(model), iterations: before + after };
        cases.push({ id, x, y, steps: files, returned });
        model.dispose();
      }
      return cases;
    }, "train");
  }, 600_000);

  for (const id of Object.keys(savedOptimizers)) {
    test(`${id}: ${before} steps here and ${after} there are ${before + after} steps here`, ({
      skip,
    }) => {
      if (!answers) return skip("this Keras has no backend that trains");
      expect(answers[id]!.error).toBeUndefined();
      for (const { losses, iterations, weights } of Object.values<Trained>(answers[id] as never)) {
        expect(iterations).toBe(before + after);
        expect(losses.slice(-after)).toBeAllclose(
          expected[id]!.losses,
          tolerances.keras.predictions,
        );
        expectWeights(weights, expected[id]!.weights);
      }
    });

    for (const format of ["keras", "h5"] as const) {
      test(`${id}.${format}: ${after} steps from the file that Keras saved then are its own`, async ({
        skip,
      }) => {
        if (!answers) return skip("this Keras has no backend that trains");
        expect(answers[id]!.error).toBeUndefined();
        const { files, losses, weights } = answers[id]![`${id}.keras`]!.returned!;
        const onWarning = (text: string) => expect.fail(text);
        const model = await loadKerasModel(Buffer.from(files[format], "base64"), { onWarning });
        expect(model.optimizer.iterations).toBe(before + after);
        expect(await steps(model, after)).toBeAllclose(losses, tolerances.keras.predictions);
        expectWeights(weightsOf(model), weights);
        model.dispose();
      });
    }
  }
});
