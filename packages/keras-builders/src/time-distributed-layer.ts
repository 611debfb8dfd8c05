import { shown } from "@rnnkit/core-rnn";
import {
  any,
  reshape,
  type serialization,
  stack,
  type Tensor,
  tidy,
  unstack,
} from "@tensorflow/tfjs-core";
import { InputSpec, layers, type Shape, type SymbolicTensor } from "@tensorflow/tfjs-layers";
import { type ActivityLoss, activityLoss } from "./activity-loss.ts";
import { carryMask } from "./carried-mask.ts";
import { buildPart, CompositeLayer } from "./composite-layer.ts";
import { inKerasGraph } from "./keras-graph.ts";
import {
  applyWithState,
  firstShape,
  type Inputs,
  type Kwargs,
  maskOf,
  passedMask,
} from "./layer-call.ts";
import { layerFrom, readable } from "./layer-from.ts";
import type { LayerArgs } from "./recurrent-options.ts";
import { checkShape, shapeText } from "./shape.ts";
import { type Regularizer, type RegularizerArg, regularizer, serialized } from "./weight-spec.ts";

type Layer = InstanceType<typeof layers.Layer>;
/** What tfjs-layers has and does not tell. */
interface Inside {
  layers?: Layer[];
  layer?: Layer;
  inputs?: SymbolicTensor[];
  disposeWeights(): number;
}
const inside = (layer: Layer): Inside => layer as unknown as Inside;

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
  /** Of the output, once built. */
  #outputRank = Number.POSITIVE_INFINITY;
  #isStepwise = false;

  static {
    readable(TimeDistributedLayer);
  }

  constructor(args: TimeDistributedArgs) {
    const { layer, activityRegularizer, ...others } = args;
    super(others);
    if (!(layer instanceof layers.Layer)) {
      throw new Error(`${this.name}: expected a layer, got ${shown(layer)}`);
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
    this.#outputRank = this.computeOutputShape(shape).length;
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
      const mask = maskOf(kwargs);
      if (mask) this.#checkMask(mask, x);
      const [B, T, ...rest] = x.shape as [number, number, ...number[]];
      let y: Tensor;
      if (this.#isStepwise) {
        const masks = mask && unstack(mask, 1);
        const steps = unstack(x, 1).map((step, t) => this.#callLayer(step, masks?.[t], kwargs));
        y = stack(steps, 1);
      } else {
        const rows = mask && reshape(mask, [B * T, ...mask.shape.slice(2)]);
        const all = this.#callLayer(reshape(x, [B * T, ...rest]), rows, kwargs);
        y = reshape(all, [B, T, ...all.shape.slice(1)]);
      }
      return this.#activity.noted(y, kwargs);
    });
  }

  /** As Keras calls it: a layer's own activity regularizer counts in no call from here, a model's do. */
  #callLayer(x: Tensor, mask: Tensor | undefined, kwargs: Kwargs): Tensor {
    const { mask: own, ...others } = kwargs;
    let outputs: Tensor[];
    if (inside(this.layer).layers) {
      if (mask) carryMask(x, mask);
      // The very object, by which the model's layers know one forward pass.
      delete kwargs.mask;
      outputs = [this.layer.call(x, kwargs)].flat();
      kwargs.mask = own;
    } else {
      outputs = [this.layer.call(x, { ...others, mask, countActivity: false })].flat();
    }
    if (outputs.length === 1) return outputs[0]!;
    throw new Error(`${this.name}: expected a layer of one output, got ${outputs.length}`);
  }

  #checkMask(mask: Tensor, x: Tensor): void {
    const [B, T] = x.shape;
    if (mask.shape[0] === B && mask.shape[1] === T) return;
    throw new Error(
      `${this.name}: expected a mask of shape [${B}, ${T}, ...] as the input's, got ${shapeText(mask.shape)}`,
    );
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

  /** Of the axes that the output has left: a step is kept where any of what was in it is, as on Keras's JAX. */
  override computeMask(_inputs: Tensor | Tensor[], mask?: Tensor | Tensor[]): Tensor {
    const given = passedMask(true, mask) as Tensor;
    const gone = given ? given.rank - (this.#outputRank - 1) : 0;
    if (gone <= 0) return given;
    return any(given, [...given.shape.keys()].slice(-gone));
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

/**
 * Whether the rows of a batch matter to one another: Keras calls the layer once for every step, so
 * statistics, states and shared noise are of one step's batch.
 */
function isStepwise(layer: Layer): boolean {
  const { layers: parts, layer: wrapped, inputs } = inside(layer);
  const config = parts ? {} : layer.getConfig();
  return (
    layer.getClassName() === "BatchNormalization" ||
    layer.stateful ||
    inputs?.[0]?.shape[0] != null ||
    config.noiseShape != null ||
    config.activityRegularizer != null ||
    (parts ?? (wrapped ? [wrapped] : [])).some(isStepwise)
  );
}
