import { KerasActivation, kerasActivationNames } from "@rnnkit/keras-builders";
import type { layers } from "@tensorflow/tfjs-layers";
import type { JsonObject } from "../keras/json-text.ts";
import {
  camelCase,
  kerasWord,
  registeredPrefix,
  snakeCase,
  wordArguments,
} from "../keras/keras-names.ts";
import { type Json, partClasses } from "../keras/layer-classes.ts";

type Layer = InstanceType<typeof layers.Layer>;

/** Keras 2's hard_sigmoid, which Keras 3 does not have: as the function that Python registers. */
const keras2HardSigmoid: JsonObject = {
  module: "builtins",
  class_name: "function",
  config: `${registeredPrefix}hard_sigmoid_keras2`,
  registered_name: "function",
};

/**
 * An activation in Keras's files: its name, or what Python registered, of Keras 2's hard_sigmoid.
 *
 * @throws for one that Keras does not have: `gelu_new`.
 */
export function kerasActivation(layer: Layer, argument: string, value: Json | undefined): Json {
  const { cell = layer } = layer as { cell?: Layer };
  // tfjs-layers' own layers hold an object, this project's a name; a loaded one may hold Keras's.
  const held = (cell as unknown as Record<string, unknown>)[camelCase(argument)];
  const isKeras2 = held instanceof KerasActivation && held.name === "hard_sigmoid_keras2";
  if (isKeras2) return keras2HardSigmoid;
  if (held instanceof KerasActivation) return held.name;
  if (value == null) return "linear";
  const snake = snakeCase(`${value}`);
  const name = snake === "swish" ? "silu" : snake;
  if (!kerasActivationNames.includes(name)) {
    throw new Error(`${layer.name}: expected ${argument} to be one that Keras has, got ${name}`);
  }
  // tfjs-layers' own is Keras 2's.
  if (name === "hard_sigmoid" && typeof held === "object") return keras2HardSigmoid;
  return name;
}

/** What tfjs-layers turns into a variance scaling: scale, mode, distribution. */
const scalings: Readonly<Record<string, readonly [number, string, string]>> = {
  GlorotUniform: [1, "fanAvg", "uniform"],
  GlorotNormal: [1, "fanAvg", "normal"],
  HeUniform: [2, "fanIn", "uniform"],
  HeNormal: [2, "fanIn", "normal"],
  LecunUniform: [1, "fanIn", "uniform"],
  LecunNormal: [1, "fanIn", "normal"],
};

/** What Keras writes of an initializer beside the arguments that tfjs-layers has. */
const scalingAxes = { input_axes: null, output_axes: null };

/**
 * An initializer, regularizer or constraint as Keras serializes it.
 *
 * @throws for one that Keras does not have.
 */
export function kerasPart(
  layer: Layer,
  argument: string,
  module: string,
  value: Json | undefined,
): Json {
  if (value == null) return null;
  const { className, config } = value as { className: string; config: JsonObject };
  const serialized = (name: string, own: JsonObject): JsonObject => ({
    ...{ module, class_name: name, config: own, registered_name: null },
  });
  if (className === "VarianceScaling") {
    const { scale, mode, distribution, seed = null } = config;
    const named = Object.entries(scalings).find(
      ([, [s, m, d]]) => s === scale && m === mode && d === distribution,
    );
    if (named) return serialized(named[0], { seed, ...scalingAxes });
    return serialized(className, {
      ...{ seed, scale: scale!, mode: kerasWord(`${mode}`) },
      distribution: distribution === "uniform" ? "uniform" : "truncated_normal",
      ...scalingAxes,
    });
  }
  const known = partClasses[module]?.[className];
  if (!known) {
    throw new Error(`${layer.name}: expected ${argument} to be one of Keras's, got ${className}`);
  }
  const own: JsonObject = {};
  for (const key of known) {
    const given = config[camelCase(key)] ?? null;
    own[key] = typeof given === "string" && wordArguments.has(key) ? kerasWord(given) : given;
  }
  // Keras's identity has no gain to write.
  if (className === "Identity" && own.gain === 1) delete own.gain;
  return serialized(className, own);
}
