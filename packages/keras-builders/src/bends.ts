// Functions with a bend: their gradients there are those of Keras on TensorFlow, of which tfjs's operations have others.

import {
  abs,
  cast,
  customGrad,
  div,
  equal,
  type GradSaveFunc,
  max,
  maximum,
  mul,
  notEqual,
  step,
  sum,
  type Tensor,
} from "@tensorflow/tfjs-core";

/** |x|, whose gradient at 0 is 0; tfjs has -1 there. */
export const size = customGrad((x, save) => {
  (save as GradSaveFunc)([x as Tensor]);
  return {
    value: abs(x as Tensor),
    gradFunc: (dy: Tensor, [x]: Tensor[]) =>
      mul(dy, mul(step(x!, -1), cast(notEqual(x!, 0), "float32"))),
  };
}) as (x: Tensor) => Tensor;

/** max(x, 0), whose gradient at 0 is 1: the loss of an example on the margin still pulls. tfjs's relu has 0 there. */
export const bentUp = (x: Tensor): Tensor => maximum(x, 0);

/** The largest along axes, which stay, of size 1; equal ones share the gradient, where tfjs gives it whole to each. */
export function largest(x: Tensor, axes: number | number[]): Tensor {
  return customGrad((given, save) => {
    const y = max(given as Tensor, axes, true);
    (save as GradSaveFunc)([given as Tensor, y]);
    return {
      value: y,
      gradFunc: (dy: Tensor, [x, y]: Tensor[]) => {
        const tied = cast(equal(x!, y!), "float32");
        return mul(dy, div(tied, sum(tied, axes, true)));
      },
    };
  })(x);
}
