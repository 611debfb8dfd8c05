import { pendingCalls, releaseDeadCalls } from "./tfjs/saved-calls.ts";
import { getInstance } from "./wasm/instance.ts";

/**
 * The engine's own memory: what `tf.memory()` does not see. What belongs to gradient scopes that have ended is given
 * back first, as the next call would.
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
  return { used: getInstance().heap.used(), pending: pendingCalls() };
}
