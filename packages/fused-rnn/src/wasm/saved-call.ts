import type { GradientName } from "../call.ts";
import type { WasmInstance } from "./instance.ts";
import type { Layout, WorkspaceShape } from "./layout.ts";
import type { TokenPlan } from "./token-plan.ts";

/** Where floats lie in the engine's memory. */
export interface Floats {
  address: number;
  floats: number;
}

/** Gradients as the kernels make them: of x, of the sequence that was looked up, or of the distinct tokens' vectors. */
export type KernelGradientName = Exclude<GradientName, "table">;

/** A training call that waits for its gradient. */
export interface WasmSavedCall {
  readonly instance: WasmInstance;
  readonly shape: WorkspaceShape;
  readonly layout: Layout;
  readonly plan: TokenPlan;
  /** Of a lookup: the ids [B, T], or those of the distinct tokens, and the number of rows of the table. */
  readonly lookup: { ids: Int32Array; rows: number } | undefined;
  readonly hasBias: boolean;
  /** Whether states were given: then they have gradients. */
  readonly hasState: boolean;
  /** Addresses: the descriptor, and the weights as Keras lays them out. */
  readonly at: { descriptor: number; kernel: number; recurrent: number };
  /** Regions of the engine's memory that are kept until it is released: the call's, then those of its gradients. */
  readonly regions: number[];
  /** Where the gradients lie, once `backward` has run. */
  gradients?: Partial<Record<KernelGradientName, Floats>>;
}

/** Gives back what a call keeps; then it has no gradient any more. Again does no harm. */
export function releaseSavedCall({ instance, regions }: WasmSavedCall): void {
  for (const address of regions.splice(0)) instance.heap.release(address);
}
