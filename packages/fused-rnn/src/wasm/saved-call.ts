import type { GradientName } from "../call.ts";
import type { WasmInstance } from "./instance.ts";
import type { Layout, WorkspaceShape } from "./layout.ts";
import type { TokenPlan } from "./token-plan.ts";

/** What a training call was. */
interface TrainingCall {
  instance: WasmInstance;
  shape: WorkspaceShape;
  layout: Layout;
  plan: TokenPlan;
  /** Of a lookup: the ids [B, T], and the number of rows of the table. */
  lookup: { ids: Int32Array; rows: number } | undefined;
  hasBias: boolean;
  /** Whether states were given: then they have gradients. */
  hasState: boolean;
}

/** Where floats lie in the engine's memory. */
export interface Floats {
  address: number;
  floats: number;
}

/** Gradients as the kernels make them: of x, of the sequence that was looked up, or of the distinct tokens' vectors. */
export type KernelGradientName = Exclude<GradientName, "table">;

/** A training call that waits for its gradient. */
export interface WasmSavedCall extends TrainingCall {
  /** Addresses: the descriptor, and the weights as Keras lays them out. */
  at: { descriptor: number; kernel: number; recurrent: number };
  /** Where the gradients lie, once `backward` has run. */
  gradients?: Partial<Record<KernelGradientName, Floats>>;
  /** Whether what it keeps is given back: then it has no gradient any more. */
  released: boolean;
  release(): void;
}

/** What is saved of a call; **release** gives back what it keeps, once. */
export function createSavedCall(
  call: TrainingCall,
  at: WasmSavedCall["at"],
  release: () => void,
): WasmSavedCall {
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
