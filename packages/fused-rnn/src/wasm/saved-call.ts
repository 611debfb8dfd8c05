import type { CallShape } from "../call.ts";
import type { DistinctTokens } from "./distinct-tokens.ts";
import type { WasmInstance } from "./instance.ts";
import type { Layout } from "./workspace.ts";

/** What a training call was. */
interface TrainingCall {
  engine: WasmInstance;
  shape: CallShape;
  layout: Layout;
  /** Where the kernel was multiplied by words: then the gradient of x is that of the words. */
  words: DistinctTokens | undefined;
  /** Whether some steps have the gradients of others too. */
  merged: boolean;
  hasBias: boolean;
  /** Whether states were given: then they have gradients. */
  hasState: boolean;
}

/** A training call that waits for its gradient. */
export interface SavedCall extends TrainingCall {
  /** Addresses: the descriptor, and the weights as Keras lays them out. */
  at: { descriptor: number; kernel: number; recurrent: number };
  /** Where the gradients lie, once `backward` has run. */
  gradients?: Partial<Record<GradientName, { address: number; floats: number }>>;
  /** Whether what it keeps is given back: then it has no gradient any more. */
  released: boolean;
  release(): void;
}

/** Gradients that `backward` makes; h0 and c0 are those of the initial state. */
export type GradientName = "x" | "kernel" | "recurrentKernel" | "bias" | "h0" | "c0";

/** The saved of a call; **release** gives back what it keeps, once. */
export function createSavedCall(
  call: TrainingCall,
  at: SavedCall["at"],
  release: () => void,
): SavedCall {
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
