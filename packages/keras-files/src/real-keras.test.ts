import "@tensorflow/tfjs-backend-cpu";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { saveKerasModel, saveWeights } from "./save-keras-model.ts";
import {
  type Input,
  inputsOf,
  madeModel,
  predictionsOf,
  savedModels,
} from "./saved-models.fixture.ts";
import { weightPaths } from "./weight-paths.ts";

const python = process.env.RNNKIT_KERAS_PYTHON;
const formats = ["keras", "h5", "weights.h5"] as const;

interface Case {
  id: string;
  files: string[];
  inputs: Input[];
}
interface Answer {
  weights: string[];
  predictions: number[][];
}

const digestsOf = (model: LayersModel): string[] =>
  weightPaths(model).map(({ variable }) =>
    createHash("sha256")
      .update(new Uint8Array(variable.read().dataSync().buffer.slice(0)))
      .digest("hex"),
  );

describe.skipIf(!python)("real Keras (RNNKIT_KERAS_PYTHON names no interpreter: skipped)", () => {
  const folder = mkdtempSync(join(tmpdir(), "rnnkit-keras-"));
  let answers: Record<string, Record<string, Answer> & { error?: string }> = {};
  const expected: Record<string, Answer> = {};

  beforeAll(async () => {
    const cases: Case[] = [];
    for (const id of Object.keys(savedModels)) {
      const model = madeModel(id);
      const inputs = inputsOf(id, model);
      const files = formats.map((format) => `${id}.${format}`);
      await saveKerasModel(model, join(folder, files[0]!));
      await saveKerasModel(model, join(folder, files[1]!));
      await saveWeights(model, join(folder, files[2]!));
      cases.push({ id, files, inputs });
      expected[id] = { weights: digestsOf(model), predictions: predictionsOf(model, inputs) };
      model.dispose();
    }
    writeFileSync(join(folder, "manifest.json"), JSON.stringify(cases));
    const script = fileURLToPath(new URL("real-keras.fixture.py", import.meta.url));
    execFileSync(python!, [script, folder], { stdio: ["ignore", "ignore", "inherit"] });
    answers = JSON.parse(readFileSync(join(folder, "answers.json"), "utf8"));
  }, 300_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  for (const id of Object.keys(savedModels)) {
    for (const format of formats) {
      test(`Keras loads ${id}.${format}: the same weights, the same predictions`, () => {
        expect(answers[id]!.error).toBeUndefined();
        const told = answers[id]![`${id}.${format}`]!;
        expect([...told.weights].sort()).toEqual([...expected[id]!.weights].sort());
        for (const [i, values] of expected[id]!.predictions.entries()) {
          expect(told.predictions[i]).toBeAllclose(values, { atol: 1e-6 });
        }
      });
    }
  }
});
