import type { BackendName } from "./backend-name.ts";

/** What became of one backend. */
export interface BackendCandidate {
  readonly name: BackendName;
  /** *slower*: it works, and another that was measured too takes less time. */
  readonly outcome: "taken" | "slower" | "refused" | "not tried";
  /**
   * In words; of a refusal beginning with the kind: *not installed*, *broken install*, *native library missing*,
   * *native load error*, *failed to load*, *too old*, *not in this runtime*, *WebAssembly missing*, *no SIMD*,
   * *missing .wasm file*, *WebGPU missing*, *no GPU adapter*, *software adapter*, *failed to initialise*, *failed on
   * its first operation*, *wrong result*, *failed in the probe*, *excluded*.
   */
  readonly reason: string;
  /** Milliseconds a step of **measure**, median; of what was measured alone. */
  readonly ms?: number;
  /**
   * What was timed: *fused*, the step as the layers of fused-rnn take it here; *composed*, of tfjs operations, where
   * fused-rnn is not installed or has no engine for the backend; *own*, the caller's.
   */
  readonly probe?: "fused" | "composed" | "own";
}

/** What a candidate took. */
export interface Measured {
  readonly name: BackendName;
  /** Milliseconds a step, median. */
  readonly ms: number;
  readonly probe: NonNullable<BackendCandidate["probe"]>;
}
