import type { Tensor } from "@tensorflow/tfjs-core";
import { initializers, layers as stock } from "@tensorflow/tfjs-layers";
import { activityLoss } from "./activity-loss.ts";
import { holdWeights, type RegularizerArg, regularizer, serialized } from "./weight-spec.ts";

type Layer = InstanceType<typeof stock.Layer>;
type StockArgs = Parameters<typeof stock.dense>[0];
type Costs = "kernelRegularizer" | "biasRegularizer" | "activityRegularizer";

export interface DenseLayerArgs extends Omit<StockArgs, Costs> {
  /** Added to the loss. Default none. */
  kernelRegularizer?: RegularizerArg;
  biasRegularizer?: RegularizerArg;
  /** Of the outputs, divided by the batch size; added to the loss. Default none. */
  activityRegularizer?: RegularizerArg;
  /** Makes the default initializer repeatable. Default: new weights every time. */
  seed?: number;
}

/**
 * tfjs-layers' Dense with Keras's default initializers, its constraints, which that one forgets, and its
 * activity regularizer, at which that one throws.
 *
 * @internal
 */
export function denseLayer({ seed, activityRegularizer, ...args }: DenseLayerArgs): Layer {
  const layer = stock.dense({
    ...args,
    kernelInitializer: args.kernelInitializer ?? initializers.glorotUniform({ seed: seed! }),
    kernelRegularizer: regularizer(args.kernelRegularizer)!,
    biasRegularizer: regularizer(args.biasRegularizer)!,
  });
  const cost = regularizer(activityRegularizer);
  const activity = activityLoss(cost);
  // tfjs-layers exports no class to extend.
  const build = layer.build.bind(layer);
  const call = layer.call.bind(layer);
  const getConfig = layer.getConfig.bind(layer);
  layer.build = (inputShape): void => {
    build(inputShape);
    holdWeights(layer);
  };
  layer.call = (inputs, kwargs): Tensor | Tensor[] => activity.noted(call(inputs, kwargs), kwargs);
  layer.addLoss(activity.losses);
  layer.getConfig = () => ({ ...getConfig(), activityRegularizer: serialized(cost) });
  return layer;
}
