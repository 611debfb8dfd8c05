// The descriptor of a call, as the kernels read it. Its fields are those of the class in assembly/descriptor.ts,
// from which build:wasm generates their names and numbers.

import { cellKinds, cellTable } from "@rnnkit/core-rnn";
import {
  type FusedActivation,
  fusedActivations,
  type RecurrentActivationName,
} from "../activation-names.ts";
import type { CallShape } from "../call.ts";
import { type Field, fields, flags } from "../generated/descriptor.ts";
import { cellLayouts, gradientColumns } from "./cell-layouts.ts";
import type { Layout, WorkspaceShape } from "./layout.ts";

export type { Field };

const INDEX: ReadonlyMap<Field, number> = new Map(fields.map((name, i) => [name, i]));

/** The index of a field in the descriptor. */
export function fieldIndex(name: Field): number {
  return INDEX.get(name) as number;
}

/** Bytes of a descriptor. */
export const DESCRIPTOR_BYTES: number = fields.length * 4;

/** Numbers by name, every one of them a field's: those that a spread brings in are checked too. */
export type FieldValues<Values> = Values & { [Name in Exclude<keyof Values, Field>]: never };

/** Writes fields of the descriptor at `address`. */
export function writeDescriptor<Values extends Readonly<Partial<Record<Field, number>>>>(
  i32: Int32Array,
  address: number,
  values: FieldValues<Values>,
): void {
  for (const [name, value] of Object.entries<number>(values)) {
    i32[address / 4 + fieldIndex(name as Field)] = value;
  }
}

/** A descriptor with these fields, the others 0. */
export function descriptorTemplate<Values extends Readonly<Partial<Record<Field, number>>>>(
  values: FieldValues<Values>,
): Int32Array {
  const i32 = new Int32Array(fields.length);
  writeDescriptor<Values>(i32, 0, values);
  return i32;
}

/** The bit of `flags` that the backward pass adds where the gradient of x is asked for. */
export const NEED_DX: number = flags.needDx;

/** The bits of the field `flags`; NEED_DX is the backward pass's to add. */
export function flagsOf(shape: CallShape): number {
  return (
    (shape.goBackwards ? flags.goBackwards : 0) |
    (shape.reverseOutputs ? flags.reverseOutputs : 0) |
    (shape.returnSequences ? flags.returnSequences : 0) |
    (shape.zeroOutputForMask ? flags.zeroOutput : 0)
  );
}

/** The fields of a call that follow from its shape. */
export function shapeFields(shape: WorkspaceShape, layout: Layout): Partial<Record<Field, number>> {
  const { cell, B, T, I, H } = shape;
  const { panelUnits, jointGates, gateVectors, resetMode } = cellLayouts[cell];
  return {
    cell: cellKinds.indexOf(cell),
    ...{ T, B, I, H },
    Hp: layout.Hp,
    R: layout.R,
    flags: flagsOf(shape),
    activation: activationNumber(shape.activation),
    recurrentActivation: activationNumber(shape.recurrentActivation),
    gateCount: cellTable[cell].gates.length,
    ...{ panelUnits, jointGates, gateVectors, resetMode },
    dzColumns: gradientColumns(cell, layout.Hp),
    xhRow: layout.xhRow,
    xhGate: B * layout.slots * layout.xhRow,
    slots: layout.slots,
    slotMask: shape.training ? -1 : 1,
    gateRow: layout.gateRow,
    keepMask: layout.keepsGates ? -1 : 0,
    dropoutVariants: shape.dropoutVariants,
    dzRow: layout.dzRow,
    timeChunk: layout.timeChunk,
    dxhRow: layout.dxhRow,
    dwRow: layout.dwRow,
  };
}

/** The number by which the kernels know an activation that is fused: its place in the list of them. */
export function activationNumber(name: RecurrentActivationName): number {
  return fusedActivations.indexOf(name as FusedActivation);
}
