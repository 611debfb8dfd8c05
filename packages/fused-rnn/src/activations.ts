import {
  abs,
  add,
  backend_util,
  clipByValue,
  clone,
  customGrad,
  div,
  elu,
  erf,
  exp,
  fill,
  type GradSaveFunc,
  greaterEqual,
  leakyRelu,
  logSoftmax,
  minimum,
  mul,
  neg,
  relu,
  selu,
  sigmoid,
  softmax,
  softplus,
  sub,
  type Tensor,
  tanh,
  where,
} from "@tensorflow/tfjs-core";
import type { RecurrentActivationName } from "./activation-names.ts";

/**
 * Keras 3's activations as tfjs operations, by Keras's name: differentiable, on every backend. What they
 * compute is said in `rowActivations` of @rnnkit/core-rnn, their float64 reference; softmax and log_softmax
 * go over the last axis. tfjs-layers lacks some, and its hardSigmoid is another function. Where they bend, slopes are
 * Keras's on TensorFlow: relu6's at 6 is 0 and selu's at 0 is that of above, of which tfjs has others.
 *
 * Reference: https://keras.io/api/layers/activations/
 *
 * @example
 * activationOps.hard_sigmoid(tf.scalar(1.5)); // => 0.75
 */
export const activationOps: Readonly<Record<RecurrentActivationName, (x: Tensor) => Tensor>> = {
  linear: (x) => clone(x),
  tanh: (x) => tanh(x),
  sigmoid: (x) => sigmoid(x),
  relu: (x) => relu(x),
  hard_sigmoid: hardSigmoid,
  // clip(0.2x + 0.5, 0, 1)
  hard_sigmoid_keras2: (x) => hardSigmoid(mul(x, 1.2)),
  elu: (x) => elu(x),
  selu: (x) => seluOf(x),
  softplus: (x) => softplus(x),
  softsign: (x) => div(x, add(abs(x), 1)),
  exponential: (x) => exp(x),
  leaky_relu: (x) => leakyRelu(x, 0.2),
  gelu: (x) => mul(mul(x, 0.5), add(erf(div(x, Math.SQRT2)), 1)),
  silu: (x) => mul(x, sigmoid(x)),
  relu6: upTo6,
  celu: (x) => elu(x),
  hard_silu: (x) => mul(x, hardSigmoid(x)),
  hard_tanh: (x) => clipByValue(x, -1, 1),
  // tfjs's own asks, in its gradient, for a tensor that may be gone.
  log_sigmoid: (x) => neg(softplus(neg(x))),
  mish: (x) => mul(x, tanh(softplus(x))),
  tanh_shrink: (x) => sub(x, tanh(x)),
  softmax: (x) => softmax(x),
  log_softmax: (x) => logSoftmax(x),
};

function hardSigmoid(x: Tensor): Tensor {
  return div(upTo6(add(x, 3)), 6);
}

/** Of two that are equal tfjs's minimum has the first one's gradient. */
function upTo6(x: Tensor): Tensor {
  return minimum(6, relu(x));
}

const seluOf = customGrad((x, save) => {
  (save as GradSaveFunc)([x as Tensor]);
  return {
    value: selu(x as Tensor),
    gradFunc: (dy: Tensor, [x]: Tensor[]) => {
      const below = mul(exp(minimum(x!, 0)), backend_util.SELU_SCALEALPHA);
      return mul(dy, where(greaterEqual(x!, 0), fill(x!.shape, backend_util.SELU_SCALE), below));
    },
  };
});
