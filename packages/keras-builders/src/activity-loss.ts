// What a layer's outputs cost: Keras's activity regularizer, which tfjs-layers has only in name.

import { addN, div, scalar, type Tensor, tidy } from "@tensorflow/tfjs-core";
import type { layers } from "@tensorflow/tfjs-layers";
import type { Kwargs } from "./layer-call.ts";
import type { Regularizer } from "./weight-spec.ts";

/** The outputs of a layer's latest calls, and their cost. */
export interface ActivityLoss {
  /** Notes the outputs of one call, and gives them back. */
  noted<Outputs extends Tensor | Tensor[]>(outputs: Outputs, kwargs: Kwargs): Outputs;
  /** To stand among the layer's: the cost of all outputs noted since it was last asked for. */
  losses: InstanceType<typeof layers.Layer>["losses"];
}

/**
 * Adds regularizer(y)/B to the loss for each output y [B, ...] of a call, the states that a layer
 * returns among them, as Keras does.
 *
 * tfjs-layers asks a layer for its losses after the forward pass and inside the tape, so this one is
 * differentiated like the rest. It asks a layer that stands n times in a model n times: an output's cost
 * is told once. It gives all layers of one forward pass the same kwargs: other kwargs begin a new pass.
 * Nothing is kept alive, and outputs that are gone cost nothing.
 */
export function activityLoss(regularizer: Regularizer | null): ActivityLoss {
  let pass: Kwargs | undefined;
  let outputs: Tensor[] = [];
  if (!regularizer) return { noted: (given) => given, losses: [] };
  const cost = (): Tensor =>
    tidy(() => {
      const alive = outputs.filter((y) => !y.isDisposed);
      outputs = [];
      if (alive.length === 0) return scalar(0);
      return addN(alive.map((y) => div(regularizer.apply(y), Math.max(1, y.shape[0]!))));
    });
  return {
    noted(given, kwargs) {
      if (kwargs.countActivity === false) return given;
      if (kwargs !== pass) outputs = [];
      pass = kwargs;
      outputs.push(...[given].flat());
      return given;
    },
    losses: [cost as ActivityLoss["losses"][number]],
  };
}
