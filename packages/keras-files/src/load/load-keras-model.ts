import { checkKinds, checkOptions, optionKinds } from "@rnnkit/core-rnn";
import { inKerasGraph } from "@rnnkit/keras-builders";
import { ready } from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { type Hdf5, type Hdf5Dataset, openHdf5 } from "../hdf5/file.ts";
import { isObject, type JsonObject, objectOf, own, parseJson, shown } from "../keras/json-text.ts";
import { mostJsonBytes } from "../keras/limits.ts";
import { checkModel } from "../model-argument.ts";
import { withDeferredWeights } from "./deferred-weights.ts";
import { compileAsSaved, type SavedCompilation } from "./from-keras-compile.ts";
import type { CustomLayer, Reading } from "./from-keras-config.ts";
import { modelFromKeras } from "./from-keras-model.ts";
import { type KerasAge, kerasAge } from "./keras-age.ts";
import { checkModelSize } from "./model-size.ts";
import {
  type ModelSource,
  type ReadPath,
  type SourceOptions,
  sourceBytes,
  sourceNames,
  transferOf,
} from "./model-source.ts";
import { assignAll, assignOneByOne, savedWeights, textList } from "./saved-weights.ts";
import { openZip, type ZipArchive } from "./zip-archive.ts";

/** Options of loadWeights. */
export interface LoadWeightsOptions extends SourceOptions {}

/** Options of loadKerasModel. */
export interface LoadKerasModelOptions extends SourceOptions {
  /**
   * What makes layers that are not known here, by class name or `package>Class`. It is called with
   * Keras's config, keys in camel case.
   */
  customObjects?: Readonly<Record<string, CustomLayer>>;
  /** Whether to compile the model as it was, with the optimizer's state. Default *true*. */
  compile?: boolean;
  /** Told what could not be taken over, as a loss that tfjs lacks. Default: console.warn. */
  onWarning?: (text: string) => void;
}

const loadNames = ["customObjects", "compile", "onWarning", ...sourceNames];
const loadKinds = {
  customObjects: { expected: "an object of classes", takes: optionKinds.record.takes },
  compile: optionKinds.flag,
  onWarning: optionKinds.callback,
};
const configName = "config.json";
const metadataName = "metadata.json";
/** Versions and a date: some 64 bytes. */
const mostMetadata = 2 ** 16;
const weightsName = "model.weights.h5";

/** Loads a model from a source that **readPath** understands, where paths exist. */
export async function loadModelFrom(
  source: ModelSource,
  options: LoadKerasModelOptions,
  readPath?: ReadPath,
): Promise<LayersModel> {
  const who = "loadKerasModel";
  checkOptions(who, options, loadNames, "{ compile: false }");
  checkKinds(who, options, loadKinds);
  const transfer = transferOf(who, options);
  const { maxBytes } = transfer;
  const { customObjects = {} } = options;
  // A backend that was only imported starts here.
  await ready();
  const bytes = await sourceBytes(who, source, transfer, readPath);
  const { onWarning = (text) => console.warn(text) } = options;
  const told = new Set<string>();
  const warn = (text: string): void => {
    if (told.has(text)) return;
    told.add(text);
    onWarning(text);
  };
  const readingOf = (age: KerasAge): Reading => ({
    ...{ who, customObjects, age, warn },
    model(inner, json) {
      const model = modelFromKeras(inner, json);
      return model && inKerasGraph(model as unknown as NonNullable<ReturnType<Reading["model"]>>);
    },
  });
  if (kindOf(who, bytes) === "zip") {
    const zip = openZip(who, bytes, maxBytes);
    const json = jsonMember(who, zip, configName);
    const reading = readingOf(kerasAge(zipVersion(who, zip), 3));
    const weights = weightsMember(who, zip);
    const file = openHdf5(who, weights);
    return loaded(reading, json, file, weights.length, options, () => {
      const config = own(json, "compile_config");
      if (!isObject(config) || Object.keys(config).length === 0) return undefined;
      return { config, optimizer: own(config, "optimizer"), state: numbered(file) };
    });
  }
  const file = openHdf5(who, bytes);
  const text = file.text("", "model_config");
  if (typeof text !== "string") {
    throw new Error(
      `${who}: expected a model in the file, got weights alone; load them into a model with loadWeights`,
    );
  }
  const json = objectOf(who, "model_config", parseJson(who, text));
  const reading = readingOf(kerasAge(file.text("", "keras_version"), 2));
  return loaded(reading, json, file, bytes.length, options, () => {
    const training = file.text("", "training_config");
    if (typeof training !== "string") return undefined;
    const config = objectOf(who, "training_config", parseJson(who, training));
    return { config, optimizer: own(config, "optimizer_config"), state: listed(file) };
  });
}

function loaded(
  reading: Reading,
  json: JsonObject,
  file: Hdf5,
  fileBytes: number,
  options: LoadKerasModelOptions,
  compilation: () => SavedCompilation | undefined,
): LayersModel {
  const { who } = reading;
  checkModelSize(who, json);
  return withDeferredWeights(who, fileBytes, () => {
    const model = modelFromKeras(reading, json);
    if (!model) {
      const got = shown(own(json, "class_name"));
      throw new Error(`${who}: expected a Sequential or functional model, got ${got}`);
    }
    assignOneByOne(savedWeights(who, model, file));
    const saved = options.compile === false ? undefined : compilation();
    if (saved && reading.age.major < 3 && saved.state.length > 1) {
      saved.state = [];
      reading.warn(`${who}: compiled with a fresh optimizer: its state is of ${reading.age.name}`);
    }
    if (saved) compileAsSaved(who, model, saved, reading.warn);
    return model;
  });
}

/** Loads weights from a source that **readPath** understands, where paths exist. */
export async function loadWeightsFrom(
  model: LayersModel,
  source: ModelSource,
  options: LoadWeightsOptions,
  readPath?: ReadPath,
): Promise<void> {
  const who = "loadWeights";
  checkModel(who, model);
  checkOptions(who, options, sourceNames);
  const transfer = transferOf(who, options);
  const { maxBytes } = transfer;
  // A backend that was only imported starts here.
  await ready();
  const bytes = await sourceBytes(who, source, transfer, readPath);
  const isZip = kindOf(who, bytes) === "zip";
  const weights = isZip ? weightsMember(who, openZip(who, bytes, maxBytes)) : bytes;
  assignAll(savedWeights(who, model, openHdf5(who, weights)));
}

/** Files are known by their first bytes, not their names. */
function kindOf(who: string, bytes: Uint8Array): "zip" | "hdf5" {
  const begin = String.fromCharCode(...bytes.subarray(0, 8));
  if (begin.startsWith("PK\x03\x04")) return "zip";
  if (begin === "\x89HDF\r\n\x1a\n") return "hdf5";
  const got = bytes.length ? JSON.stringify(begin) : "nothing";
  throw new Error(`${who}: expected a .keras or HDF5 file, got one that begins with ${got}`);
}

function jsonMember(
  who: string,
  zip: ZipArchive,
  name: string,
  limit: number = mostJsonBytes,
): JsonObject {
  if (!zip.names.includes(name)) {
    const names = zip.names.slice(0, 10).join(", ") || "nothing";
    throw new Error(`${who}: expected a zip with ${name}, got ${names}`);
  }
  const bytes = zip.read(name, limit);
  return objectOf(who, name, parseJson(who, new TextDecoder().decode(bytes)));
}

/** The `keras_version` of a .keras file. */
function zipVersion(who: string, zip: ZipArchive): string | undefined {
  if (!zip.names.includes(metadataName)) return undefined;
  const version = own(jsonMember(who, zip, metadataName, mostMetadata), "keras_version");
  return typeof version === "string" ? version : undefined;
}

function weightsMember(who: string, zip: ZipArchive): Uint8Array {
  if (zip.names.includes(weightsName)) return zip.read(weightsName);
  const names = zip.names.slice(0, 10).join(", ") || "nothing";
  throw new Error(`${who}: expected a zip with ${weightsName}, got ${names}`);
}

/** `optimizer/vars/0`, 1, ..., of a Keras 3 file. */
function numbered(file: Hdf5): Hdf5Dataset[] {
  const found: Hdf5Dataset[] = [];
  for (let i = 0; ; i++) {
    const dataset = file.datasets.get(`optimizer/vars/${i}`);
    if (!dataset) return found;
    found.push(dataset);
  }
}

/** The optimizer's variables of a legacy file. */
function listed(file: Hdf5): Hdf5Dataset[] {
  const names = textList(file, "optimizer_weights", "weight_names") ?? [];
  return names.flatMap((name) => file.datasets.get(`optimizer_weights/${name}`) ?? []);
}
