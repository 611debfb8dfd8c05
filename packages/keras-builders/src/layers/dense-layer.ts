import { type FusedActivation, fusedActivations, stepOps } from "@rnnkit/fused-rnn";
import { type Tensor, tidy } from "@tensorflow/tfjs-core";
import { initializers, type LayerVariable, layers as stock } from "@tensorflow/tfjs-layers";
import type { Activation } from "../options/activation.ts";
import { kerasActivationOf } from "../options/keras-activation.ts";
import type { RegularizerArg } from "../options/weight-spec.ts";
import { kerasStock } from "./stock-layer.ts";

type StockArgs = Parameters<typeof stock.dense>[0];
type Costs = "kernelRegularizer" | "biasRegularizer" | "activityRegularizer";
type Layer = InstanceType<typeof stock.Layer>;

/** What `layers.dense` takes: tfjs-layers' own, and regularizers of Keras's. */
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
export function denseLayer(args: DenseLayerArgs): Layer {
  const make = (given: StockArgs) => withOwnKernel(stock.dense(given));
  return kerasStock("dense", make, args as StockArgs, {
    kernelInitializer: initializers.glorotUniform({ seed: args?.seed as number }),
  });
}

/** What tfjs-layers has of a Dense layer and does not tell. */
interface Inside {
  kernel: LayerVariable;
  bias: LayerVariable | null;
  activation: Activation;
}

/** Computes by one operation where the backend has it. */
function withOwnKernel(layer: Layer): Layer {
  const inside = layer as unknown as Inside;
  const call = layer.call.bind(layer);
  layer.call = (inputs, kwargs) =>
    tidy(() => {
      const [x] = [inputs].flat() as [Tensor];
      const ops = stepOps();
      if (!ops) return call(inputs, kwargs);
      const { kernel, bias, activation } = inside;
      const name = kerasActivationOf(activation);
      const fused = fusedActivations.find((known): known is FusedActivation => known === name);
      const y = ops.dense(x, kernel.read(), bias?.read(), fused ?? "linear");
      if (!y) return call(inputs, kwargs);
      if (fused) return y;
      return (name === "softmax" && ops.softmax(y)) || activation.apply(y);
    });
  return layer;
}
