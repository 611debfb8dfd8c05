import { readableBackends, readNumbers } from "@rnnkit/fused-rnn";
import { getBackend, type Tensor } from "@tensorflow/tfjs-core";
import { lossNameOf } from "./chain-loss.ts";
import type { Compiled } from "./compiled-model.ts";

/**
 * Refuses class numbers that are none of the **width** classes of output **place**, those of steps apart that
 * **mask**, [B, T], does not keep: Keras on TensorFlow refuses them, and tfjs takes NaN for class 0, and -1 for a loss
 * without end, after which all weights are NaN. On a GPU, where they cannot be read, the loss is infinite.
 *
 * @throws with the model in front.
 */
export function checkClassesOf(
  model: Pick<Compiled, "name" | "outputNames" | "lossFunctions">,
  place: number,
  target: Tensor,
  width: number,
  mask?: Tensor,
): void {
  const isOfClasses = lossNameOf(model.lossFunctions[place]!) === "sparseCategoricalCrossentropy";
  if (!isOfClasses || !readableBackends.includes(getBackend())) return;
  const classes = readNumbers(target);
  let kept: ReturnType<typeof readNumbers> | undefined;
  for (let i = 0; i < classes.length; i++) {
    const wanted = Math.trunc(classes[i]!);
    if (wanted >= 0 && wanted < width) continue;
    if (mask) {
      kept ??= readNumbers(mask);
      if (!kept[Math.floor((i * mask.size) / target.size)]) continue;
    }
    throw new Error(
      `${model.name}: expected targets of ${model.outputNames[place]} to be class numbers from 0 to below ${width}, got ${classes[i]}`,
    );
  }
}
