import {
  broadcast_util,
  broadcastTo,
  customGrad,
  type GradSaveFunc,
  type Tensor,
  tidy,
  util,
  where,
  zerosLike,
} from "@tensorflow/tfjs-core";

/**
 * **a** where **kept**, a bool, else **b**, 0 without one; each is spread over the shape of all. Chosen, not multiplied,
 * in both passes: tfjs's `where` multiplies the gradient by 0, so that one that is NaN would reach what was not chosen.
 * The mask may be gone before the backward pass.
 *
 * @throws as tfjs does, where the shapes cannot be spread over each other
 *
 * @example
 * chosen(mask, y, before); // tf.where(mask, y, before), and its gradient
 */
export function chosen(kept: Tensor, a: Tensor, b?: Tensor): Tensor {
  return tidy(() => {
    const both = b ? [a, b] : [a];
    const shape = both.reduce(
      (all, { shape }) => broadcast_util.assertAndGetBroadcastShape(all, shape),
      kept.shape,
    );
    // Outside of the gradient below, so that tfjs's own adds up what was spread.
    const spread = (x: Tensor) => (util.arraysEqual(x.shape, shape) ? x : broadcastTo(x, shape));
    return customGrad((...args) => {
      const save = args.pop() as GradSaveFunc;
      const [a, b] = args as Tensor[];
      save([kept]);
      return {
        value: where(kept, a as Tensor, b ?? zerosLike(a as Tensor)),
        gradFunc: (dy: Tensor, [kept]: Tensor[]) => {
          const [mask, none] = [kept as Tensor, zerosLike(dy)];
          const ofA = where(mask, dy, none);
          return b ? [ofA, where(mask, none, dy)] : ofA;
        },
      };
    })(...both.map(spread));
  });
}
