import { shown } from "@rnnkit/core-rnn";
import { type serialization, type Tensor, tidy } from "@tensorflow/tfjs-core";
import type { Shape } from "@tensorflow/tfjs-layers";
import { checkCallInputs } from "../graph/call-inputs.ts";
import { buildPart, CompositeLayer } from "../graph/composite-layer.ts";
import { firstShape, type Inputs, type Kwargs } from "../graph/layer-call.ts";
import { nameScope } from "../graph/name-scope.ts";
import { isKeras3, layerFrom, readable } from "../options/layer-from.ts";
import type { LayerArgs } from "../options/recurrent-options.ts";
import { checkShape } from "../shape.ts";
import {
  type AnyCell,
  checkCell,
  initialStates,
  outputSize,
  stateNames,
  stateSizes,
} from "./any-cell.ts";
import { checkStateCount } from "./fused-cell.ts";

type Config = serialization.ConfigDict;

/** Options of StackedRNNCells. */
export interface StackedCellsArgs extends LayerArgs {
  /** The cells, the one that reads the input first. */
  cells: readonly AnyCell[];
}

/** Cells on top of each other as one; `layers.stackedRNNCells` says how. */
export class StackedCells extends CompositeLayer {
  static readonly className = "StackedRNNCells";
  readonly cells: readonly AnyCell[];

  static {
    readable(StackedCells, isKeras3);
  }

  constructor(args: StackedCellsArgs) {
    super(args);
    const { cells } = args;
    if (!Array.isArray(cells) || cells.length === 0) {
      throw new Error(`${this.name}: expected cells, a list of at least one, got ${shown(cells)}`);
    }
    this.cells = cells.map((cell) => flatStates(checkCell(this.name, cell)));
  }

  protected override parts(): readonly AnyCell[] {
    return this.cells;
  }

  /** The cells that are no stacks themselves, in their order. */
  get leaves(): readonly AnyCell[] {
    return this.cells.flatMap((cell) => leavesOf(cell));
  }

  /** Lengths of the states, all of the first cell's first. */
  get stateSize(): number[] {
    return this.cells.flatMap(stateSizes);
  }

  get stateNames(): readonly string[] {
    return this.cells.flatMap((cell, i) => stateNames(cell).map((name) => `${name} of cell ${i}`));
  }

  get outputSize(): number {
    return outputSize(this.cells.at(-1)!);
  }

  /** The states of all cells before the first step, the first cell's first. */
  getInitialState(batchSize: number): Tensor[] {
    return this.cells.flatMap((cell) => initialStates(cell, batchSize));
  }

  override build(inputShape: Shape | Shape[]): void {
    let shape = firstShape(inputShape);
    for (const [i, cell] of this.cells.entries()) {
      nameScope(`RNNCell_${i}`, () => buildPart(cell, shape));
      shape = [shape[0]!, outputSize(cell)];
    }
    this.built = true;
  }

  override apply(inputs: Inputs, kwargs: Kwargs = {}): ReturnType<CompositeLayer["apply"]> {
    checkCallInputs(this.name, inputs, kwargs);
    return super.apply(inputs, kwargs);
  }

  /** One step: `[output, ...state′]` of `[x, ...state]`; without states from the cells' own. */
  override call(inputs: Tensor | Tensor[], kwargs: Kwargs): Tensor[] {
    return tidy(() => {
      this.invokeCallHook(inputs, kwargs);
      const [x, ...given] = [inputs].flat() as [Tensor, ...Tensor[]];
      const states = given.length ? given : this.getInitialState(x.shape[0]!);
      const newStates: Tensor[] = [];
      let output = x;
      for (const cell of this.cells) {
        const mine = states.splice(0, stateSizes(cell).length);
        const [y, ...next] = cell.call([output, ...mine], kwargs) as [Tensor, ...Tensor[]];
        newStates.push(...next);
        output = y;
      }
      return [output, ...newStates];
    });
  }

  protected override assertInputCompatibility(inputs: Inputs): void {
    const [x, ...states] = ([inputs].flat() as Tensor[]).map(({ shape }) => shape as Shape);
    if (states.length === 0) return;
    const names = this.stateNames;
    checkStateCount(this.name, names, states.length);
    for (const [i, size] of this.stateSize.entries()) {
      checkShape(this.name, `a state ${names[i]}`, states[i]!, [x![0]!, size], "BH");
    }
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape[] {
    const [B] = firstShape(inputShape);
    return [this.outputSize, ...this.stateSize].map((size) => [B as number, size]);
  }

  override getConfig(): Config {
    return { cells: this.cells.map(cellJson), ...super.getConfig() };
  }

  static override fromConfig<Made extends serialization.Serializable>(
    Class: serialization.SerializableConstructor<Made>,
    config: Config,
    customObjects?: Config,
  ): Made {
    const cells = (config.cells as Config[]).map((json) => cellFrom(json, customObjects));
    return new Class({ ...config, cells } as never);
  }
}

/** tfjs-layers' own stack lists its states from the last cell to the first: its cells, stacked here. */
export function flatStates(cell: AnyCell): AnyCell {
  const { cells } = cell as { cells?: AnyCell[] };
  const foreign = cell.getClassName() === StackedCells.className && !(cell instanceof StackedCells);
  return foreign && cells ? new StackedCells({ cells, name: cell.name }) : cell;
}

/** The cells that one is made of: itself, if it is no stack. */
export function leavesOf(cell: AnyCell): readonly AnyCell[] {
  return cell instanceof StackedCells ? cell.leaves : [cell];
}

/** As saved models hold it. */
export function cellJson(cell: AnyCell): Config {
  return { className: cell.getClassName(), config: cell.getConfig() };
}

/** A cell from what {@link cellJson} wrote: a stack is one of this package, whatever its cells are. */
export function cellFrom(json: Config, customObjects?: Config): AnyCell {
  return json.className === StackedCells.className
    ? StackedCells.fromConfig(StackedCells as never, json.config as Config, customObjects)
    : layerFrom("rnn", json, customObjects);
}

/** A cell of the same options, with weights of its own. */
export function copiedCell(cell: AnyCell): AnyCell {
  if (cell instanceof StackedCells) {
    return new StackedCells({ ...cell.getConfig(), cells: cell.cells.map(copiedCell) });
  }
  const Class = cell.constructor as unknown as serialization.SerializableConstructor<AnyCell> & {
    fromConfig: serialization.FromConfigMethod<AnyCell>;
  };
  return Class.fromConfig(Class, cell.getConfig());
}
