// What the cells of SimpleRNN, LSTM and GRU share: their weights, and one fused operation.

import { type CellKind, cellTable, weightShapes } from "@rnnkit/core-rnn";
import {
  bidirectional,
  type DropoutArrays,
  type GatedOptions,
  type RecurrentInput,
  type RecurrentResult,
  type RecurrentWeights,
} from "@rnnkit/fused-rnn";
import { cast, expandDims, type serialization, type Tensor, tidy } from "@tensorflow/tfjs-core";
import type { LayerVariable, Shape } from "@tensorflow/tfjs-layers";
import { firstShape, type Inputs, type Kwargs } from "../graph/layer-call.ts";
import type { SequenceOptions } from "../options/recurrent-options.ts";
import {
  constrained,
  unitForgetBias,
  type WeightSpec,
  whileTrained,
} from "../options/weight-spec.ts";
import { withDrawnSeed } from "../random-seed.ts";
import { checkShape } from "../shape.ts";
import { cellConfig, type GatedCellArgs } from "./cell-options.ts";
import { DescribedCell } from "./described-cell.ts";
import {
  type DropoutMasks,
  type DropoutShape,
  dropoutArrays,
  dropoutMasks,
} from "./dropout-masks.ts";
import { fusedOperation, optionsOfKind } from "./fused-operation.ts";
import { lookupOf } from "./looked-up.ts";

/** What tells one cell from another. */
export interface Recurrence {
  kind: CellKind;
  /** Of an LSTM: the bias of the forget gate starts at 1. */
  unitForgetBias?: boolean;
}

/** What a scan over a sequence takes: how it goes, from where, and what drops out. */
export interface ScanOptions
  extends Pick<SequenceOptions, "returnSequences" | "goBackwards" | "zeroOutputForMask"> {
  /** Outputs come in the opposite of the order of reading. Default *false*. */
  reverseOutputs?: boolean | undefined;
  /** The states before the first step, the first cell's first. Default: the cells' own. */
  initialState?: readonly Tensor[] | undefined;
  /** [B, T] of bool. */
  mask?: Tensor | undefined;
  /** Draws dropout masks. */
  training: boolean;
  /** Dropout masks to use in place of drawn ones, of each cell. */
  dropoutMasks?: readonly DropoutMasks[] | undefined;
}

/**
 * The cell of SimpleRNN, LSTM or GRU, as a layer of its own: `apply([x, ...state])` of [B, I] and
 * [B, units] is one step, `[output, ...state′]`, symbolic or concrete. Without states: from zero.
 */
export abstract class FusedCell extends DescribedCell {
  readonly stateSize: number | number[];
  /** Names of the states. */
  readonly stateNames: readonly string[];
  readonly #recurrence: Recurrence;
  /** [I, gates·units], once it is built. */
  kernel!: LayerVariable;
  /** [units, gates·units], once it is built. */
  recurrentKernel!: LayerVariable;
  /** [gates·units], or [2, gates·units] of a GRU with resetAfter; null without one. */
  bias: LayerVariable | null = null;

  constructor(args: GatedCellArgs, recurrence: Recurrence) {
    super(args);
    this.#recurrence = recurrence;
    this.stateNames = cellTable[recurrence.kind].states;
    const { units } = this.options;
    this.stateSize = this.stateNames.length === 1 ? units : this.stateNames.map(() => units);
  }

  override build(inputShape: Shape | Shape[]): void {
    const I = firstShape(inputShape).at(-1);
    if (!I) throw new Error(`${this.name}: expected an input of known features, got ${I}`);
    const { units, useBias, kernel, recurrent, bias } = this.options;
    const shapes = weightShapes(this.#recurrence.kind, I, units);
    // Initializers leave tensors behind; variables outlive a tidy.
    tidy(() => {
      this.kernel = this.#add("kernel", shapes.kernel, kernel);
      this.recurrentKernel = this.#add("recurrent_kernel", shapes.recurrentKernel, recurrent);
      if (!useBias) return;
      const initializer = this.#recurrence.unitForgetBias
        ? unitForgetBias(withDrawnSeed(bias.initializer), units)
        : bias.initializer;
      this.bias = this.#add("bias", shapes.bias, { ...bias, initializer });
    });
    this.built = true;
  }

  #add(name: string, shape: number[], spec: WeightSpec): LayerVariable {
    const { initializer, regularizer } = spec;
    const cost = whileTrained(this, regularizer);
    return constrained(this.addWeight(name, shape, "float32", initializer, cost as never), spec);
  }

  /** Features of the input; null before it is built. */
  get inputSize(): number | null {
    return this.built ? this.kernel.shape[0]! : null;
  }

  override call(inputs: Tensor | Tensor[], kwargs: Kwargs): Tensor[] {
    return tidy(() => {
      this.invokeCallHook(inputs, kwargs);
      const [x, ...states] = [inputs].flat() as [Tensor, ...Tensor[]];
      const { outputs, state } = this.scan(expandDims(x, 1), {
        ...{ returnSequences: false, goBackwards: false, zeroOutputForMask: false },
        initialState: states.length ? states : undefined,
        training: Boolean(kwargs.training),
      });
      return [outputs, ...state];
    });
  }

  /**
   * The cell over a whole sequence [B, T, I], one operation.
   *
   * @internal
   */
  scan(x: Tensor, options: ScanOptions): RecurrentResult {
    const call = this.#prepared(x, options);
    return fusedOperation(this.#recurrence.kind, call.x, call.weights, call.options);
  }

  /**
   * This cell over a sequence, and **other** the other way round: one operation where they are of one
   * kind, two else.
   *
   * @internal
   */
  scanBoth(
    other: FusedCell,
    x: Tensor,
    options: readonly [ScanOptions, ScanOptions],
  ): [RecurrentResult, RecurrentResult] {
    const { kind } = this.#recurrence;
    if (other.#recurrence.kind !== kind) {
      return [this.scan(x, options[0]), other.scan(x, options[1])];
    }
    const [one, two] = [this.#prepared(x, options[0]), other.#prepared(x, options[1])];
    return bidirectional(
      cellTable[kind].name,
      one.x,
      [one.weights, two.weights],
      [optionsOfKind(kind, one.options), optionsOfKind(kind, two.options)],
    );
  }

  #prepared(
    x: Tensor,
    options: ScanOptions,
  ): { x: RecurrentInput; weights: RecurrentWeights; options: GatedOptions } {
    const [kernel, recurrentKernel] = [this.kernel.read(), this.recurrentKernel.read()];
    const { activation, recurrentActivation } = this.options;
    const { training, dropoutMasks, ...rest } = options;
    const masks = dropoutMasks?.[0] ?? (training ? this.#drawn(x) : {});
    return {
      x: lookupOf(x) ?? (x.dtype === "float32" ? x : cast(x, "float32")),
      weights: { kernel, recurrentKernel, bias: this.bias?.read() },
      options: { activation, recurrentActivation, ...masks, ...rest },
    };
  }

  #drawn({ shape }: Tensor): DropoutMasks {
    const [B, , I] = shape as [number, number, number];
    return this.oncePerCall("dropout", (random) => dropoutMasks(this.#dropoutShape(B, I), random));
  }

  /**
   * The numbers of the masks of one training call over [B, T, I].
   *
   * @internal
   */
  drawArrays(B: number, I: number): DropoutArrays {
    return dropoutArrays(this.#dropoutShape(B, I), this.random);
  }

  #dropoutShape(B: number, I: number): DropoutShape {
    const { units, dropout, recurrentDropout } = this.options;
    return { dropout, recurrentDropout, B, I, H: units, G: cellTable[this.kind].gates.length };
  }

  /** The recurrence that it is. */
  get kind(): CellKind {
    return this.#recurrence.kind;
  }

  protected override assertInputCompatibility(inputs: Inputs): void {
    const [x, ...states] = ([inputs].flat() as Tensor[]).map(({ shape }) => shape as Shape);
    checkShape(this.name, "an input", x!, [null, this.inputSize], "BI");
    if (states.length) checkStateCount(this.name, this.stateNames, states.length);
    for (const [i, state] of states.entries()) {
      const wanted = [x![0]!, this.options.units];
      checkShape(this.name, `a state ${this.stateNames[i]}`, state, wanted, "BH");
    }
  }

  override getConfig(): serialization.ConfigDict {
    return { ...cellConfig(this.options), ...super.getConfig() };
  }
}

/** Throws unless **count** states go with these names. */
export function checkStateCount(who: string, names: readonly string[], count: number): void {
  if (count === names.length) return;
  throw new Error(`${who}: expected ${names.length} states (${names.join(", ")}), got ${count}`);
}
