import { accessSync, constants, existsSync, readFileSync, statSync } from "node:fs";
import { dirname, extname, join, resolve } from "node:path";
import { exportOnnx, fileSystem, loadKerasModel, saveKerasModel } from "@rnnkit/keras-files";
import { MinMaxScaler } from "@rnnkit/preprocess";
import { type LayersModel, loadLayersModel } from "@tensorflow/tfjs-layers";
import { writeWhole } from "./output.ts";
import { stringifyJson } from "./results.ts";
import { UsageError } from "./usage-error.ts";

/** What a forecaster needs besides its weights; beside the model as JSON. */
export interface ForecasterSettings {
  kind: "rnnkit forecaster";
  version: 1;
  /** Values in a window. */
  timesteps: number;
  /** Values that one prediction says. */
  outputs: number;
  /** Fitted on the training part. */
  scaler: MinMaxScaler;
  /** The column or series that it was trained on. */
  column: string;
}

/** Given in the place of settings that a model has not. */
export interface GivenRange {
  min: number;
  max: number;
}

const FILES = [".keras", ".h5", ".onnx"];

/**
 * Refuses a `--save` that could not be written, before the training: another ending than `.keras`, `.h5`, `.onnx`
 * or none (a folder, for tfjs), or a place that does not exist or cannot be written to.
 */
export function checkSavePath(path: string): void {
  const ending = extname(path);
  if (ending !== "" && !FILES.includes(ending)) {
    throw new UsageError(
      `--save: expected a path that ends in ${FILES.join(", ")}, or a folder's without an ending, got ${path}`,
    );
  }
  const folder = dirname(resolve(path));
  try {
    accessSync(folder, constants.W_OK);
  } catch {
    throw new UsageError(`--save: expected a folder to write to, got ${folder}`);
  }
  if (existsSync(path) && statSync(path).isDirectory() !== (ending === "")) {
    throw new UsageError(`--save: expected a ${ending ? "file" : "folder"}, got ${path}`);
  }
}

/** Writes a model and, beside it, its settings. Returns the path of the settings. */
export async function saveForecaster(
  path: string,
  model: LayersModel,
  settings: Omit<ForecasterSettings, "kind" | "version">,
): Promise<string> {
  const ending = extname(path);
  if (ending === ".onnx") writeWhole(path, await exportOnnx(model));
  else if (ending === "") await model.save(fileSystem(path));
  else await saveKerasModel(model, path);
  const beside = settingsPath(path);
  const { scaler, ...others } = settings;
  const written = { kind: "rnnkit forecaster", version: 1, ...others, scaler: scaler.toJSON() };
  writeWhole(beside, stringifyJson(written));
  return beside;
}

/**
 * Opens a model that `--save` wrote, or any other of windows of one value where **range** says what it was scaled by.
 *
 * @throws UsageError when there is no model, no settings, or both do not fit together
 */
export async function openForecaster(
  path: string,
  range?: GivenRange,
): Promise<{ model: LayersModel; settings: ForecasterSettings }> {
  if (extname(path) === ".onnx") {
    throw new UsageError(
      "--model: expected .keras, .h5 or a folder, got .onnx: save a .keras beside it",
    );
  }
  if (!existsSync(path)) throw new UsageError(`--model: expected a model that exists, got ${path}`);
  const read = range ? undefined : readSettings(path);
  const model = statSync(path).isDirectory()
    ? await loadLayersModel(fileSystem(path))
    : await loadKerasModel(path);
  const [input, output] = [model.inputs[0]?.shape, model.outputs[0]?.shape];
  const timesteps = input?.[1];
  const outputs = output?.[1];
  const isForecaster = input?.length === 3 && input[2] === 1 && output?.length === 2;
  if (!isForecaster || !timesteps || !outputs || model.inputs.length + model.outputs.length > 2) {
    throw new UsageError(
      `--model: expected a model of windows [null, timesteps, 1] and outputs [null, n], got [${input}] and [${output}]`,
    );
  }
  if (read && (read.timesteps !== timesteps || read.outputs !== outputs)) {
    throw new UsageError(
      `--model: expected ${settingsPath(path)} to be of this model, whose windows have ${timesteps} values, got ${read.timesteps}`,
    );
  }
  return { model, settings: read ?? given(range as GivenRange, timesteps, outputs) };
}

function given({ min, max }: GivenRange, timesteps: number, outputs: number): ForecasterSettings {
  const scaler = new MinMaxScaler();
  scaler.fit({ data: Float64Array.of(min, max), shape: [2, 1] });
  return { kind: "rnnkit forecaster", version: 1, timesteps, outputs, scaler, column: "" };
}

function readSettings(path: string): ForecasterSettings {
  const beside = settingsPath(path);
  const cure = "say --range <min,max>, the smallest and the largest value that it was trained on";
  let text: string;
  try {
    text = readFileSync(beside, "utf8");
  } catch {
    throw new UsageError(
      `--model: expected the forecaster's settings in ${beside}, got none: ${cure}`,
    );
  }
  try {
    const settings = JSON.parse(text) as ForecasterSettings;
    if (settings.kind !== "rnnkit forecaster" || settings.version !== 1)
      throw new Error("another kind");
    return { ...settings, scaler: MinMaxScaler.fromJSON(JSON.stringify(settings.scaler)) };
  } catch (error) {
    throw new UsageError(
      `--model: expected a forecaster's settings in ${beside}: ${(error as Error).message}; ${cure}`,
    );
  }
}

function settingsPath(path: string): string {
  return extname(path) === "" ? join(path, "forecaster.json") : `${path}.json`;
}
