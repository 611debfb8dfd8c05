import { shown } from "@rnnkit/core-rnn";
import { type serialization, type Tensor, tidy } from "@tensorflow/tfjs-core";
import { InputSpec, layers, type Shape } from "@tensorflow/tfjs-layers";
import { linked } from "../chain/layer-links.ts";
import { denseLink, isStock } from "../chain/stock-links.ts";
import { buildPart, CompositeLayer } from "../graph/composite-layer.ts";
import { inKerasGraph } from "../graph/keras-graph.ts";
import { applyWithState, firstShape, type Inputs, type Kwargs } from "../graph/layer-call.ts";
import { isStepwise, perStep, stepsMask } from "../graph/per-step.ts";
import { layerFrom, readable } from "../options/layer-from.ts";
import type { LayerArgs } from "../options/recurrent-options.ts";
import {
  type Regularizer,
  type RegularizerArg,
  regularizer,
  serialized,
} from "../options/weight-spec.ts";
import { otherCopy } from "../other-copy.ts";
import { checkShape } from "../shape.ts";
import { type ActivityLoss, activityLoss } from "./activity-loss.ts";

type Layer = InstanceType<typeof layers.Layer>;
/** What tfjs-layers has and does not tell. */
interface Inside {
  layers?: Layer[];
  disposeWeights(): number;
}
const inside = (layer: Layer): Inside => layer as unknown as Inside;

/** What `layers.timeDistributed` takes. */
export interface TimeDistributedArgs extends LayerArgs {
  /** Any layer, or model, of one input and one output. */
  layer: Layer;
  /** Of the outputs of all steps, divided by the batch size; added to the loss. Default none. */
  activityRegularizer?: RegularizerArg;
}

/** One layer for every time step; `layers.timeDistributed` says how. */
export class TimeDistributedLayer extends CompositeLayer {
  static readonly className = "TimeDistributed";
  override supportsMasking = true;
  readonly layer: Layer;
  readonly #regularizer: Regularizer | null;
  readonly #activity: ActivityLoss;
  #isStepwise = false;

  static {
    linked(TimeDistributedLayer, ({ layer }, { isMasked }) => {
      if (!isStock(layer, "Dense")) return { reason: "it is not around a Dense" };
      return { ...denseLink(layer, isMasked), inner: [layer] };
    });
    readable(TimeDistributedLayer);
  }

  constructor(args: TimeDistributedArgs) {
    const { layer, activityRegularizer, ...others } = args;
    super(others);
    if (!(layer instanceof layers.Layer)) {
      throw new Error(`${this.name}: expected a layer, got ${shown(layer)}${otherCopy(layer)}`);
    }
    this.layer = layer;
    this.#regularizer = regularizer(activityRegularizer);
    this.#activity = activityLoss(this.#regularizer);
    this._stateful = layer.stateful;
    this.inputSpec = [new InputSpec({ minNDim: 3 })];
    if (args.trainable === false) this.trainable = false;
    inKerasGraph(layer);
    inKerasGraph(this);
  }

  protected override parts(): readonly Layer[] {
    return [this.layer];
  }

  override get losses(): Layer["losses"] {
    return [...lossesIn(this.layer), ...this.#activity.losses];
  }

  override resetStates(): void {
    this.layer.resetStates();
  }

  override build(inputShape: Shape | Shape[]): void {
    const shape = firstShape(inputShape);
    this.#checkInput(shape);
    buildPart(this.layer, stepShape(shape));
    this.inputSpec = [new InputSpec({ shape: [null, null, ...shape.slice(2)] })];
    this.#isStepwise = isStepwise(this.layer);
    this.built = true;
  }

  override apply(inputs: Inputs, kwargs: Kwargs = {}): ReturnType<Layer["apply"]> {
    return applyWithState((all, rest) => super.apply(all, rest), inputs, kwargs);
  }

  override call(inputs: Tensor | Tensor[], kwargs: Kwargs): Tensor {
    return tidy(() => {
      this.invokeCallHook(inputs, kwargs);
      const [x] = [inputs].flat() as [Tensor];
      const y = perStep(this.name, this.layer, x, kwargs, this.#isStepwise);
      return this.#activity.noted(y, kwargs);
    });
  }

  #checkInput(shape: Shape): void {
    const wanted = this.inputSpec[0]!.shape ?? [
      null,
      null,
      null,
      ...shape.slice(3).map(() => null),
    ];
    checkShape(this.name, "an input", shape, wanted, "BTI");
  }

  protected override assertInputCompatibility(inputs: Inputs): void {
    const [x, ...others] = [inputs].flat() as [Tensor, ...Tensor[]];
    this.#checkInput(x.shape);
    if (others.length === 0) return;
    throw new Error(`${this.name}: expected one input, got ${others.length + 1}`);
  }

  /** Of the axes that the output has left, `stepsMask` says. */
  override computeMask(inputs: Tensor | Tensor[], mask?: Tensor | Tensor[]): Tensor {
    const [x] = [inputs].flat();
    const rank = x && this.computeOutputShape(x.shape).length;
    return tidy(() => stepsMask([mask].flat()[0], rank) as Tensor);
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const shape = firstShape(inputShape);
    this.#checkInput(shape);
    const output = this.layer.computeOutputShape(stepShape(shape));
    if (Array.isArray(output[0])) {
      throw new Error(`${this.name}: expected a layer of one output, got ${output.length}`);
    }
    const [B, ...rest] = output as Shape;
    return [B!, shape[1]!, ...rest];
  }

  protected override disposeWeights(): number {
    const { layers: parts } = inside(this.layer);
    return parts ? this.layer.dispose().numDisposedVariables : inside(this.layer).disposeWeights();
  }

  override getConfig(): serialization.ConfigDict {
    const layer = { className: this.layer.getClassName(), config: this.layer.getConfig() };
    const activity = this.#regularizer && { activityRegularizer: serialized(this.#regularizer) };
    return { layer, ...activity, ...super.getConfig() };
  }

  static override fromConfig<Made extends serialization.Serializable>(
    Class: serialization.SerializableConstructor<Made>,
    config: serialization.ConfigDict,
    customObjects?: serialization.ConfigDict,
  ): Made {
    const layer = layerFrom("timeDistributed", config.layer, customObjects);
    return new Class({ ...config, layer } as never);
  }
}

/** Of the input at one time step. */
function stepShape([B, , ...rest]: Shape): Shape {
  return [B!, ...rest];
}

/** A model has none of its own, and its layers' in its stead. */
function lossesIn(layer: Layer): Layer["losses"] {
  return inside(layer).layers?.flatMap(lossesIn) ?? layer.losses;
}
