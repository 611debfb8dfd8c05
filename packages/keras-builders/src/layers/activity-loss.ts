// What a layer's outputs cost: Keras's activity regularizer, which tfjs-layers has only in name.

import { addN, div, engine, type Scalar, scalar, type Tensor, tidy } from "@tensorflow/tfjs-core";
import type { layers } from "@tensorflow/tfjs-layers";
import { keptInPass } from "../graph/kept-in-pass.ts";
import type { Kwargs } from "../graph/layer-call.ts";
import {
  type Regularizer,
  type RegularizerArg,
  regularizer,
  serialized,
} from "../options/weight-spec.ts";

type Layer = InstanceType<typeof layers.Layer>;

/** The cost of a layer's outputs in the latest forward pass. */
export interface ActivityLoss {
  /** Notes the cost of one call's outputs, and gives them back. */
  noted<Outputs extends Tensor | Tensor[]>(outputs: Outputs, kwargs: Kwargs): Outputs;
  /** To stand among the layer's: the cost noted since it was last asked for. */
  losses: Layer["losses"];
}

/**
 * Adds regularizer(y)/B to the loss for each output y [B, ...] of a call, the states that a layer
 * returns among them, as Keras does. Only where somebody asks for it: where a gradient is taken, or
 * where the call says so (**countActivity**), as `evaluate`'s does.
 *
 * tfjs-layers asks for losses when the outputs inside of nested models and wrappers are gone, so the cost is
 * worked out in the call, on the tape, and kept until it is asked for, or the pass ends. A
 * layer that stands n times in a model is asked n times: a cost is told once. A pass is one gradient's, and in
 * it one of tfjs's, which gives all layers the same kwargs: another one forgets what was noted before.
 */
export function activityLoss(regularizer: Regularizer | null): ActivityLoss {
  if (!regularizer) return { noted: (given) => given, losses: [] };
  let noted: Scalar[] = [];
  let pass: readonly unknown[] = [];
  const forget = (): void => {
    for (const cost of noted) cost.dispose();
    noted = [];
    pass = [];
  };
  return {
    noted(given, kwargs) {
      if (!(kwargs.countActivity ?? engine().isTapeOn())) return given;
      const now = [kwargs, engine().state.activeTape];
      if (now.some((part, i) => part !== pass[i])) forget();
      pass = now;
      for (const y of [given].flat()) {
        const cost = tidy(() => div(regularizer.apply(y), Math.max(1, y.shape[0]!)));
        noted.push(keptInPass(cost) as Scalar);
      }
      return given;
    },
    losses: [
      () =>
        tidy(() => {
          const left = noted.filter((cost) => !cost.isDisposed);
          const total = left.length ? addN(left) : scalar(0);
          forget();
          return total as Scalar;
        }),
    ],
  };
}

/** Makes a layer count what its outputs cost, if its options say so, and say it in its config. */
export function countActivity(layer: Layer, options: object | undefined): void {
  const { activityRegularizer } = (options ?? {}) as { activityRegularizer?: RegularizerArg };
  const cost = regularizer(activityRegularizer);
  if (!cost) return;
  const activity = activityLoss(cost);
  const call = layer.call.bind(layer);
  const getConfig = layer.getConfig.bind(layer);
  layer.call = (inputs, kwargs) => activity.noted(call(inputs, kwargs), kwargs);
  layer.addLoss(activity.losses);
  layer.getConfig = () => ({ ...getConfig(), activityRegularizer: serialized(cost) });
}
