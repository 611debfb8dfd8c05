import { shown } from "@rnnkit/core-rnn";
import type { RecurrentResult } from "@rnnkit/fused-rnn";
import { add, concat, mul, type serialization, type Tensor, tidy } from "@tensorflow/tfjs-core";
import type { Shape } from "@tensorflow/tfjs-layers";
import { outputSize } from "../cells/any-cell.ts";
import { FusedCell, type ScanOptions } from "../cells/fused-cell.ts";
import { linked } from "../chain/layer-links.ts";
import { derive } from "../derived.ts";
import { CompositeLayer } from "../graph/composite-layer.ts";
import { inKerasGraph } from "../graph/keras-graph.ts";
import {
  applyWithState,
  firstShape,
  type Inputs,
  type Kwargs,
  passedMask,
  sequenceMask,
} from "../graph/layer-call.ts";
import { nameScope } from "../graph/name-scope.ts";
import { isKeras3, layerFrom, readable } from "../options/layer-from.ts";
import type { LayerArgs } from "../options/recurrent-options.ts";
import {
  type Regularizer,
  type RegularizerArg,
  regularizer,
  serialized,
} from "../options/weight-spec.ts";
import { otherCopy } from "../other-copy.ts";
import { type ActivityLoss, activityLoss } from "./activity-loss.ts";
import { RecurrentLayer } from "./recurrent-layer.ts";
import { bidirectionalLink } from "./recurrent-links.ts";

/** How the two outputs become one; *null*: they stay two. */
export type BidirectionalMergeMode = "concat" | "sum" | "mul" | "ave" | null;

/** What `layers.bidirectional` takes. */
export interface BidirectionalArgs extends LayerArgs {
  /** SimpleRNN, LSTM, GRU or RNN; it is copied, its cells too, and itself left as it is. */
  layer: RecurrentLayer;
  /** Default *concat*. */
  mergeMode?: BidirectionalMergeMode;
  /** Reads backwards in **layer**'s place; copied too. Default: **layer**, turned round. */
  backwardLayer?: RecurrentLayer | null;
  /** Of the joined outputs and returned states; **layer**'s own is of each direction's. Default none. */
  activityRegularizer?: RegularizerArg;
}

type Merge = (forward: Tensor, backward: Tensor) => Tensor[];

const merges: Record<string, Merge> = {
  concat: (y, z) => [concat([y, z], -1)],
  sum: (y, z) => [add(y, z)],
  ave: (y, z) => [mul(add(y, z), 0.5)],
  mul: (y, z) => [mul(y, z)],
  null: (y, z) => [y, z],
};

interface LayerConfig extends serialization.ConfigDict {
  className: string;
  config: serialization.ConfigDict;
}

/** A recurrent layer and its like in the other direction; `layers.bidirectional` says how. */
export class BidirectionalLayer extends CompositeLayer {
  static readonly className = "Bidirectional";
  override supportsMasking = true;
  readonly mergeMode: BidirectionalMergeMode;
  /** The one that was given: what reads forwards is its copy. */
  readonly layer: RecurrentLayer;
  readonly forwardLayer: RecurrentLayer;
  readonly backwardLayer: RecurrentLayer;
  readonly #backwardLayer: RecurrentLayer | null;
  readonly #regularizer: Regularizer | null;
  readonly #activity: ActivityLoss;

  declare readonly returnSequences: boolean;
  declare readonly returnState: boolean;

  static {
    linked(BidirectionalLayer, bidirectionalLink, true);
    readable(BidirectionalLayer, isKeras3);
    derive(BidirectionalLayer, {
      returnSequences: ({ forwardLayer }) => forwardLayer.returnSequences,
      returnState: ({ forwardLayer }) => forwardLayer.returnState,
    });
  }

  constructor(args: BidirectionalArgs) {
    super(args);
    const { layer, backwardLayer = null, mergeMode = "concat" } = args;
    if (!(`${mergeMode}` in merges)) {
      throw new Error(
        `${this.name}: expected mergeMode to be one of concat, sum, mul, ave, null, got "${mergeMode}"`,
      );
    }
    for (const [option, part] of Object.entries({ layer, backwardLayer })) {
      if (part instanceof RecurrentLayer || (option === "backwardLayer" && part == null)) continue;
      throw new Error(
        `${this.name}: expected ${option} to be a SimpleRNN, LSTM, GRU or RNN of this package, got ${shown(part)}${otherCopy(part)}`,
      );
    }
    const { goBackwards } = layer.options;
    if (backwardLayer) checkPair(this.name, layer, backwardLayer, mergeMode);
    this.mergeMode = mergeMode;
    this.layer = layer;
    this.#backwardLayer = backwardLayer;
    this.forwardLayer = copied(layer, { name: `forward_${layer.name.replace(/^forward_/, "")}` });
    this.backwardLayer = backwardLayer
      ? copied(backwardLayer, {})
      : copied(layer, {
          name: `backward_${layer.name.replace(/^backward_/, "")}`,
          goBackwards: !goBackwards,
        });
    this._stateful = layer.stateful;
    this.inputSpec = this.forwardLayer.inputSpec;
    this.#regularizer = regularizer(args.activityRegularizer);
    this.#activity = activityLoss(this.#regularizer);
    if (args.trainable === false) this.trainable = false;
    inKerasGraph(this);
  }

  override get losses(): CompositeLayer["losses"] {
    return [...super.losses, ...this.#activity.losses];
  }

  /** What the two carry, if stateful: forward's, then backward's. */
  get states(): readonly Tensor[] {
    return this.parts().flatMap((part) => part.states);
  }

  protected override parts(): readonly RecurrentLayer[] {
    return [this.forwardLayer, this.backwardLayer];
  }

  override build(inputShape: Shape | Shape[]): void {
    for (const part of this.parts()) nameScope(part.name, () => part.build(inputShape));
    this.inputSpec = this.forwardLayer.inputSpec;
    this.built = true;
  }

  override apply(inputs: Inputs, kwargs: Kwargs = {}): ReturnType<CompositeLayer["apply"]> {
    return applyWithState((all, rest) => super.apply(all, rest), inputs, kwargs);
  }

  override call(inputs: Tensor | Tensor[], kwargs: Kwargs): Tensor | Tensor[] {
    return tidy(() => {
      this.invokeCallHook(inputs, kwargs);
      const [x, ...states] = [inputs].flat() as [Tensor, ...Tensor[]];
      const split = Math.min(states.length, this.forwardLayer.stateCount);
      const given = [
        [x, ...states.slice(0, split)],
        [x, ...states.slice(split)],
      ];
      const mask = sequenceMask(this.name, x, kwargs);
      const [first, second] = this.parts().map((part, i) =>
        part.beginCall(given[i]!, mask, kwargs),
      ) as [ScanOptions, ScanOptions];
      // In the order of the first one's outputs, whichever that is.
      const results = this.#scan(x, [first, { ...second, reverseOutputs: true }]);
      const [[y, ...forwardState], [z, ...backwardState]] = this.parts().map((part, i) =>
        [part.finishCall(results[i]!, kwargs)].flat(),
      ) as [[Tensor, ...Tensor[]], [Tensor, ...Tensor[]]];
      const merge = merges[`${this.mergeMode}`]!;
      const outputs = merge(y, z);
      const all = [...outputs, ...forwardState, ...backwardState];
      return this.#activity.noted(all.length === 1 ? all[0]! : all, kwargs);
    });
  }

  /** Both directions: one operation where both cells are fused ones of one kind. */
  #scan(x: Tensor, options: readonly [ScanOptions, ScanOptions]): readonly RecurrentResult[] {
    const [forward, backward] = [this.forwardLayer, this.backwardLayer];
    if (forward.cell instanceof FusedCell && backward.cell instanceof FusedCell) {
      return forward.cell.scanBoth(backward.cell, x, options);
    }
    return [forward.scan(x, options[0]), backward.scan(x, options[1])];
  }

  /** Sets what both carry to **states**, forward's first, or to zero. */
  override resetStates(states?: Tensor[]): void {
    const split = this.forwardLayer.stateCount;
    const given = [states?.slice(0, split), states?.slice(split)];
    if (states) {
      this.#checkCount(states);
      for (const [i, part] of this.parts().entries()) part.checkCarried(given[i]!);
    }
    for (const [i, part] of this.parts().entries()) part.resetStates(given[i]);
  }

  /** Keras's name for {@link resetStates}. */
  resetState(): void {
    this.resetStates();
  }

  protected override assertInputCompatibility(inputs: Inputs): void {
    const [x, ...states] = [inputs].flat() as [Tensor, ...Tensor[]];
    if (states.length > 0) this.#checkCount(states);
    const split = Math.min(states.length, this.forwardLayer.stateCount);
    this.forwardLayer.checkInputs([x, ...states.slice(0, split)]);
    this.backwardLayer.checkInputs([x, ...states.slice(split)]);
  }

  #checkCount(states: readonly unknown[]): void {
    const expected = this.#stateCount();
    if (states.length === expected) return;
    throw new Error(
      `${this.name}: expected ${expected} states, forward's and backward's, got ${states.length}`,
    );
  }

  #stateCount(): number {
    return this.forwardLayer.stateCount + this.backwardLayer.stateCount;
  }

  override computeMask(_inputs: Tensor | Tensor[], mask?: Tensor | Tensor[]): Tensor | Tensor[] {
    const first = passedMask(this.returnSequences, mask) as Tensor;
    const masks = this.mergeMode === null ? [first, first] : [first];
    if (this.returnState) masks.push(...Array<never>(this.#stateCount()).fill(null as never));
    return masks.length === 1 ? first : masks;
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape | Shape[] {
    const shape = firstShape(inputShape);
    const [y, ...states] = shapesOf(this.forwardLayer.computeOutputShape(shape));
    const [z, ...more] = shapesOf(this.backwardLayer.computeOutputShape(shape));
    const merged = [...y!.slice(0, -1), (y!.at(-1) as number) + (z!.at(-1) as number)];
    const outputs =
      this.mergeMode === null ? [y!, z!] : [this.mergeMode === "concat" ? merged : y!];
    const all = [...outputs, ...states, ...more];
    return all.length === 1 ? all[0]! : all;
  }

  protected override disposeWeights(): number {
    return this.parts().reduce((count, part) => count + part.releaseWeights(), 0);
  }

  override getConfig(): serialization.ConfigDict {
    const backward = this.#backwardLayer && { backwardLayer: configOf(this.#backwardLayer) };
    const activity = this.#regularizer && { activityRegularizer: serialized(this.#regularizer) };
    const own = {
      mergeMode: this.mergeMode,
      layer: configOf(this.layer),
      ...backward,
      ...activity,
    };
    return { ...own, ...super.getConfig() };
  }

  static override fromConfig<Made extends serialization.Serializable>(
    Class: serialization.SerializableConstructor<Made>,
    config: serialization.ConfigDict,
    customObjects?: serialization.ConfigDict,
  ): Made {
    const read = (json: unknown) => layerFrom<RecurrentLayer>("bidirectional", json, customObjects);
    const backwardLayer = config.backwardLayer && read(config.backwardLayer);
    return new Class({ ...config, layer: read(config.layer), backwardLayer } as never);
  }
}

/** A layer of the same config but for what is said, zeroing masked outputs as Keras makes it do. */
function copied(layer: RecurrentLayer, differences: object): RecurrentLayer {
  return layer.copy({ zeroOutputForMask: layer.options.returnSequences, ...differences });
}

function configOf(layer: RecurrentLayer): LayerConfig {
  return { className: layer.getClassName(), config: layer.getConfig() };
}

function shapesOf(shapes: Shape | Shape[]): Shape[] {
  return (Array.isArray(shapes[0]) ? shapes : [shapes]) as Shape[];
}

function checkPair(
  who: string,
  forward: RecurrentLayer,
  backward: RecurrentLayer,
  mergeMode: BidirectionalMergeMode,
): void {
  const [y, z] = [outputSize(forward.cell), outputSize(backward.cell)];
  if (y !== z && mergeMode !== "concat" && mergeMode !== null) {
    throw new Error(`${who}: expected backwardLayer of ${y} units to ${mergeMode}, got ${z}`);
  }
  if (forward.options.goBackwards === backward.options.goBackwards) {
    throw new Error(
      `${who}: expected backwardLayer of another goBackwards than layer, got the same`,
    );
  }
  for (const name of ["returnSequences", "returnState", "stateful"] as const) {
    if (forward.options[name] === backward.options[name]) continue;
    throw new Error(
      `${who}: expected backwardLayer of ${name} ${forward.options[name]} as layer, got ${backward.options[name]}`,
    );
  }
}
