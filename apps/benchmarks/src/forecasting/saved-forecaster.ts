import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, extname, join, resolve } from "node:path";
import { exportOnnx, fileSystem, loadKerasModel, saveKerasModel } from "@rnnkit/keras-files";
import { MinMaxScaler } from "@rnnkit/preprocess";
import { type LayersModel, loadLayersModel } from "@tensorflow/tfjs-layers";
import { openOutputFile, writeWhole } from "../output.ts";
import { type BandSettings, stringifyJson } from "../results.ts";
import { UsageError } from "../terminal/usage-error.ts";
import { type ForecasterLayout, widthOf } from "./layout.ts";
import type { TrainedForecaster } from "./trained-forecaster.ts";

/** What a forecaster needs besides its weights; beside the model as JSON. Version 1 has one column and no quantiles. */
export interface ForecasterSettings {
  kind: "rnnkit forecaster";
  version: 2;
  /** Steps in a window. */
  timesteps: number;
  /** Steps that one prediction says. */
  outputs: number;
  /** The columns in a window, the one to forecast first; one that has no name is empty. */
  columns: string[];
  /** Whether each step said has every column, or the first alone. */
  allColumns: boolean;
  /** Shares of the quantiles that are said of each value; empty for one number. */
  levels: number[];
  /** How bands are made; null without any. */
  bands: BandSettings | null;
  /** Points in the season of its baseline; null without one. */
  season: number | null;
  /** Of each column, fitted on the training part. */
  scaler: MinMaxScaler;
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
  const isNameless = FILES.includes(basename(path));
  if (isNameless || (ending !== "" && !FILES.includes(ending))) {
    throw new UsageError(
      `--save: expected a path that ends in ${FILES.join(", ")}, or a folder's without an ending, got ${path}`,
    );
  }
  if (ending !== "") {
    openOutputFile(path, "--save");
    openOutputFile(settingsPath(path), "--save");
    return;
  }
  // A folder that is there is written in; one that is not is made in its own.
  if (!existsSync(path)) openOutputFile(resolve(path), "--save");
  else openOutputFile(settingsPath(path), "--save");
}

/** Writes a model and, beside it, its settings. Returns the path of the settings. */
export async function saveForecaster(
  path: string,
  { model, layout, scaler, bands }: TrainedForecaster,
  { columns, season }: Pick<ForecasterSettings, "columns" | "season">,
): Promise<string> {
  const ending = extname(path);
  // Keras has no name for the pinball loss, without which training does not go on elsewhere.
  const includeOptimizer = layout.levels.length === 0;
  if (ending === ".onnx") writeWhole(path, await exportOnnx(model));
  else if (ending === "") await model.save(fileSystem(path));
  else await saveKerasModel(model, path, { includeOptimizer });
  const beside = settingsPath(path);
  const written = {
    kind: "rnnkit forecaster",
    version: 2,
    timesteps: layout.timesteps,
    outputs: layout.steps,
    columns,
    allColumns: layout.columns > 1,
    levels: [...layout.levels],
    bands,
    season,
    scaler: scaler.toJSON(),
  };
  writeWhole(beside, stringifyJson(written));
  return beside;
}

/**
 * Opens a model that `--save` wrote, or any other of windows of one value where **range** says what it was scaled by.
 *
 * @throws UsageError when there is no model, no settings, both do not fit together, or **range** is given beside them
 */
export async function openForecaster(
  path: string,
  range?: GivenRange,
): Promise<{ forecaster: TrainedForecaster; settings: ForecasterSettings }> {
  if (extname(path) === ".onnx") {
    throw new UsageError(
      "--model: expected .keras, .h5 or a folder, got .onnx: save a .keras beside it",
    );
  }
  if (!existsSync(path)) throw new UsageError(`--model: expected a model that exists, got ${path}`);
  const read = settingsUnless(range, path);
  const model = statSync(path).isDirectory()
    ? await loadLayersModel(fileSystem(path))
    : await loadKerasModel(path);
  const [input, output] = [model.inputs[0]?.shape, model.outputs[0]?.shape];
  const [timesteps, features] = [input?.[1], input?.[2]];
  const outputs = output?.[1];
  const isForecaster =
    input?.length === 3 && output?.length === 2 && (features === 1 || read !== null);
  if (!isForecaster || !timesteps || !features || !outputs || !isSimple(model)) {
    throw new UsageError(
      `--model: expected a model of windows [null, timesteps, ${read?.columns.length ?? 1}] and outputs [null, n], got [${input}] and [${output}]`,
    );
  }
  const settings = read ?? given(range as GivenRange, timesteps, outputs);
  const layout = layoutOf(settings);
  if (
    layout.timesteps !== timesteps ||
    layout.features !== features ||
    widthOf(layout) !== outputs ||
    settings.scaler.dataMin.length !== features
  ) {
    const of = (n: number, columns: number) => `${n} values${columns > 1 ? ` of ${columns}` : ""}`;
    throw new UsageError(
      `--model: expected ${settingsPath(path)} to be of this model, whose windows have ${of(timesteps, features)}, got ${of(layout.timesteps, layout.features)}`,
    );
  }
  const { scaler, bands } = settings;
  return { forecaster: { model, layout, scaler, bands }, settings };
}

function isSimple({ inputs, outputs }: LayersModel): boolean {
  return inputs.length + outputs.length === 2;
}

function layoutOf(settings: ForecasterSettings): ForecasterLayout {
  const { timesteps, outputs: steps, columns, allColumns, levels } = settings;
  const features = columns.length;
  return { timesteps, features, steps, columns: allColumns ? features : 1, levels };
}

function given({ min, max }: GivenRange, timesteps: number, outputs: number): ForecasterSettings {
  const scaler = new MinMaxScaler();
  scaler.fit({ data: Float64Array.of(min, max), shape: [2, 1] });
  return { ...ofOneColumn(""), timesteps, outputs, scaler };
}

/** What settings of version 1 leave out. */
function ofOneColumn(column: string) {
  return {
    kind: "rnnkit forecaster",
    version: 2,
    columns: [column],
    allColumns: false,
    levels: [],
    bands: null,
    season: null,
  } as const satisfies Partial<ForecasterSettings> as Omit<
    ForecasterSettings,
    "timesteps" | "outputs" | "scaler"
  >;
}

/** A model's settings; none where a range stands in for them, which is refused where they are there. */
function settingsUnless(range: GivenRange | undefined, path: string): ForecasterSettings | null {
  if (!range) return readSettings(path);
  try {
    readSettings(path);
  } catch {
    return null;
  }
  throw new UsageError(
    `--range: expected a model without settings, got one with ${settingsPath(path)}, which says its scale: leave --range out`,
  );
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
    const { kind, version, ...read } = JSON.parse(text);
    if (kind !== "rnnkit forecaster") throw new Error("another kind");
    if (version !== 1 && version !== 2) throw new Error(`version ${version}, of a later program`);
    const scaler = MinMaxScaler.fromJSON(JSON.stringify(read.scaler));
    const { timesteps, outputs, column = "" } = read;
    if (version === 1) return { ...ofOneColumn(column), timesteps, outputs, scaler };
    const { columns, levels } = read;
    if (!isList(columns, "string") || columns.length === 0 || !isList(levels, "number")) {
      throw new Error("no list of columns, or of levels");
    }
    return { ...read, kind, version, scaler };
  } catch (error) {
    throw new UsageError(
      `--model: expected a forecaster's settings in ${beside}: ${(error as Error).message}; ${cure}`,
    );
  }
}

function isList(value: unknown, of: "string" | "number"): value is (string | number)[] {
  return Array.isArray(value) && value.every((item) => typeof item === of);
}

function settingsPath(path: string): string {
  return extname(path) === "" ? join(path, "forecaster.json") : `${path}.json`;
}
