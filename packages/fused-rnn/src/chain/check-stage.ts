// What a chain refuses before any work: numbers that do not go with the weights would be read from elsewhere.

import { type CellKind, cellTable, weightShapes } from "@rnnkit/core-rnn";
import {
  fusedActivations,
  isFusedActivation,
  type RecurrentActivationName,
} from "../activation-names.ts";
import type { RecurrentWeights } from "../options.ts";
import type { Flow } from "./flow.ts";

const text = (shape: readonly (number | string)[]) => `[${shape.join(", ")}]`;

function isShape(shape: readonly number[], wanted: readonly number[]): boolean {
  return shape.length === wanted.length && wanted.every((n, i) => n === shape[i]);
}

/** Throws unless x is [B, T, I], and the weights are a cell's of I inputs. */
export function checkRecurrence(
  cell: CellKind,
  { kernel, recurrentKernel, bias }: RecurrentWeights,
  { shape, mask }: Flow,
): void {
  const who = `${cellTable[cell].name} stage`;
  const [I, H] = [kernel.shape[0], recurrentKernel.shape[0]];
  const shapes = weightShapes(cell, I, H);
  for (const [name, weight] of Object.entries({ kernel, recurrentKernel, bias })) {
    const wanted = shapes[name as keyof typeof shapes];
    if (!weight || isShape(weight.shape, wanted)) continue;
    throw new Error(`${who}: expected ${name} of shape ${text(wanted)}, got ${text(weight.shape)}`);
  }
  if (shape.length !== 3 || shape[2] !== I) {
    throw new Error(`${who}: expected x of shape ${text(["B", "T", I])}, got ${text(shape)}`);
  }
  if (mask && mask.length !== shape[0] * shape[1]) {
    throw new Error(`${who}: expected a mask of ${shape[0] * shape[1]} steps, got ${mask.length}`);
  }
}

/** Throws unless there is a state [B, H] for each of a cell's. */
export function checkStates(
  cell: CellKind,
  states: readonly { shape: readonly number[] }[] | undefined,
  B: number,
  H: number,
): void {
  if (!states) return;
  const { name, states: names } = cellTable[cell];
  if (states.length !== names.length) {
    throw new Error(`${name} stage: expected initial states ${names}, got ${states.length}`);
  }
  for (const [i, { shape }] of states.entries()) {
    if (isShape(shape, [B, H])) continue;
    const state = `initial state ${names[i]} of shape ${text([B, H])}`;
    throw new Error(`${name} stage: expected ${state}, got ${text(shape)}`);
  }
}

/** Throws unless drawn dropout masks have **variants** numbers, 1 or a cell's gates, for each row of x and of h. */
export function checkDropout(
  cell: CellKind,
  drawn: Readonly<Partial<Record<"inputDropoutMask" | "recurrentDropoutMask", ArrayLike<number>>>>,
  variants: number,
  rows: { inputDropoutMask: number; recurrentDropoutMask: number },
): void {
  const { name, gates } = cellTable[cell];
  if (!drawn.inputDropoutMask && !drawn.recurrentDropoutMask) return;
  if (variants !== 1 && variants !== gates.length) {
    throw new Error(`${name} stage: expected 1 or ${gates.length} variants, got ${variants}`);
  }
  for (const key of ["inputDropoutMask", "recurrentDropoutMask"] as const) {
    // Of the two, one may be the same for all gates where the other is not.
    const length = drawn[key]?.length;
    if (length === undefined || length === rows[key] || length === variants * rows[key]) continue;
    throw new Error(
      `${name} stage: expected ${key} of ${variants * rows[key]} numbers, got ${length}`,
    );
  }
}

/** Throws for an activation that is not fused. */
export function checkFused(who: string, name: RecurrentActivationName): void {
  if (isFusedActivation(name)) return;
  throw new Error(`${who}: expected an activation of ${fusedActivations.join(", ")}, got ${name}`);
}

/** Throws unless x ends with K features, and a bias, if there is one, has N. */
export function checkDense(
  kernel: readonly number[],
  bias: readonly number[] | undefined,
  x: readonly number[],
): void {
  const who = "dense stage";
  const [K, N] = kernel;
  if (kernel.length !== 2) throw new Error(`${who}: expected kernel [K, N], got ${text(kernel)}`);
  if (bias && !isShape(bias, [N])) {
    throw new Error(`${who}: expected bias of shape ${text([N])}, got ${text(bias)}`);
  }
  if (x.at(-1) !== K) {
    throw new Error(`${who}: expected x of shape ${text(["...", K])}, got ${text(x)}`);
  }
}
