// Layers from what saved models hold of them: class name and config. This package's classes have the names of
// tfjs-layers', which knows only its own; each says here that it can be read.

import { serialization } from "@tensorflow/tfjs-core";
import type { layers } from "@tensorflow/tfjs-layers";

import { activation } from "./layer-option-kinds.ts";
import { layerOptions } from "./layer-options.ts";

type Layer = InstanceType<typeof layers.Layer>;
type Config = serialization.ConfigDict;
/** A class as tfjs reads it; one of a composite layer reads those in it too. */
interface LayerClass {
  readonly className: string;
  new (args: never): Layer;
  fromConfig(Class: never, config: Config, customObjects?: Config): serialization.Serializable;
}

const known = new Map<string, (config: Config, customObjects: Config) => Layer | undefined>();

/** Makes a class of this package readable, from those configs that **means** it. */
export function readable(Class: LayerClass, means: (config: Config) => boolean = () => true): void {
  known.set(Class.className, (config, customObjects) =>
    means(config)
      ? (Class.fromConfig(Class as never, asKeras3(config), customObjects) as Layer)
      : undefined,
  );
}

/**
 * A config as Keras 3 would have written it: only a GRU of TensorFlow 2, with `resetAfter`, is read here
 * though an older Keras wrote it, whose hardSigmoid is 0.2x + 0.5.
 */
function asKeras3(config: Config): Config {
  if (config.resetAfter !== true || "zeroOutputForMask" in config || "seed" in config) {
    return config;
  }
  const entries = Object.entries(config).map(([key, value]) =>
    layerOptions.gru![key] === activation && /^hard_?sigmoid$/i.test(`${value}`)
      ? [key, "hardSigmoidKeras2"]
      : [key, value],
  );
  return Object.fromEntries(entries) as Config;
}

/** Names of the classes that are readable, in alphabetical order. */
export function readableClasses(): string[] {
  return [...known.keys()].sort();
}

/** A layer of this package; undefined where the config means another one's, tfjs-layers' own for one. */
export function ownLayerFrom(
  className: string,
  config: Config,
  customObjects: Config,
): Layer | undefined {
  return known.get(className)?.(config, customObjects);
}

/** A layer in another one: its class is among **customObjects**, this package's, or registered with tfjs. */
export function layerFrom<Made extends Layer>(
  who: string,
  json: unknown,
  customObjects: Config = {},
): Made {
  const { className, config } = json as { className: string; config: Config };
  const custom = customObjects[className];
  const own = custom ? undefined : ownLayerFrom(className, config, customObjects);
  if (own) return own as Made;
  const { classNameMap } = serialization.SerializationMap.getMap();
  const given = (custom ?? classNameMap[className]) as unknown;
  if (!given) {
    throw new Error(
      `${who}: expected the class ${className} among customObjects or registered by tf.serialization.registerClass, got neither`,
    );
  }
  type Read = (Class: unknown, config: Config, customObjects: Config) => Made;
  const [Class, fromConfig] = (
    Array.isArray(given) ? given : [given, (given as { fromConfig: Read }).fromConfig]
  ) as [unknown, Read];
  return fromConfig(Class, config, customObjects);
}

/**
 * Whether a config means what Keras 3 means by it, rather than tfjs-layers: a layer's writes
 * `zeroOutputForMask`, a cell's `seed`, which tfjs-layers never does.
 */
export function isKeras3(config: Config): boolean {
  const { cell, layer, cells } = config as Record<string, Config | undefined>;
  const inner = [cell, layer, cells].flat() as (Config | undefined)[];
  return (
    "zeroOutputForMask" in config ||
    "seed" in config ||
    config.resetAfter === true ||
    inner.some((part) => part?.config && isKeras3(part.config as Config))
  );
}
