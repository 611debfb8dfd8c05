import { serialization } from "@tensorflow/tfjs-core";
import { layers as stock } from "@tensorflow/tfjs-layers";
import { accelerateLayer } from "./accelerate.ts";
import type { BidirectionalArgs } from "./layers/bidirectional-layer.ts";
import * as ours from "./layers/layers.ts";
import { RecurrentLayer } from "./layers/recurrent-layer.ts";
import { registerActivations } from "./options/keras-activation.ts";
import { ownLayerFrom, readableClasses } from "./options/layer-from.ts";
import { prepare } from "./prepare.ts";

type Layer = InstanceType<typeof stock.Layer>;
type Config = serialization.ConfigDict;
type FromConfig = (
  cls: serialization.SerializableConstructor<Layer>,
  config: Config,
  customObjects?: Config,
) => Layer;

type Registered = [serialization.SerializableConstructor<Layer>, FromConfig];

/** What {@link install} could do. */
export interface Installation {
  /** Functions of tf.layers that give this package's layers; none where tf.layers cannot be changed. */
  layers: string[];
  /** Classes that tf.loadLayersModel makes with this package. */
  classes: string[];
}

let installation: Installation | undefined;

/**
 * Makes `tf.layers.simpleRNN`, `lstm`, `gru`, `rnn`, their cells, `bidirectional`, `timeDistributed`,
 * `embedding`, `masking` and `dropout` give this package's, with Keras 3's defaults, and
 * `tf.loadLayersModel` load into them. Once for the process; a second call changes nothing and returns
 * the same.
 *
 * **tf.loadLayersModel** everywhere. A model saved from this package's layers, or a GRU with
 * `reset_after`, which stock tfjs refuses, is loaded into them. A model saved from tfjs-layers' own
 * layers keeps their numbers: it is loaded into those and accelerated as {@link accelerate} does. Files
 * tell the two apart by Keras 3's `zero_output_for_mask` of layers and `seed` of cells, which
 * tfjs-layers never writes. Activations of Keras 3 that tfjs-layers lacks open too; *hardSigmoid* is among them as
 * hardSigmoidKeras3, for tfjs-layers has another one of that name. Cells of your own are registered (`tf.serialization.registerClass`).
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
  const { rnn, stackedRNNCells, simpleRNNCell, lstmCell, gruCell } = ours;
  const factories = {
    ...{ rnn, stackedRNNCells, simpleRNNCell, lstmCell, gruCell },
    ...{ simpleRNN, lstm, gru, embedding, masking, timeDistributed, dropout },
    // Around a layer that is not ours, one made before for instance, tfjs's own.
    bidirectional: (args: BidirectionalArgs): Layer =>
      args?.layer instanceof stock.Layer && !(args.layer instanceof RecurrentLayer)
        ? stockBidirectional(args as never)
        : ours.bidirectional(args),
  };
  return Object.entries(factories)
    .filter(([name, factory]) => Reflect.set(stock, name, factory))
    .map(([name]) => name);
}

function registerLoaders(): string[] {
  registerActivations();
  const { classNameMap } = serialization.SerializationMap.getMap();
  for (const className of readableClasses()) {
    // tfjs-layers lacks some of them.
    const known = classNameMap[className] as unknown as Registered | undefined;
    const fromConfig: FromConfig = (_, config, given = {}) => {
      prepare();
      // A Sequential model hands them on in the configs of its layers alone.
      const customObjects = { ...(config.customObjects as Config | undefined), ...given };
      const layer = ownLayerFrom(className, config, customObjects);
      if (layer || !known) return layer as Layer;
      const [stockClass, stockFromConfig] = known;
      const loaded = stockFromConfig(stockClass, config, customObjects);
      accelerateLayer(loaded, { swapped: [], left: [] });
      return loaded;
    };
    const loader = { className, fromConfig };
    serialization.registerClass(loader as never);
  }
  return readableClasses();
}
