import { isKerasLayer } from "@rnnkit/keras-builders";
import { type LayersModel, type layers, RNN } from "@tensorflow/tfjs-layers";
import type { JsonObject } from "../keras/json-text.ts";
import {
  camelCase,
  kerasWord,
  partModule,
  snakeCase,
  wordArguments,
} from "../keras/keras-names.ts";
import { takeStates } from "../keras/keras-order.ts";
import { type Json, type LayerClass, layerClasses, layerModule } from "../keras/layer-classes.ts";
import { isMasked } from "../keras/mask-origin.ts";
import { kerasActivation, kerasPart } from "./to-keras-part.ts";

type Layer = InstanceType<typeof layers.Layer>;
export type Shape = (number | null)[];

/** How objects go into a config. */
export interface ToKeras {
  /** As in a legacy file, whose layers carry no module and no build shapes. */
  legacy: boolean;
  /** What custom layers are registered under in Python: class name to `package>Class`. */
  registeredNames: Readonly<Record<string, string>>;
  /** Serializes a model that is a layer of another. */
  model(model: LayersModel, to: ToKeras): JsonObject;
}

export const dtypePolicy: JsonObject = {
  module: "keras",
  class_name: "DTypePolicy",
  config: { name: "float32" },
  registered_name: null,
};

/** Arguments that Keras does not write, or not where they are null. */
const unwritten: Readonly<Record<string, readonly string[]>> = {
  Dense: ["lora_rank"],
  Embedding: ["input_length"],
  SimpleRNN: ["seed"],
  SpatialDropout1D: ["trainable"],
};

/** Keras builds these as it makes them, and so writes no shape for them. */
const builtWhenMade = new Set([
  ...["Activation", "Dropout", "Reshape", "Masking", "SpatialDropout1D", "GaussianNoise"],
  ...["GaussianDropout", "AlphaDropout", "ReLU", "LeakyReLU", "ELU", "Softmax", "InputLayer"],
  ...["MaxPooling1D", "MaxPooling2D", "AveragePooling1D", "AveragePooling2D", "Rescaling"],
  ...["GlobalMaxPooling1D", "GlobalMaxPooling2D", "Identity", "UnitNormalization"],
  ...["GlobalAveragePooling1D", "GlobalAveragePooling2D"],
]);

/** Where a layer holds its parts, if not under the argument's name. */
const partProperties: Readonly<Record<string, string>> = { Bidirectional: "forwardLayer" };

/**
 * A layer or cell as Keras serializes it: module, class name, config, registered name and the shape it
 * was built for.
 *
 * @throws for a class that Keras does not know and **registeredNames** does not name, and for options
 * that Keras has no word for.
 */
export function kerasLayer(layer: Layer, to: ToKeras, shape?: Shape | Shape[]): JsonObject {
  if ("containerNodes" in layer) return to.model(layer as LayersModel, to);
  const className = layer.getClassName();
  const registeredName = Object.hasOwn(to.registeredNames, className)
    ? to.registeredNames[className]!
    : null;
  const known = Object.hasOwn(layerClasses, className) ? layerClasses[className] : undefined;
  if (registeredName === null && !known) {
    throw new Error(
      `${layer.name}: expected a layer that Keras knows, got ${className}; name what Python registers it as: registeredNames { ${className}: "package>${className}" }`,
    );
  }
  const serialized: JsonObject = {
    module: registeredName === null ? layerModule : null,
    class_name: className.split(">").at(-1)!,
    config: registeredName === null ? layerConfig(layer, known!, to, shape) : customConfig(layer),
    registered_name: registeredName,
  };
  if (shape && !to.legacy && !builtWhenMade.has(className)) {
    serialized.build_config = buildConfig(className, shape);
  }
  return serialized;
}

function buildConfig(className: string, shape: Shape | Shape[]): JsonObject {
  if (!Array.isArray(shape[0]) || !takeStates.has(className)) return { input_shape: shape };
  const [sequences_shape, ...initial_state_shape] = shape as Shape[];
  return { shapes_dict: { sequences_shape: sequences_shape!, initial_state_shape } };
}

function layerConfig(
  layer: Layer,
  known: LayerClass,
  to: ToKeras,
  shape: Shape | Shape[] | undefined,
): JsonObject {
  const className = layer.getClassName();
  refuseBackwardStates(layer, shape);
  refuseUnzeroed(layer);
  const given = layer.getConfig() as JsonObject;
  const skipped = [...(unwritten[className] ?? []), ...(known.optional ?? [])];
  const values: JsonObject =
    className === "InputLayer"
      ? { name: layer.name, dtype: given.dtype ?? "float32" }
      : { name: layer.name, trainable: layer.trainable, dtype: dtypePolicy };
  if (skipped.includes("trainable")) delete values.trainable;
  for (const argument of known.arguments) {
    if (known.parts?.includes(argument)) {
      values[argument] = kerasParts(layer, argument, to, shape);
      continue;
    }
    const name = known.names?.[argument] ?? camelCase(argument);
    // tfjs-layers leaves depthMultiplier out of a config.
    const value = given[name] ?? numberIn(layer, name);
    if (value == null && skipped.includes(argument)) continue;
    if (to.legacy && argument === "axis" && Array.isArray(value) && value.length > 1) {
      throw new Error(
        `${layer.name}: expected format "keras" for axis [${value.join(", ")}], got "h5", where Keras reads one axis and forgets several`,
      );
    }
    if (to.legacy && argument === "score_mode" && value === "dot") {
      throw new Error(
        `${layer.name}: expected format "keras" for scoreMode dot, got "h5", where Keras takes the word for its function dot and opens no such file, not even its own`,
      );
    }
    values[argument] = kerasValue(layer, argument, value);
  }
  for (const [argument, value] of Object.entries({ ...known.fixed, ...known.ignored })) {
    const got = given[camelCase(argument)];
    if (argument in (known.fixed ?? {}) && got != null && !isSame(got, value)) {
      throw new Error(
        `${layer.name}: expected ${argument} ${JSON.stringify(value)}, with which tfjs-layers and Keras agree, got ${JSON.stringify(got)}`,
      );
    }
    if (!skipped.includes(argument)) values[argument] = value;
  }
  return values;
}

/**
 * Keras zeroes both directions' outputs at masked steps, tfjs-layers' own Bidirectional repeats the
 * last ones.
 */
function refuseUnzeroed(layer: Layer): void {
  const { forwardLayer } = layer as { forwardLayer?: Layer };
  const isStock = forwardLayer instanceof RNN && forwardLayer.returnSequences;
  // Joined to a layer of this project's, it has zeros too.
  if (!isStock || isKerasLayer(layer) || !isMasked(layer)) return;
  throw new Error(
    `${layer.name}: expected a Bidirectional of @rnnkit/keras-builders under a mask, got tfjs-layers' own with returnSequences, which repeats outputs at masked steps where Keras has zeros; make it with layers.bidirectional of @rnnkit/keras-builders, whose setWeights takes the same weights`,
  );
}

/** Whether tfjs-layers' value of an argument is Keras's: `channelsLast` is `channels_last`. */
function isSame(got: Json, value: Json): boolean {
  const spelt = typeof got === "string" ? kerasWord(got) : got;
  return JSON.stringify(spelt) === JSON.stringify(value);
}

function numberIn(layer: Layer, name: string): number | undefined {
  const value = (layer as unknown as Record<string, unknown>)[name];
  return typeof value === "number" ? value : undefined;
}

const flags = new Set(["mask_zero", "unit_forget_bias", "zero_output_for_mask", "unroll"]);

function kerasValue(layer: Layer, argument: string, value: Json | undefined): Json {
  if (argument === "activation" || argument === "recurrent_activation") {
    return kerasActivation(layer, argument, value);
  }
  const module = partModule(argument);
  if (module) return kerasPart(layer, argument, module, value);
  if (argument === "data_format" && value == null) return "channels_last";
  if (argument === "target_shape") return (value as Json[]).map((n) => n ?? -1);
  if (flags.has(argument)) return value ?? false;
  if (typeof value === "string" && wordArguments.has(argument)) return kerasWord(value);
  return value ?? null;
}

/**
 * tfjs-layers' own stacks hand out and take their states last cell first, Keras first cell first.
 */
function refuseBackwardStates(layer: Layer, shape: Shape | Shape[] | undefined): void {
  if (!(layer instanceof RNN) || !("cells" in layer.cell)) return;
  if (!layer.returnState && !layer.stateful && !Array.isArray(shape?.[0])) return;
  throw new Error(
    `${layer.name}: expected stacked cells of @rnnkit/keras-builders, got tfjs-layers' own, whose states go from the last cell to the first`,
  );
}

/** The layers in a layer, from the objects themselves, whose names and options are the true ones. */
function kerasParts(layer: Layer, argument: string, to: ToKeras, shape?: Shape | Shape[]): Json {
  const property =
    (argument === "layer" && partProperties[layer.getClassName()]) || camelCase(argument);
  const part = (layer as unknown as Record<string, Layer | Layer[] | null>)[property];
  // Legacy files too hold a part in full.
  const whole = { ...to, legacy: false };
  const first = (Array.isArray(shape?.[0]) ? shape[0] : shape) as Shape | undefined;
  const inner = first && partShape(layer.getClassName(), first);
  if (Array.isArray(part)) {
    let at = inner;
    return part.map((cell) => {
      const serialized = kerasLayer(cell, whole, at);
      at = at && [at[0]!, outputSize(cell)];
      return serialized;
    });
  }
  return part ? kerasLayer(part, whole, inner) : null;
}

/** The shape that a part is built for, of its layer's. */
function partShape(className: string, shape: Shape): Shape {
  const [B, , ...rest] = shape;
  return className === "TimeDistributed" || className === "RNN" ? [B!, ...rest] : shape;
}

function outputSize(cell: Layer): number | null {
  const { outputSize, stateSize, units } = cell as unknown as {
    outputSize?: number;
    stateSize?: number | number[];
    units?: number;
  };
  return outputSize ?? [stateSize ?? []].flat()[0] ?? units ?? null;
}

/** A custom layer's own config, in Keras's spelling. */
function customConfig(layer: Layer): JsonObject {
  const rename = (value: Json): Json => {
    if (Array.isArray(value)) return value.map(rename);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => [snakeCase(key), rename(each ?? null)]),
    );
  };
  const { batchInputShape: _, dtype: __, ...config } = layer.getConfig() as JsonObject;
  return {
    ...(rename(config) as JsonObject),
    name: layer.name,
    trainable: layer.trainable,
    dtype: dtypePolicy,
  };
}
