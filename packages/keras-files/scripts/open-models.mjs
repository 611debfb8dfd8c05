// @ts-check
// Opens every model file in a folder and says of each whether it opened, or why not; and, where
// RNNKIT_KERAS_PYTHON names a Python with Keras, how far its predictions are from real Keras's.
// Usage, in this folder and built: node scripts/open-models.mjs FOLDER

import "@tensorflow/tfjs-backend-cpu";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { install } from "@rnnkit/keras-builders";
import { fileSystem, loadKerasModel, saveKerasModel } from "@rnnkit/keras-files";
import { ready, tensor } from "@tensorflow/tfjs-core";
import { loadLayersModel } from "@tensorflow/tfjs-layers";

/** @typedef {{ shape: number[], dtype: "float32" | "int32", data: number[] }} Input */
/** @typedef {import("@tensorflow/tfjs-layers").LayersModel} LayersModel */

const [given] = process.argv.slice(2);
if (!given) {
  console.error("open-models: expected a folder, got none: node scripts/open-models.mjs FOLDER");
  process.exit(1);
}
const folder = resolve(given);
const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .filter((name) => /\.(keras|h5|hdf5)$|model\.json$/.test(name))
  .sort();

/**
 * How many words the Embeddings of a model know, those in models in it too; Infinity without one.
 *
 * @param {{ layers?: object[], inputDim?: number }} layer
 * @returns {number}
 */
function wordsOf({ layers = [], inputDim = Number.POSITIVE_INFINITY }) {
  return Math.min(inputDim, ...layers.map(wordsOf));
}

/**
 * The same numbers in every run: tokens where a model that has an Embedding takes [B, T].
 *
 * @param {LayersModel} model
 * @returns {Input[]}
 */
function inputsOf(model) {
  const words = wordsOf(/** @type {object} */ (model));
  return model.inputs.map(({ shape }, k) => {
    const known = shape.map((n, i) => n ?? (i === 0 ? 2 : 6));
    const size = known.reduce((a, b) => a * b, 1);
    const data = Array.from({ length: size }, (_, i) => Math.sin(12.9898 * (i + 1) + k) * 2);
    if (shape.length !== 2 || words === Number.POSITIVE_INFINITY) {
      return { shape: known, dtype: "float32", data };
    }
    return {
      shape: known,
      dtype: "int32",
      data: data.map((x) => Math.floor(((x + 2) / 4) * words)),
    };
  });
}

/**
 * @param {LayersModel} model
 * @param {Input[]} inputs
 */
function predictionsOf(model, inputs) {
  const tensors = inputs.map(({ shape, dtype, data }) => tensor(data, shape, dtype));
  const outputs = model.predict(tensors.length > 1 ? tensors : tensors[0], {
    batchSize: inputs[0].shape[0],
  });
  return [outputs].flat().map((y) => [...y.dataSync()]);
}

/**
 * What Keras makes of the files, by name: predictions, or why it has none.
 *
 * @param {{ name: string, inputs: Input[] }[]} cases
 * @returns {Record<string, { keras: string, predictions?: number[][], error?: string }>}
 */
function askKeras(cases) {
  const python = process.env.RNNKIT_KERAS_PYTHON;
  if (!python || cases.length === 0) return {};
  const scratch = mkdtempSync(join(tmpdir(), "rnnkit-open-"));
  try {
    writeFileSync(join(scratch, "cases.json"), JSON.stringify({ folder, cases }));
    const script = join(dirname(fileURLToPath(import.meta.url)), "open-models.py");
    execFileSync(python, [script, scratch], { stdio: ["ignore", "ignore", "inherit"] });
    return JSON.parse(readFileSync(join(scratch, "answers.json"), "utf8"));
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/** @param {number[][]} a @param {number[][]} b */
function difference(a, b) {
  const all = a.flatMap((values, k) => values.map((x, i) => Math.abs(x - b[k][i])));
  return all.reduce((most, x) => Math.max(most, x), 0).toExponential(1);
}

await ready();
install();
/** @type {Map<string, { lines: string[], inputs?: Input[], predictions?: number[][] }>} */
const results = new Map();
for (const name of files) {
  /** @type {string[]} */
  const lines = [];
  const path = join(folder, name);
  try {
    const onWarning = (/** @type {string} */ text) => lines.push(`said: ${text}`);
    const model = name.endsWith("model.json")
      ? await loadLayersModel(fileSystem(dirname(path)))
      : await loadKerasModel(path, { onWarning });
    const inputs = inputsOf(model);
    const predictions = predictionsOf(model, inputs);
    lines.unshift("opened");
    results.set(name, { lines, inputs, predictions });
    const again = await loadKerasModel(await saveKerasModel(model), { onWarning });
    lines.push(`saved and opened again: ${difference(predictions, predictionsOf(again, inputs))}`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : `${error}`;
    lines.push(results.has(name) ? `not saved: ${reason}` : `not opened: ${reason}`);
    if (!results.has(name)) results.set(name, { lines });
  }
}

const opened = [...results].filter(([name, { inputs }]) => inputs && !name.endsWith("model.json"));
const answers = askKeras(opened.map(([name, { inputs }]) => ({ name, inputs: inputs ?? [] })));
for (const [name, { lines, predictions }] of results) {
  const answer = answers[name];
  if (answer?.predictions && predictions) {
    const off = difference(predictions, answer.predictions);
    lines.push(`difference from Keras ${answer.keras}: ${off}`);
  } else if (answer) {
    lines.push(`Keras ${answer.keras}: ${answer.error}`);
  }
  console.log(`${relative(folder, join(folder, name))}\n  ${lines.join("\n  ")}`);
}
const count = [...results.values()].filter(({ inputs }) => inputs).length;
console.log(`${count} of ${results.size} opened`);
