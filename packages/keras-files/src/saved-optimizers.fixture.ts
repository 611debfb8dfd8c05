// Optimizers with every option that files hold.

import {
  adam,
  adamw,
  cosineDecay,
  cosineDecayRestarts,
  exponentialDecay,
  inverseTimeDecay,
  piecewiseConstantDecay,
  polynomialDecay,
  rmsprop,
  sgd,
} from "@rnnkit/keras-builders";
import type { Optimizer } from "@tensorflow/tfjs-core";

const falling = { initialLearningRate: 0.05, decaySteps: 3, decayRate: 0.7 };
const rising = { initialLearningRate: 0, decaySteps: 5, warmupTarget: 0.05, warmupSteps: 3 };
const constant = { boundaries: [1, 4], values: [1, 0.05, 0.01] };

/** By what they do; with weights and gradients as in the tests each has an effect. */
export const savedOptimizers: Record<string, () => Optimizer> = {
  adam: () => adam({ learningRate: 0.02 }),
  "adam with clipnorm": () => adam({ learningRate: 0.02, clipnorm: 0.1 }),
  "adam with clipvalue": () => adam({ learningRate: 0.02, clipvalue: 0.01 }),
  "adam with global_clipnorm": () => adam({ learningRate: 0.02, globalClipnorm: 0.1 }),
  "adam with weight_decay": () => adam({ learningRate: 0.02, weightDecay: 0.5 }),
  "adam with amsgrad": () => adam({ learningRate: 0.02, amsgrad: true, beta2: 0.5 }),
  "adam with amsgrad, polynomial decay and global_clipnorm": () =>
    adam({
      learningRate: polynomialDecay({ initialLearningRate: 0.05, decaySteps: 6, power: 2 }),
      ...{ amsgrad: true, beta2: 0.5, globalClipnorm: 0.1 },
    }),
  adamw: () => adamw({ learningRate: 0.02 }),
  "adamw with amsgrad and cosine decay": () =>
    adamw({ learningRate: cosineDecay(rising), amsgrad: true, weightDecay: 0 }),
  rmsprop: () => rmsprop({ learningRate: 0.01 }),
  "rmsprop with momentum": () => rmsprop({ learningRate: 0.01, momentum: 0.8, rho: 0.8 }),
  "rmsprop, centered": () => rmsprop({ learningRate: 0.01, centered: true }),
  "rmsprop, centered, with momentum": () =>
    rmsprop({ learningRate: 0.01, centered: true, momentum: 0.8, epsilon: 1e-3 }),
  "rmsprop with weight_decay, clipvalue and exponential decay": () =>
    rmsprop({
      learningRate: exponentialDecay({ ...falling, staircase: true }),
      ...{ weightDecay: 0.5, clipvalue: 0.01 },
    }),
  "rmsprop with cosine decay and restarts": () =>
    rmsprop({
      learningRate: cosineDecayRestarts({ initialLearningRate: 0.02, firstDecaySteps: 2 }),
    }),
  sgd: () => sgd({ learningRate: 0.1 }),
  "sgd with momentum": () => sgd({ learningRate: 0.1, momentum: 0.9 }),
  "sgd with Nesterov's momentum": () => sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true }),
  "sgd with inverse time decay": () => sgd({ learningRate: inverseTimeDecay(falling) }),
  "sgd with momentum and constants by the step": () =>
    sgd({ learningRate: piecewiseConstantDecay(constant), momentum: 0.9, clipnorm: 0.1 }),
  "sgd with Nesterov's momentum, weight_decay and global_clipnorm": () =>
    sgd({
      ...{ learningRate: 1, momentum: 1, nesterov: true },
      weightDecay: 0.1,
      globalClipnorm: 1,
    }),
};
