import { activationOf, inKerasGraph, kerasActivationNames } from "@rnnkit/keras-builders";
import { layers as stock } from "@tensorflow/tfjs-layers";
import { isObject, type JsonObject, objectOf, own, shown, stringOf } from "../keras/json-text.ts";
import { layerClassName, partClassName } from "../keras/keras-aliases.ts";
import {
  camelCase,
  partModule,
  registeredPrefix,
  tfjsWord,
  wordArguments,
} from "../keras/keras-names.ts";
import {
  type Json,
  type LayerClass,
  layerClasses,
  partClasses,
  withoutEffect,
} from "../keras/layer-classes.ts";
import { shownName } from "../keras/limits.ts";
import { asKeras3, type KerasAge } from "./keras-age.ts";

type Layer = InstanceType<typeof stock.Layer>;

/**
 * Makes a layer of a class of one's own. The config is Keras's with the keys in camel case, so that
 * `name` and `trainable` are tfjs's; what lies deeper is as the file has it.
 */
export type CustomLayer = (config: Record<string, Json>) => Layer;

/** What reading a config needs to know. */
export interface Reading {
  /** Begins every error. */
  who: string;
  /** By class name, or by `package>Class`. */
  customObjects: Readonly<Record<string, CustomLayer>>;
  /** Which Keras saved the file. */
  age: KerasAge;
  /** Told what is not as Keras 3 would have it; a text that was told before is not told again. */
  warn(text: string): void;
  /** Makes a model that is a layer of another; undefined if JSON is none. */
  model(reading: Reading, json: JsonObject): Layer | undefined;
}

/** A layer of this project, or of tfjs-layers, from what Keras serialized. */
export function layerFromKeras(reading: Reading, serialized: Json): Layer {
  const { who, customObjects } = reading;
  const json = objectOf(who, "a layer", serialized);
  const className = stringOf(who, "class_name", own(json, "class_name"));
  const config = objectOf(who, `the config of ${shownName(className)}`, own(json, "config"));
  const registered = own(json, "registered_name");
  for (const name of [registered, className]) {
    if (typeof name === "string" && Object.hasOwn(customObjects, name)) {
      return customLayer(reading, name, config);
    }
  }
  refuseCode(who, json);
  const model = reading.model(reading, json);
  if (model) return model;
  const isOwn = isKeras(own(json, "module"));
  const written = isOwn
    ? asKeras3(who, reading.age, { className: layerClassName(className), config }, reading.warn)
    : { className, config };
  if (!isOwn || !Object.hasOwn(layerClasses, written.className)) {
    const name = shownName(`${own(config, "name") ?? ""}`);
    const module = own(json, "module");
    const from = typeof module === "string" ? ` of ${module}` : "";
    throw new Error(
      `${who}: expected layers that are known here, got ${shownName(className)}${from} (layer ${name}); give what makes it as customObjects: { ${JSON.stringify(className)}: (config) => layer }`,
    );
  }
  return madeLayer(reading, written.className, layerClasses[written.className]!, written.config);
}

/** Whether a module is Keras's own; a legacy file names none. */
function isKeras(module: Json | undefined): boolean {
  return module == null || (typeof module === "string" && /^keras(\.|$)/.test(module));
}

function customLayer(reading: Reading, name: string, config: JsonObject): Layer {
  const entries = Object.entries(config).filter(([key]) => key !== "dtype");
  const layer = reading.customObjects[name]!(
    Object.fromEntries(entries.map(([key, value]) => [camelCase(key), value])),
  );
  if (layer instanceof stock.Layer) return inKerasGraph(layer);
  throw new Error(`${reading.who}: expected customObjects.${name} to give a layer, got another`);
}

/** Nothing that a file says is ever run. */
function refuseCode(who: string, json: JsonObject): void {
  const className = own(json, "class_name");
  const code = ["Lambda", "__lambda__", "TFOpLambda", "SlicingOpLambda", "__bytes__"];
  if (typeof className === "string" && code.includes(className)) {
    const config = own(json, "config");
    const name = isObject(config) ? own(config, "name") : undefined;
    throw new Error(
      `${who}: expected no code in the file, got ${className}${name === undefined ? "" : ` (layer ${shown(name)})`}; code of a file is never run`,
    );
  }
}

function madeLayer(
  reading: Reading,
  className: string,
  known: LayerClass,
  config: JsonObject,
): Layer {
  const name = own(config, "name");
  const who = `${reading.who}: ${className}${name === undefined ? "" : ` ${shown(name)}`}`;
  const args: Record<string, unknown> = {};
  if (name !== undefined) args.name = stringOf(who, "name", name);

  for (const [key, value] of Object.entries(config)) {
    if (key === "name" || key === "trainable") continue;
    if (key === "dtype") {
      const dtype = dtypeOf(who, className, value);
      if (dtype !== undefined) args.dtype = dtype;
    } else if (key === "batch_input_shape" || key === "batch_shape") {
      args.batchInputShape = batchShape(who, value);
    } else if (known.parts?.includes(key)) {
      const part = partLayers(reading, value);
      if (part !== null) args[camelCase(key)] = part;
    } else if (known.arguments.includes(key)) {
      const option = known.names?.[key] ?? camelCase(key);
      const read = argument(who, key, value, reading.warn);
      if (read !== undefined) args[option] = read;
    } else if (known.fixed && Object.hasOwn(known.fixed, key)) {
      const wanted = known.fixed[key]!;
      if (JSON.stringify(value) !== JSON.stringify(wanted)) {
        throw new Error(`${who}: expected ${key} ${shown(wanted)}, got ${shown(value)}`);
      }
    } else if (!(known.ignored && Object.hasOwn(known.ignored, key)) && !isOff(key, value)) {
      throw new Error(`${who}: expected no ${key}, got ${shown(value)}`);
    }
  }
  let layer: Layer;
  try {
    layer = known.make(args as never);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : `${cause}`;
    throw new Error(`${who}: expected a config that makes a layer, got one with: ${reason}`, {
      cause,
    });
  }
  if (own(config, "trainable") === false) layer.trainable = false;
  return layer;
}

/** Arguments that Keras 2 wrote, or that a later Keras may add, where they ask for nothing. */
const asksNothing = new Set([...withoutEffect, "input_length", "input_shape"]);

function isOff(key: string, value: Json): boolean {
  return value === null || value === false || asksNothing.has(key);
}

function partLayers(reading: Reading, value: Json): Layer | Layer[] | null {
  if (value === null) return null;
  if (Array.isArray(value)) return value.map((each) => layerFromKeras(reading, each));
  return layerFromKeras(reading, value);
}

/** An argument's value for a layer; undefined: as if it were not there. */
function argument(who: string, key: string, value: Json, warn: Reading["warn"]): unknown {
  if (key === "activation" || key === "recurrent_activation") return activation(who, key, value);
  const module = partModule(key);
  if (module) return value === null ? undefined : part(who, key, module, value, warn);
  if (key === "seed") return typeof value === "number" ? value : undefined;
  if (typeof value === "string" && wordArguments.has(key)) return tfjsWord(value);
  // null is a mode of its own only for merge_mode.
  return value === null && key !== "merge_mode" ? undefined : value;
}

function activation(who: string, key: string, value: Json): string {
  const named = isObject(value) ? functionName(value) : value;
  if (named === null) return "linear";
  if (typeof named === "string" && activationOf(named)) return named;
  if (isObject(value)) refuseCode(who, value);
  throw new Error(
    `${who}: expected ${key} to be one of ${kerasActivationNames.join(", ")}, got ${shown(value)}`,
  );
}

/** The name of a function that is serialized as an object: Keras's own, or ours as Python registers it. */
function functionName(json: JsonObject): Json | undefined {
  const name = own(json, "config");
  if (isKeras(own(json, "module"))) return name;
  if (own(json, "module") !== "builtins" || typeof name !== "string") return undefined;
  return name.startsWith(registeredPrefix) ? name.slice(registeredPrefix.length) : undefined;
}

/**
 * An initializer, regularizer or constraint as tfjs-layers serializes it; undefined for an initializer that
 * is not known: what it would make is about to be overwritten.
 */
function part(
  who: string,
  key: string,
  module: string,
  value: Json,
  warn: Reading["warn"],
): object | undefined {
  const json = typeof value === "string" ? { class_name: value, config: {} } : value;
  const className = isObject(json) ? own(json, "class_name") : undefined;
  const known = partClasses[module]!;
  const name = typeof className === "string" ? partClassName(className) : "";
  const isOurs = isObject(json) && isKeras(own(json, "module")) && Object.hasOwn(known, name);
  if (!isOurs && module === "keras.initializers") {
    warn(
      `${who}: the weights are those of the file, ${key} is not: ${shown(className ?? value)} is not known here, and the layer has its default`,
    );
    return undefined;
  }
  if (isObject(json)) refuseCode(who, json);
  if (!isOurs) {
    const names = Object.keys(known).join(", ");
    throw new Error(`${who}: expected ${key} to be one of ${names}, got ${shown(value)}`);
  }
  const config = objectOf(who, `the config of ${key}`, own(json, "config"));
  const entries = known[name]!.filter(
    (argument) => typeof own(config, argument) !== "object" && own(config, argument) !== undefined,
  ).map((argument) => {
    const given = config[argument]!;
    return [camelCase(argument), typeof given === "string" ? tfjsWord(given) : given];
  });
  return { className: tfjsParts[name] ?? name, config: Object.fromEntries(entries) };
}

/** What tfjs-layers calls otherwise. */
const tfjsParts: Readonly<Record<string, string>> = {
  ...{ L1: "L1L2", L2: "L1L2" },
  ...{ LecunNormal: "LeCunNormal", LecunUniform: "LeCunUniform" },
};

/** Policies that keep weights in float32; what is computed in half precision there is computed in float32 here. */
const policies = new Set(["float32", "mixed_float16", "mixed_bfloat16"]);
const inputTypes: Readonly<Record<string, string>> = {
  ...{ bool: "bool", int32: "int32", int64: "int32", uint8: "int32", int8: "int32" },
  ...{ int16: "int32", uint16: "int32", uint32: "int32", uint64: "int32", float64: "float32" },
  ...{ float16: "float32", bfloat16: "float32", float32: "float32" },
};

function dtypeOf(who: string, className: string, value: Json): string | undefined {
  if (value === null) return undefined;
  const config = isObject(value) ? own(value, "config") : undefined;
  const name = isObject(config) ? own(config, "name") : value;
  if (className === "InputLayer") {
    if (typeof name === "string" && Object.hasOwn(inputTypes, name)) return inputTypes[name];
    throw new Error(`${who}: expected an input of numbers, got dtype ${shown(value)}`);
  }
  if (typeof name === "string" && policies.has(name)) return undefined;
  throw new Error(
    `${who}: expected dtype to be one of ${[...policies].join(", ")}, got ${shown(value)}`,
  );
}

/** A shape with the batch's size first. */
export function batchShape(who: string, value: Json): (number | null)[] {
  const isSize = (n: Json) => n === null || (Number.isSafeInteger(n) && (n as number) >= 0);
  if (Array.isArray(value) && value.length > 0 && value.length <= 32 && value.every(isSize)) {
    return value as (number | null)[];
  }
  throw new Error(`${who}: expected a shape of sizes and nulls, got ${shown(value)}`);
}
