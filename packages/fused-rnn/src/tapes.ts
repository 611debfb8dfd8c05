// Training calls keep megabytes in the engine's memory until their gradient is asked for, and tfjs
// tells nobody when it no longer can be. But what it records, it records in `activeTape`, a new array
// for each outermost gradient scope: a call belongs to the array of its time and dies with it.

import { engine as tfEngine } from "@tensorflow/tfjs-core";
import { getEngine } from "./engine.ts";
import type { Tape } from "./tape.ts";

const owners = new Map<Tape, object>();

/** Whether tfjs is recording operations for a gradient. */
export function isRecording(): boolean {
  return tfEngine().isTapeOn();
}

/** Keeps a training call for as long as the current gradient scope can ask for it. */
export function keepTape(tape: Tape): void {
  owners.set(tape, tfEngine().state.activeTape);
}

/** Gives back what belongs to gradient scopes that have ended. */
export function releaseDeadTapes(): void {
  const { activeTape } = tfEngine().state;
  for (const [tape, owner] of owners) {
    if (owner === activeTape) continue;
    owners.delete(tape);
    tape.release();
  }
}

/**
 * The engine's own memory: what `tf.memory()` does not see.
 *
 * - **used**: bytes in use. Training calls hold theirs until their gradient scope ends; between calls
 *   outside a gradient scope it is 0.
 * - **tapes**: training calls that still wait for their gradient.
 *
 * @example
 * engineMemory(); // => { used: 0, tapes: 0 }
 */
export function engineMemory(): { used: number; tapes: number } {
  releaseDeadTapes();
  return { used: getEngine().heap.used(), tapes: owners.size };
}
