// What a recurrent layer asks of a cell, be it of this package, of tfjs-layers or of the caller.

import { type Tensor, zeros } from "@tensorflow/tfjs-core";
import type { layers } from "@tensorflow/tfjs-layers";

/** A cell: a layer of tfjs that knows its states. What is optional here has Keras's defaults. */
export type AnyCell = InstanceType<typeof layers.Layer> & {
  readonly stateSize: number | readonly number[];
  readonly stateNames?: readonly string[];
  readonly outputSize?: number;
  /** The states before the first step. Default zeros. */
  getInitialState?(batchSize: number): Tensor | Tensor[];
};

/** Throws unless **cell** has a cell's parts. */
export function checkCell(who: string, cell: unknown): AnyCell {
  const { stateSize, call, build } = (cell ?? {}) as Partial<AnyCell>;
  const sizes = [stateSize].flat();
  const known = sizes.length > 0 && sizes.every((size) => Number.isInteger(size) && size! > 0);
  if (known && typeof call === "function" && typeof build === "function") return cell as AnyCell;
  const got = cell == null ? `${cell}` : (cell as object).constructor.name;
  throw new Error(
    `${who}: expected a cell, a layer with stateSize and call, got ${got}` +
      (typeof call === "function" ? ` with stateSize ${stateSize}` : ""),
  );
}

/** Lengths of the states. */
export function stateSizes(cell: AnyCell): number[] {
  return [cell.stateSize].flat() as number[];
}

/** Names of the states, for errors. */
export function stateNames(cell: AnyCell): readonly string[] {
  const sizes = stateSizes(cell);
  return cell.stateNames ?? sizes.map((_, i) => (sizes.length === 1 ? "state" : `state ${i}`));
}

/** Length of the output. */
export function outputSize(cell: AnyCell): number {
  return cell.outputSize ?? stateSizes(cell)[0]!;
}

/** The states before the first step. */
export function initialStates(cell: AnyCell, batchSize: number): Tensor[] {
  const given = cell.getInitialState?.(batchSize);
  return given ? [given].flat() : stateSizes(cell).map((size) => zeros([batchSize, size]));
}
