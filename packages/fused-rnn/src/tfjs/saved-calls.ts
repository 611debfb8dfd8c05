// Training calls keep megabytes in an engine's memory until their gradient is asked for, and tfjs
// tells nobody when it no longer can be. But what it records, it records in `activeTape`, a new array
// for each outermost gradient scope, and what it asks for, it asks for in a scope named "backward".

import { engine as tfEngine } from "@tensorflow/tfjs-core";
import type { CallShape } from "../call.ts";
import type { GradientOf, KernelEngine } from "../engine.ts";

/** A training call that waits for its gradient. */
export interface SavedCall {
  readonly engine: KernelEngine;
  readonly shape: CallShape;
  /** What the engine keeps of each direction. */
  readonly saved: readonly object[];
  /** How many gradient scopes it was recorded in. */
  readonly depth: number;
  /** Whether x's gradient is right in the sum over rows that begin alike only. */
  readonly mergesRows: boolean;
  /** Of each direction, once the backward pass has run. */
  gradients?: GradientOf[] | undefined;
  /** Whether what is kept is given back: then there is no gradient any more. */
  released: boolean;
}

/** The gradient scope of a training call. */
interface Owner {
  /** Where tfjs recorded the call. */
  record: object;
  /** Scopes that tfjs opened later have this number or a higher one. */
  nextScope: number;
}

const owners = new Map<SavedCall, Owner>();

/** Whether tfjs is recording operations for a gradient. */
export function isRecording(): boolean {
  return tfEngine().isTapeOn();
}

/** Keeps a training call for as long as the current gradient scope can ask for it. */
export function keepCall(call: SavedCall): void {
  const { activeTape, nextScopeId } = tfEngine().state;
  owners.set(call, { record: activeTape, nextScope: nextScopeId });
}

/**
 * Whether a gradient can still be asked for: while the forward pass is recorded, and in the backward pass.
 * Between the two tfjs calls nobody, and where either throws, tfjs leaves `activeTape` as it is.
 */
function isAlive({ record, nextScope }: Owner): boolean {
  const { activeTape, gradientDepth, scopeStack } = tfEngine().state;
  if (record !== activeTape) return false;
  return (
    gradientDepth > 0 || scopeStack.some(({ name, id }) => name === "backward" && id >= nextScope)
  );
}

/** Gives back what belongs to gradient scopes that have ended. */
export function releaseDeadCalls(): void {
  for (const [call, owner] of owners) {
    if (isAlive(owner)) continue;
    owners.delete(call);
    call.released = true;
    for (const saved of call.saved) call.engine.release(saved);
  }
}

/** Training calls, each direction for itself, that still wait for their gradient. */
export function pendingCalls(): number {
  let pending = 0;
  for (const { saved } of owners.keys()) pending += saved.length;
  return pending;
}
