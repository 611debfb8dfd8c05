import { shown } from "@rnnkit/core-rnn";
import { chosen, maskingStage } from "@rnnkit/fused-rnn";
import { expandDims, type serialization, type Tensor, tidy } from "@tensorflow/tfjs-core";
import { layers, type Shape } from "@tensorflow/tfjs-layers";
import { linked } from "../chain/layer-links.ts";
import { inKerasGraph } from "../graph/keras-graph.ts";
import type { Kwargs } from "../graph/layer-call.ts";
import { stepsOtherThan } from "../graph/masked-steps.ts";
import { readable } from "../options/layer-from.ts";
import type { LayerArgs } from "../options/recurrent-options.ts";
import { countActivity } from "./activity-loss.ts";

/** What `layers.masking` takes. */
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
    linked(MaskingLayer, (layer) => {
      const decidedBy = () => [layer.maskValue];
      return { stages: [maskingStage(layer.maskValue)], isMasked: true, decidedBy };
    });
    readable(MaskingLayer);
  }

  constructor(args: MaskingArgs = {}) {
    super(args);
    const { maskValue } = args;
    if (maskValue != null && typeof maskValue !== "number") {
      throw new Error(`${this.name}: expected maskValue to be a number, got ${shown(maskValue)}`);
    }
    this.maskValue = maskValue ?? 0;
    countActivity(this, args);
    inKerasGraph(this);
  }

  override call(inputs: Tensor | Tensor[], kwargs: Kwargs): Tensor {
    return tidy(() => {
      this.invokeCallHook(inputs, kwargs);
      const [x] = [inputs].flat() as [Tensor];
      return chosen(expandDims(this.computeMask(x), -1), x);
    });
  }

  override computeMask(inputs: Tensor | Tensor[]): Tensor {
    const [x] = [inputs].flat() as [Tensor];
    return stepsOtherThan(x, this.maskValue);
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape | Shape[] {
    return inputShape;
  }

  static override fromConfig<Made extends serialization.Serializable>(
    Class: serialization.SerializableConstructor<Made>,
    config: serialization.ConfigDict,
  ): Made {
    if (config.maskValue !== null) return new Class(config);
    throw new Error(
      `${config.name}: expected maskValue to be a number, got null: JSON holds no NaN or Infinity, a .keras file does`,
    );
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), maskValue: this.maskValue };
  }
}
