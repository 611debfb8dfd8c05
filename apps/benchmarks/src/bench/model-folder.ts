import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { exportOnnx, saveKerasModel } from "@rnnkit/keras-files";
import type * as tf from "@tensorflow/tfjs-core";
import type { Construction, KerasCompile, TutorialModel } from "./tutorial-models.ts";
import { seededExamples } from "./tutorial-models.ts";

/** An array in a file of its own: its values, one after the other, as this machine has them in memory. */
export interface ArrayEntry {
  file: string;
  dtype: "float32" | "int32";
  shape: number[];
}

/** What `plan.json` says to a process that is to train or to ask the same model, of whatever system. */
export interface ModelPlan extends Construction {
  name: string;
  batchSize: number;
  compile: KerasCompile;
  x: ArrayEntry;
  y: ArrayEntry;
  /** Each layer's class, its options here, and how many of **weights**, in their order, are its own. */
  layers: { kind: string; config: object; weights: number }[];
  weights: ArrayEntry[];
}

/** What of a model a folder has. */
export type FolderModel = Pick<TutorialModel, "name" | "fused" | "compile" | "examples">;

/**
 * Writes a model with **batches** batches of examples into **folder**: plan.json, an array a file, and the model
 * itself as model.keras and model.onnx. So every system begins with the same weights and the same examples.
 */
export async function writeModelFolder(
  folder: string,
  model: FolderModel,
  { batches, batchSize, seed }: { batches: number; batchSize: number; seed: number },
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const array = (file: string, tensor: tf.Tensor): ArrayEntry => {
    writeFileSync(join(folder, file), tensor.dataSync());
    return { file, dtype: tensor.dtype as ArrayEntry["dtype"], shape: tensor.shape };
  };
  const made = model.fused();
  const { x, y } = seededExamples(model, batches * batchSize, seed);
  try {
    const plan: ModelPlan = {
      ...{ name: model.name, batchSize, compile: model.compile },
      ...{ builder: model.fused.builder, args: model.fused.args },
      ...{ x: array("x.bin", x), y: array("y.bin", y) },
      layers: made.layers.map((layer) => ({
        kind: layer.getClassName(),
        config: layer.getConfig(),
        weights: layer.weights.length,
      })),
      weights: made.getWeights().map((weight, k) => array(`weight-${k}.bin`, weight)),
    };
    writeFileSync(join(folder, "plan.json"), JSON.stringify(plan));
    await saveKerasModel(made, join(folder, "model.keras"));
    writeFileSync(join(folder, "model.onnx"), await exportOnnx(made));
  } finally {
    made.dispose();
    x.dispose();
    y.dispose();
  }
}
