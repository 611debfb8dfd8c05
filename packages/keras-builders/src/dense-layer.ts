import { initializers, layers as stock } from "@tensorflow/tfjs-layers";
import { kerasStock } from "./stock-layer.ts";
import type { RegularizerArg } from "./weight-spec.ts";

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

/** @internal */
export function denseLayer(args: DenseLayerArgs): InstanceType<typeof stock.Layer> {
  return kerasStock("dense", stock.dense, args as StockArgs, {
    kernelInitializer: initializers.glorotUniform({ seed: args?.seed as number }),
  });
}
