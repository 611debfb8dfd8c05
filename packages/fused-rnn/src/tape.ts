import type { CallShape, Layout } from "./call.ts";
import type { Engine } from "./engine.ts";

/** A training call that waits for its gradient. */
export interface Tape {
  engine: Engine;
  shape: CallShape;
  layout: Layout;
  /** Addresses: the region, the job in it, and the weights as Keras lays them out. */
  at: { kept: number; job: number; kernel: number; recurrent: number };
  hasBias: boolean;
  /** Where the gradients lie, once `backward` has run. */
  gradients?: Partial<Record<GradientName, { address: number; floats: number }>>;
  release(): void;
}

/** Gradients that `backward` makes; h0 and c0 are those of the initial state. */
export type GradientName = "x" | "kernel" | "recurrentKernel" | "bias" | "h0" | "c0";

/** The tape of a call. */
export function createTape(
  engine: Engine,
  shape: CallShape,
  layout: Layout,
  at: Tape["at"],
  hasBias: boolean,
): Tape {
  let released = false;
  return {
    engine,
    shape,
    layout,
    at,
    hasBias,
    release() {
      if (released) return;
      released = true;
      engine.heap.release(at.kept);
    },
  };
}
