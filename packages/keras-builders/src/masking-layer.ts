import { shown } from "@rnnkit/core-rnn";
import {
  any,
  customGrad,
  expandDims,
  notEqual,
  type serialization,
  type Tensor,
  tidy,
  where,
  zerosLike,
} from "@tensorflow/tfjs-core";
import { layers, type Shape } from "@tensorflow/tfjs-layers";
import { detached } from "./carried-mask.ts";
import { inKerasGraph } from "./keras-graph.ts";
import type { Kwargs } from "./layer-call.ts";
import { readable } from "./layer-from.ts";
import type { LayerArgs } from "./recurrent-options.ts";

export interface MaskingArgs extends LayerArgs {
  /** A step whose features all have this value is masked. Default 0. */
  maskValue?: number;
}

/** Hides padded steps from later layers; `layers.masking` says how. */
export class MaskingLayer extends layers.Layer {
  static readonly className = "Masking";
  override supportsMasking = true;
  readonly maskValue: number;

  static {
    readable(MaskingLayer);
  }

  constructor(args: MaskingArgs = {}) {
    super(args);
    const { maskValue } = args;
    if (maskValue != null && typeof maskValue !== "number") {
      throw new Error(`${this.name}: expected maskValue to be a number, got ${shown(maskValue)}`);
    }
    this.maskValue = maskValue ?? 0;
    inKerasGraph(this);
  }

  override call(inputs: Tensor | Tensor[], kwargs: Kwargs): Tensor {
    return tidy(() => {
      this.invokeCallHook(inputs, kwargs);
      const [x] = [inputs].flat() as [Tensor];
      const mask = expandDims(this.computeMask(x), -1);
      return unmasked(x, mask);
    });
  }

  override computeMask(inputs: Tensor | Tensor[]): Tensor {
    const [x] = [inputs].flat() as [Tensor];
    return detached(() => tidy(() => any(notEqual(x, this.maskValue), -1)));
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape | Shape[] {
    return inputShape;
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), maskValue: this.maskValue };
  }
}

/** Chosen, not multiplied, in both passes: what is masked may be infinite, or its gradient NaN. */
function unmasked(x: Tensor, mask: Tensor): Tensor {
  const chosen = (t: Tensor): Tensor => where(mask, t, zerosLike(t));
  return customGrad((given) => ({
    value: chosen(given as Tensor),
    gradFunc: (dy: Tensor) => chosen(dy),
  }))(x);
}
