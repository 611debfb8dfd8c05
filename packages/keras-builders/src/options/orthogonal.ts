import { seededRandom } from "@rnnkit/core-rnn";
import { orthogonal as orthogonalMatrix } from "@rnnkit/fused-rnn";
import { type Tensor, tensor, util } from "@tensorflow/tfjs-core";
import { initializers } from "@tensorflow/tfjs-layers";
import { drawnSeed } from "../random-seed.ts";

type Initializer = ReturnType<typeof initializers.orthogonal>;

interface OrthogonalArgs {
  gain?: number;
  seed?: number | undefined;
}

/**
 * A random matrix of orthonormal rows, or columns where it is higher than wide, times **gain**.
 *
 * tfjs's own runs a QR of tensor ops, slow enough that it warns from 2000 elements. This is tfjs's
 * initializer with another way to the numbers, so that a saved model names what every tfjs and Keras
 * knows: `Orthogonal` with gain and seed.
 */
export function orthogonal({ gain = 1, seed }: OrthogonalArgs = {}): Initializer {
  const initializer = initializers.orthogonal({ gain, seed: seed as number });
  initializer.apply = (shape): Tensor => {
    const columns = shape[shape.length - 1]!;
    const rows = util.sizeFromShape(shape as number[]) / columns;
    // Its own, which may have come since: `withDrawnSeed`.
    const { seed: known } = initializer as unknown as OrthogonalArgs;
    const random = seededRandom(known ?? drawnSeed());
    return tensor(orthogonalMatrix([rows, columns], random, gain), shape as number[]);
  };
  return initializer;
}
