import type { CallShape, Layout, Word } from "./call.ts";
import type { Engine } from "./engine.ts";

/** A training call that waits for its gradient. */
export interface Tape {
  engine: Engine;
  shape: CallShape;
  layout: Layout;
  at: Record<Word, number>;
  hasBias: boolean;
  /** Where the gradients lie, once `backward` has run. */
  gradients?: Partial<Record<GradientName, { address: number; floats: number }>>;
  release(): void;
}

/** Gradients that `backward` makes; h0 and c0 are those of the initial state. */
export type GradientName = "x" | "kernel" | "recurrentKernel" | "bias" | "h0" | "c0";

/** The tape of a call whose buffers lie in the region `kept`. */
export function createTape(
  engine: Engine,
  shape: CallShape,
  layout: Layout,
  kept: { address: number; at: Record<Word, number> },
  hasBias: boolean,
): Tape {
  let released = false;
  return {
    engine,
    shape,
    layout,
    at: kept.at,
    hasBias,
    release() {
      if (released) return;
      released = true;
      engine.heap.release(kept.address);
    },
  };
}
