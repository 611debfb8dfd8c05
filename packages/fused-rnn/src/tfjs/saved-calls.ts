// Training calls keep megabytes in the engine's memory until their gradient is asked for, and tfjs
// tells nobody when it no longer can be. But what it records, it records in `activeTape`, a new array
// for each outermost gradient scope, and what it asks for, it asks for in a scope named "backward".

import { engine as tfEngine } from "@tensorflow/tfjs-core";
import { getInstance } from "../wasm/instance.ts";
import type { SavedCall } from "../wasm/saved-call.ts";

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
export function keepSavedCall(saved: SavedCall): void {
  const { activeTape, nextScopeId } = tfEngine().state;
  owners.set(saved, { record: activeTape, nextScope: nextScopeId });
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
  for (const [saved, owner] of owners) {
    if (isAlive(owner)) continue;
    owners.delete(saved);
    saved.release();
  }
}

/**
 * The engine's own memory: what `tf.memory()` does not see.
 *
 * - **used**: bytes in use. Training calls hold theirs until their gradient scope ends; between calls
 *   outside a gradient scope it is 0, also where the scope ended by a throw.
 * - **pending**: training calls that still wait for their gradient.
 *
 * @example
 * engineMemory(); // => { used: 0, pending: 0 }
 */
export function engineMemory(): { used: number; pending: number } {
  releaseDeadCalls();
  return { used: getInstance().heap.used(), pending: owners.size };
}
