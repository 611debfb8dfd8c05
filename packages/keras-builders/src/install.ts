import { serialization } from "@tensorflow/tfjs-core";
import { layers as stock } from "@tensorflow/tfjs-layers";
import { accelerateLayer } from "./accelerate.ts";
import { type BidirectionalArgs, BidirectionalLayer } from "./bidirectional-layer.ts";
import { DropoutLayer } from "./dropout-layer.ts";
import { EmbeddingLayer } from "./embedding-layer.ts";
import { GruLayer } from "./gru-layer.ts";
import * as ours from "./layers.ts";
import { LstmLayer } from "./lstm-layer.ts";
import { MaskingLayer } from "./masking-layer.ts";
import { prepare } from "./prepare.ts";
import { RecurrentLayer } from "./recurrent-layer.ts";
import { SimpleRnnLayer } from "./simple-rnn-layer.ts";
import { TimeDistributedLayer } from "./time-distributed-layer.ts";

type Layer = InstanceType<typeof stock.Layer>;
type Config = serialization.ConfigDict;
type FromConfig = serialization.FromConfigMethod<Layer>;

/** What {@link install} could do. */
export interface Installation {
  /** Functions of tf.layers that give this package's layers; none where tf.layers cannot be changed. */
  layers: string[];
  /** Classes that tf.loadLayersModel makes with this package. */
  classes: string[];
}

let installation: Installation | undefined;

/**
 * Makes `tf.layers.simpleRNN`, `lstm`, `gru`, `bidirectional`, `timeDistributed`, `embedding`, `masking`
 * and `dropout` give this package's layers, with Keras 3's defaults, and `tf.loadLayersModel` load into them. Once for the process; a
 * second call changes nothing and returns the same.
 *
 * **tf.loadLayersModel** everywhere. A model saved from this package's layers, or a GRU with
 * `reset_after`, which stock tfjs refuses, is loaded into them. A model saved from tfjs-layers' own
 * layers keeps their numbers: it is loaded into those and accelerated as {@link accelerate} does. Files
 * tell the two apart by Keras 3's `zero_output_for_mask`, which tfjs-layers never writes.
 *
 * **tf.layers** in Node, from ES modules and CommonJS alike, and with tfjs from a script tag: there it
 * is an object, and `tf` of `@tensorflow/tfjs` shows the same one. In a bundle made from tfjs's ES
 * modules (vite, webpack, Rollup, esbuild) it is a module namespace, which nobody can change: `layers`
 * of the result is empty, so import `layers` from this package instead. Other copies of tfjs-layers in
 * the process are not reached.
 *
 * @example
 * install();
 * const model = await tf.loadLayersModel("file://model/model.json");
 */
export function install(): Installation {
  installation ??= { layers: replaceFactories(), classes: registerLoaders() };
  return installation;
}

function replaceFactories(): string[] {
  const stockBidirectional = stock.bidirectional;
  const { simpleRNN, lstm, gru, embedding, masking, timeDistributed, dropout } = ours;
  const factories = {
    ...{ simpleRNN, lstm, gru, embedding, masking, timeDistributed, dropout },
    // Around a layer that is not ours, one made before for instance, tfjs's own.
    bidirectional: (args: BidirectionalArgs): Layer =>
      args.layer instanceof RecurrentLayer
        ? ours.bidirectional(args)
        : stockBidirectional(args as never),
  };
  return Object.entries(factories)
    .filter(([name, factory]) => Reflect.set(stock, name, factory))
    .map(([name]) => name);
}

function registerLoaders(): string[] {
  const { classNameMap } = serialization.SerializationMap.getMap();
  const load = (json: Config): Layer => {
    const [cls, fromConfig] = classNameMap[json.className as string]!;
    return fromConfig(cls, json.config as Config) as Layer;
  };
  const made: Record<string, (config: Config) => Layer | undefined> = {
    Embedding: (config) => new EmbeddingLayer(config as never),
    Masking: (config) => new MaskingLayer(config),
    Dropout: (config) => new DropoutLayer(config as never),
    TimeDistributed: (config) =>
      new TimeDistributedLayer({ ...config, layer: load(config.layer as Config) }),
    Bidirectional(config) {
      const { layer, backwardLayer } = config as Record<string, Config | null>;
      if (!isKeras3(layer!.config as Config)) return undefined;
      return new BidirectionalLayer({
        ...config,
        layer: load(layer!) as RecurrentLayer,
        backwardLayer: backwardLayer && (load(backwardLayer) as RecurrentLayer),
      } as BidirectionalArgs);
    },
  };
  for (const Ours of [SimpleRnnLayer, LstmLayer, GruLayer]) {
    made[Ours.className] = (config) => (isKeras3(config) ? new Ours(config as never) : undefined);
  }
  for (const [className, make] of Object.entries(made)) {
    const [stockClass, stockFromConfig] = classNameMap[className]!;
    const fromConfig: FromConfig = (_, config) => {
      prepare();
      const layer = make(config);
      if (layer) return layer;
      const loaded = stockFromConfig(stockClass, config) as Layer;
      accelerateLayer(loaded, { swapped: [], left: [] });
      return loaded;
    };
    const loader = { className, fromConfig };
    serialization.registerClass(loader as never);
  }
  return Object.keys(made);
}

/** Whether a layer's config means what Keras 3 means by it, rather than tfjs-layers. */
function isKeras3(config: Config): boolean {
  return "zeroOutputForMask" in config || config.resetAfter === true;
}
