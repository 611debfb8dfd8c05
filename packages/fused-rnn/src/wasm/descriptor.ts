// The descriptor of a call, as the kernels read it: the mirror of assembly/job.ts.

import { cellKinds } from "@rnnkit/core-rnn";
import { type FusedActivation, fusedActivations } from "../activation-names.ts";
import type { CallShape } from "../call.ts";
import type { Layout, WorkspaceShape } from "./layout.ts";

/** Names of the descriptor's 32-bit words, in their order. */
const FIELDS = [
  ..."cell T B I H Hp R flags activation recurrentActivation".split(" "),
  ..."x mask h0 c0 out hT cT weights biases transposed".split(" "),
  ..."xh xhRow xhGate slots slotMask hidden hiddenRow gates gateRow keepMask c ac".split(" "),
  ..."dropoutVariants dropout dOut dhT dcT dx dh0 dc0 dz dzRow timeChunk dxh dxhRow".split(" "),
  ..."dc dhBypass dOutputCarry dw dwRow unitMask kernel recurrent bias panel activeList order activeBefore".split(
    " ",
  ),
  ..."tokenOf tokenVectors tokenSums tokenSumRow tokenVectorRow firstTokens initialSums".split(" "),
] as const;

/** A word of the descriptor by name. */
export type Field = string;

const INDEX = new Map<string, number>(FIELDS.map((name, i) => [name, i]));

/** The index of a field in the descriptor. */
export function fieldIndex(name: Field): number {
  const index = INDEX.get(name);
  if (index === undefined) throw new Error(`descriptor: no field named ${name}`);
  return index;
}

/** Bytes of a descriptor. */
export const DESCRIPTOR_BYTES: number = FIELDS.length * 4;

/** Writes words of the descriptor at `address`. */
export function writeDescriptor(
  words: Int32Array,
  address: number,
  values: Readonly<Partial<Record<Field, number>>>,
): void {
  for (const [name, value] of Object.entries(values)) {
    words[address / 4 + fieldIndex(name)] = value as number;
  }
}

/** A descriptor with these words, the others 0. */
export function descriptorTemplate(values: Readonly<Record<Field, number>>): Int32Array {
  const words = new Int32Array(FIELDS.length);
  writeDescriptor(words, 0, values);
  return words;
}

const GO_BACKWARDS = 1;
const RETURN_SEQUENCES = 2;
const ZERO_OUTPUT = 4;
export const NEED_DX = 8;

/** The bits of the word `flags`; NEED_DX is the backward pass's to add. */
export function flagsOf(shape: CallShape): number {
  return (
    (shape.goBackwards ? GO_BACKWARDS : 0) |
    (shape.returnSequences ? RETURN_SEQUENCES : 0) |
    (shape.zeroOutputForMask ? ZERO_OUTPUT : 0)
  );
}

/** The words of a call that follow from its shape. */
export function shapeFields(shape: WorkspaceShape, layout: Layout): Record<Field, number> {
  const { cell, B, T, I, H } = shape;
  return {
    cell: cellKinds.indexOf(cell),
    ...{ T, B, I, H },
    Hp: layout.Hp,
    R: layout.R,
    flags: flagsOf(shape),
    activation: activationNumber(shape.activation),
    recurrentActivation: activationNumber(shape.recurrentActivation),
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

/** The number by which the kernels know a fused activation. */
export function activationNumber(name: CallShape["activation"]): number {
  return fusedActivations.indexOf(name as FusedActivation);
}
