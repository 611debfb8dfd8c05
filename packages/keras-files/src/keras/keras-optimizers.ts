// Optimizers as Keras's files hold them: one row a class, for those that read and those that write.

import { adam, adamw, rmsprop, sgd } from "@rnnkit/keras-builders";
import type { Optimizer, Variable } from "@tensorflow/tfjs-core";

/** An optimizer of keras-builders or of tfjs, whose fields files hold. */
export type OptimizerFields = Optimizer & Record<string, unknown>;

/** Variables of all weights, as tfjs keeps them. */
export type Slots = { originalName: string; variable: Variable }[];

/** One variable of each weight. */
export interface SlotList {
  /** The optimizer's field. */
  field: string;
  /** What the names end in here, and in Keras. */
  ending: string;
  kind: string;
  /** Keras's value over ours. */
  factor: number;
}

/** What an optimizer's config says under one key. */
export interface Hyperparameter {
  /** Keras's key. */
  key: string;
  /** The option of keras-builders, and the field of its optimizers and tfjs's. */
  option: string;
  field: string;
  /** The value of an optimizer without the field. */
  absent: number | boolean;
}

export interface OptimizerClass {
  /** What Keras calls the first of its kind. */
  name: string;
  make(options: never): Optimizer;
  hyperparameters: readonly Hyperparameter[];
  /** In Keras's order: group by group, and in a group weight by weight. */
  slots(optimizer: OptimizerFields): readonly (readonly SlotList[])[];
}

const hyperparameter = (
  key: string,
  option: string,
  absent: number | boolean,
  field: string = option,
): Hyperparameter => ({ key, option, field, absent });

const list = (field: string, ending: string, kind: string, factor = 1): SlotList => ({
  ...{ field, ending, kind, factor },
});

const adamClass: Omit<OptimizerClass, "name" | "make"> = {
  hyperparameters: [
    hyperparameter("beta_1", "beta1", 0.9),
    hyperparameter("beta_2", "beta2", 0.999),
    hyperparameter("epsilon", "epsilon", 1e-7),
    hyperparameter("amsgrad", "amsgrad", false),
  ],
  slots: ({ amsgrad }) => [
    [
      list("accumulatedFirstMoment", "m", "momentum"),
      list("accumulatedSecondMoment", "v", "velocity"),
    ],
    ...(amsgrad ? [[list("accumulatedMaxSecondMoment", "vhat", "velocity_hat")]] : []),
  ],
};

/** By Keras's class name. */
export const optimizerClasses: Readonly<Record<string, OptimizerClass>> = {
  Adam: { ...adamClass, name: "adam", make: adam },
  AdamW: { ...adamClass, name: "adam_w", make: adamw },
  RMSprop: {
    ...{ name: "rm_sprop", make: rmsprop },
    hyperparameters: [
      hyperparameter("rho", "rho", 0.9, "decay"),
      hyperparameter("momentum", "momentum", 0),
      hyperparameter("epsilon", "epsilon", 1e-7),
      hyperparameter("centered", "centered", false),
    ],
    slots: ({ momentum, centered }) => [
      [list("accumulatedMeanSquares", "rms", "velocity")],
      ...(momentum ? [[list("accumulatedMoments", "momentum", "momentum")]] : []),
      ...(centered ? [[list("accumulatedMeanGrads", "mg", "average_gradient")]] : []),
    ],
  },
  SGD: {
    ...{ name: "sgd", make: sgd },
    hyperparameters: [
      hyperparameter("momentum", "momentum", 0),
      hyperparameter("nesterov", "nesterov", false, "useNesterov"),
    ],
    slots({ momentum, momentums, learningRate }) {
      if (!momentum) return [];
      // Keras: s ← μ s - η g, tfjs: s ← μ s + g.
      return momentums
        ? [[list("momentums", "momentum", "momentum")]]
        : [[list("accumulations", "momentum", "momentum", -(learningRate as number))]];
    },
  },
};

/** Keras's class of tfjs's own optimizers, by theirs. */
const stockClasses: Readonly<Record<string, string>> = {
  ...{ Adam: "Adam", RMSProp: "RMSprop", SGD: "SGD", Momentum: "SGD" },
};

/** Keras's class of an optimizer, undefined where it is none of {@link optimizerClasses}. */
export function kerasClassName(optimizer: OptimizerFields): string | undefined {
  const { kerasClassName: said } = optimizer;
  if (typeof said === "string") return said;
  const given = optimizer.getClassName();
  return Object.hasOwn(stockClasses, given) ? stockClasses[given] : undefined;
}
