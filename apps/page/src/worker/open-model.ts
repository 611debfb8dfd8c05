import { widthOf } from "@rnnkit/benchmarks/forecasting/layout";
import type { PreparedReviews } from "@rnnkit/benchmarks/reviews/prepared-reviews";
import { loadKerasModel, saveKerasModel } from "@rnnkit/keras-files";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import {
  type Cell,
  defaults,
  featuresText,
  isSeries,
  isWithin,
  ranges,
  type Settings,
} from "../app/settings.ts";
import { type Classifier, chosenReviews, classifierOf, imdbWords } from "./classifier.ts";
import { type Companion, companionIn, companionOf, withCompanion } from "./companion.ts";
import { columnNames, cutFor, type Forecaster } from "./forecaster.ts";
import type { GivenFiles, ModelAbout, Opened } from "./messages.ts";
import { chosenSeries } from "./series-source.ts";
import { rateOf } from "./step-size.ts";

/** A model that a visitor can use. */
export type Trained = Forecaster | Classifier;

/** The `.keras` file of a model, with what it needs to be used again in it. */
export async function fileOf(trained: Trained, settings: Settings | null): Promise<Uint8Array> {
  // Keras has no name for the pinball loss, without which training does not go on elsewhere.
  const includeOptimizer = trained.kind === "classifier" || trained.layout.levels.length === 0;
  const file = await saveKerasModel(trained.model, undefined, { includeOptimizer });
  if (trained.kind === "classifier") {
    const { maxLen, vocabSize, words } = trained;
    return withCompanion(file, { kind: "rnnkit classifier", maxLen, vocabSize, words, settings });
  }
  const { layout, bands, scaler, columns, season } = trained;
  return withCompanion(file, {
    ...{ kind: "rnnkit forecaster", layout, bands, scaler },
    ...{ columns, season: season?.length ?? null, settings },
  });
}

/**
 * Opens a model of Keras, of this page or of the command line: a forecaster of windows [null, steps, columns], or a
 * classifier of word ids [null, words] through an Embedding to [null, 1].
 *
 * @throws for any other model, and for a file that is none
 */
export async function openModel(
  file: File,
  beside: File | null,
  settings: Settings,
  files: GivenFiles,
): Promise<{
  trained: Trained;
  opened: Opened;
  trainedBy: Settings | null;
  reviews: PreparedReviews | null;
}> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const companion = beside ? companionOf(await beside.text()) : companionIn(bytes);
  const notes: Opened["notes"] = [];
  const onWarning = (text: string) => notes.push({ note: "warning", text });
  const model = await loadKerasModel(bytes, { onWarning });
  try {
    const trained = isClassifier(model)
      ? await classifierFrom(model, companion, settings, files, notes)
      : forecasterFrom(model, companion, settings, files, notes);
    const fitting = fittingSettings(trained, companion, settings, files);
    // Ids of another file's words would be read as its own.
    const isOfPage = companion?.kind === "rnnkit classifier" && companion.settings !== null;
    const isGenerated = isOfPage && fitting.task === "reviews";
    const isOther = notes.some(({ note }) => note === "otherSeries");
    return {
      trained,
      opened: { notes, settings: fitting },
      // Saved again it is still of the series that it learnt from.
      trainedBy: isOther ? (companion?.settings ?? null) : fitting,
      reviews: isGenerated ? (await chosenReviews(fitting, null)).prepared : null,
    };
  } catch (error) {
    model.dispose();
    throw error;
  }
}

function isClassifier(model: LayersModel): boolean {
  const [input, output] = [model.inputs[0]?.shape ?? [], model.outputs[0]?.shape ?? []];
  const isAlone = model.inputs.length === 1 && model.outputs.length === 1;
  const hasEmbedding = model.layers.some((layer) => layer.getClassName() === "Embedding");
  if (isAlone && input.length === 2 && output.length === 2 && output[1] === 1 && hasEmbedding)
    return true;
  if (isAlone && input.length === 3 && input[2] && output.length === 2 && output[1]) return false;
  const shown = (shapes: { shape: (number | null)[] }[]) =>
    shapes.map(({ shape }) => `[${shape.map((n) => n ?? "null").join(", ")}]`).join(" and ");
  throw new Error(
    "expected a forecaster, windows [null, steps, columns] to [null, n], or a classifier of reviews, word ids " +
      `[null, words] through an Embedding to [null, 1], got ${shown(model.inputs)} to ${shown(model.outputs)}`,
  );
}

function forecasterFrom(
  model: LayersModel,
  companion: Companion | null,
  settings: Settings,
  files: GivenFiles,
  notes: Opened["notes"],
): Forecaster {
  const own = companion?.kind === "rnnkit forecaster" ? companion : null;
  const timesteps = model.inputs[0]?.shape[1] ?? own?.layout.timesteps ?? settings.window;
  const width = model.outputs[0]?.shape[1] as number;
  const features = model.inputs[0]?.shape[2] as number;
  const layout = own?.layout ?? { timesteps, steps: width, features: 1, columns: 1, levels: [] };
  if (!own && features > 1) {
    throw new Error(
      `expected a forecaster of ${features} columns with its settings, in it or beside it as the command line writes them, got it without`,
    );
  }
  const fits = layout.timesteps === timesteps && layout.features === features;
  if (!fits || widthOf(layout) !== width) {
    const shown = (steps: number, columns: number, numbers: number) =>
      `windows of ${steps} times ${columns} to ${numbers} numbers`;
    throw new Error(
      `expected the settings of this model, ${shown(timesteps, features, width)}, got those of ${shown(layout.timesteps, layout.features, widthOf(layout))}`,
    );
  }
  const source = seriesSettings(own?.settings ?? settings, settings, files);
  const series = chosenSeries(withColumns(source, own?.columns ?? []), files);
  const cut = cutFor(series, layout, own?.scaler ?? null);
  if (!own) notes.push({ note: "noScaler" });
  else if (own.settings ? own.settings !== source : own.columns[0] !== series.valueLabel)
    notes.push({ note: "otherSeries", column: own.columns.join(", ") });
  return {
    ...{ kind: "forecaster", model, layout, bands: own?.bands ?? null },
    ...{ ...cut, columns: own?.columns ?? columnNames(series) },
  };
}

/** The first settings whose series is at hand: the file's, the page's, else the sine. */
function seriesSettings(wanted: Settings, present: Settings, { csv }: GivenFiles): Settings {
  const isThere = ({ task }: Settings) => isSeries(task) && (task !== "csv" || csv !== null);
  return [wanted, present].find(isThere) ?? { ...defaults.sine, seed: present.seed };
}

/**
 * The settings with the columns that a model sees: of several, those of the CSV file that has them.
 *
 * @throws where there is none
 */
function withColumns(settings: Settings, [column = "", ...features]: string[]): Settings {
  if (features.length === 0) return { ...settings, features: "" };
  if (settings.task !== "csv") {
    throw new Error(
      `expected the CSV file with the columns ${[column, ...features].join(", ")} that the model sees: drop it together with the model`,
    );
  }
  return { ...settings, column, features: featuresText(features) };
}

async function classifierFrom(
  model: LayersModel,
  companion: Companion | null,
  settings: Settings,
  files: GivenFiles,
  notes: Opened["notes"],
): Promise<Classifier> {
  const own = companion?.kind === "rnnkit classifier" ? companion : null;
  const maxLen = model.inputs[0]?.shape[1] ?? own?.maxLen ?? settings.window;
  const embedding = model.layers.find((layer) => layer.getClassName() === "Embedding");
  const vocabSize = embedding?.weights[0]?.shape[0] as number;
  let words = own?.words ?? null;
  // Keras's own tutorial: whoever trained on IMDB has its words.
  if (!words && files.words) words = await imdbWords(files.words);
  if (!words) notes.push({ note: "noWords" });
  return classifierOf(model, maxLen, vocabSize, words);
}

/** The page's settings as the opened model has them. */
function fittingSettings(
  trained: Trained,
  companion: Companion | null,
  present: Settings,
  files: GivenFiles,
): Settings {
  const saved = companion?.settings ?? present;
  const { backend } = present;
  const rate = rateOf(trained.model);
  const own = (base: Settings): Settings => {
    const isRate = rate !== null && isWithin(rate, ranges.rate);
    return { ...ownSettings(trained, base), backend, ...(isRate && { rate }) };
  };
  if (trained.kind === "forecaster") {
    const source = seriesSettings(saved, present, files);
    return own(withColumns(source, columnNames(trained.series)));
  }
  const base = [saved, present].find(({ task }) => !isSeries(task)) ?? defaults.reviews;
  const task = base.task === "imdb" && !files.imdb && !companion ? "reviews" : base.task;
  return own({ ...base, task });
}

/** The settings with what a model has of its own: cell, sizes, bands, and the steps that bands of quantiles need. */
export function ownSettings(trained: Trained, settings: Settings): Settings {
  const { cell, units, window, bands } = aboutModel(trained);
  const isFixed = trained.kind === "forecaster" && trained.layout.levels.length > 0;
  return {
    ...{ ...settings, cell: cell ?? settings.cell, units, window },
    ...(trained.kind === "forecaster" && { bands }),
    ...(isFixed && { ahead: trained.layout.steps }),
  };
}

const classes: Record<string, Cell> = {
  SimpleRNN: "simple_rnn",
  LSTM: "lstm",
  GRU: "gru",
  Bidirectional: "bidirectional_lstm",
};

const recurrentLayer = (model: LayersModel) =>
  model.layers.find((layer) => layer.getClassName() in classes);

function cellOf(model: LayersModel): Cell | null {
  return classes[recurrentLayer(model)?.getClassName() ?? ""] ?? null;
}

/** What the page tells of a model. */
export function aboutModel(trained: Trained): Omit<ModelAbout, "hasExamples"> {
  const { kind, model } = trained;
  const recurrent = recurrentLayer(model);
  const shape = (recurrent?.outputShape ?? []) as (number | null)[];
  const width = shape.at(-1) ?? 0;
  return {
    kind,
    layers: model.layers
      .filter((layer) => layer.getClassName() !== "InputLayer")
      .map((layer) => `${layer.getClassName()} ${(layer.outputShape as number[]).at(-1)}`),
    parameters: model.countParams(),
    cell: cellOf(model),
    units: recurrent?.getClassName() === "Bidirectional" ? Math.ceil(width / 2) : width,
    window: kind === "forecaster" ? trained.layout.timesteps : trained.maxLen,
    features: trained.kind === "forecaster" ? trained.layout.features : 1,
    bands: (trained.kind === "forecaster" && trained.bands?.method) || "none",
    hasSchedule: model.optimizer !== undefined && rateOf(model) === null,
    hasWords: trained.kind === "classifier" && trained.words !== null,
  };
}
