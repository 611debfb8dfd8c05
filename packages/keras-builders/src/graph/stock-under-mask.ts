// tfjs-layers' own recurrent layers under masks, where Keras 3 puts out something else.

import { chosen } from "@rnnkit/fused-rnn";
import {
  any,
  cast,
  cumsum,
  notEqual,
  reshape,
  type Tensor,
  tidy,
  zerosLike,
} from "@tensorflow/tfjs-core";
import type { layers } from "@tensorflow/tfjs-layers";
import { reversedMask } from "./carried-mask.ts";
import { type Kwargs, maskOf } from "./layer-call.ts";
import { instead } from "./stock-call.ts";

type Layer = InstanceType<typeof layers.Layer>;
type Call = (inputs: Tensor[], kwargs: Kwargs) => Tensor | Tensor[];

/** What tfjs-layers' RNN and Bidirectional hold. */
interface Recurrent {
  returnSequences: boolean;
  goBackwards: boolean;
  forwardLayer: Layer;
  backwardLayer: Layer;
}

/** Before the first step that is kept tfjs puts out the initial state, Keras 0. */
export function withKerasRnn(layer: Layer, plain: Call): Call {
  return (inputs, kwargs) => {
    const mask = maskOf(kwargs);
    const fromState = kwargs.initialState != null || layer.stateful;
    if (!mask || !fromState) return plain(inputs, kwargs);
    return tidy(() => {
      const { returnSequences, goBackwards } = layer as unknown as Recurrent;
      const inOrder = goBackwards ? reversedMask(mask) : mask;
      const started = returnSequences ? anySoFar(inOrder) : any(inOrder, 1);
      return onlyWhere(started, plain(inputs, kwargs));
    });
  };
}

/** Whether a step has been kept yet, [B, T]. Not by a cast: on tfjs's wasm backend that of 256 to bool is 0. */
function anySoFar(mask: Tensor): Tensor {
  const kept = cumsum(cast(mask, "int32"), 1);
  return notEqual(kept, zerosLike(kept));
}

/** With returnSequences Keras puts out 0 at masked steps, in both directions; tfjs repeats the output before. */
export function withKerasBidirectional(layer: Layer, plain: Call): Call {
  return (inputs, kwargs) => {
    const mask = maskOf(kwargs);
    if (!mask) return plain(inputs, kwargs);
    const { forwardLayer, backwardLayer, returnSequences } = layer as unknown as Recurrent;
    const zeroing = (part: Layer): Layer["call"] => {
      const call = withKerasRnn(part, part.call.bind(part) as Call);
      const { goBackwards } = part as unknown as Recurrent;
      const inOrder = goBackwards ? reversedMask(mask) : mask;
      return (x, given) => {
        const y = call([x].flat(), given);
        return returnSequences ? onlyWhere(inOrder, y) : y;
      };
    };
    return tidy(() =>
      instead(forwardLayer, "call", zeroing(forwardLayer), () =>
        instead(backwardLayer, "call", zeroing(backwardLayer), () => plain(inputs, kwargs)),
      ),
    );
  };
}

/** The first output where it is said, 0 elsewhere; states as they are. */
function onlyWhere(mask: Tensor, outputs: Tensor | Tensor[]): Tensor | Tensor[] {
  const [y, ...states] = [outputs].flat() as [Tensor, ...Tensor[]];
  const wide = reshape(mask, [...mask.shape, ...Array<number>(y.rank - mask.rank).fill(1)]);
  const kept = chosen(wide, y);
  return Array.isArray(outputs) ? [kept, ...states] : kept;
}
