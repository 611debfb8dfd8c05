import type { CallShape, Layout } from "./call.ts";
import type { Engine } from "./engine.ts";
import type { LookedUpWords } from "./looked-up-words.ts";

/** What a training call was. */
interface TrainingCall {
  engine: Engine;
  shape: CallShape;
  layout: Layout;
  /** Where the kernel was multiplied by words: then the gradient of x is that of the words. */
  words: LookedUpWords | undefined;
  /** Whether some steps have the gradients of others too. */
  joined: boolean;
  hasBias: boolean;
  /** Whether states were given: then they have gradients. */
  hasState: boolean;
}

/** A training call that waits for its gradient. */
export interface Tape extends TrainingCall {
  /** Addresses: the job, and the weights as Keras lays them out. */
  at: { job: number; kernel: number; recurrent: number };
  /** Where the gradients lie, once `backward` has run. */
  gradients?: Partial<Record<GradientName, { address: number; floats: number }>>;
  /** Whether what it keeps is given back: then it has no gradient any more. */
  released: boolean;
  release(): void;
}

/** Gradients that `backward` makes; h0 and c0 are those of the initial state. */
export type GradientName = "x" | "kernel" | "recurrentKernel" | "bias" | "h0" | "c0";

/** The tape of a call; **release** gives back what it keeps, once. */
export function createTape(call: TrainingCall, at: Tape["at"], release: () => void): Tape {
  return {
    ...call,
    at,
    released: false,
    release() {
      if (this.released) return;
      this.released = true;
      release();
    },
  };
}
