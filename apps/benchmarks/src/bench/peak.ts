import { seededRandom } from "@rnnkit/core-rnn";
import { relaxedSimd, simd128 } from "../generated/peak-kernel.ts";

interface PeakExports {
  memory: WebAssembly.Memory;
  peak(count: number): void;
  addressOfA(): number;
  addressOfW(): number;
  addressOfSums(): number;
}

/** WebAssembly's vectors, without fused multiply-add and with it. */
export type Isa = "simd128" | "relaxed-simd";

/** A matrix kernel that never leaves the first-level cache: what one core can do at most. */
export interface PeakKernel {
  /** GFLOP/s of one core now, the best of a few bursts: a fifth of a millisecond in all. */
  measure(): number;
  /** A [2, 64], W [64, 16] and, after `count` runs, count times their product [2, 16]. */
  product(count: number): { a: Float32Array; w: Float32Array; sums: Float32Array };
  /** What it is made of, and how many tiles a burst has: for another thread to do the same. */
  readonly module: WebAssembly.Module;
  readonly tiles: number;
}

// One tile: 2 rows × 64 × 16 columns, a multiplication and an addition each.
const TILE_FLOPS = 2 * 64 * 16 * 2;
const TILES = 500;
const BURSTS = 5;

const decode = (base64: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(Buffer.from(base64, "base64"));

/** Whether this runtime takes relaxed SIMD (fused multiply-add): then the engine uses it. */
export function hasRelaxedSimd(): boolean {
  return WebAssembly.validate(decode(relaxedSimd));
}

/** Which instructions the engine's kernels have here: the peak of the same is what they are a fraction of. */
export const kernelIsa = (): Isa => (hasRelaxedSimd() ? "relaxed-simd" : "simd128");

/** The kernel for **isa**, by default what the engine's kernels have. */
export function createPeakKernel(isa: Isa = kernelIsa()): PeakKernel {
  const module = new WebAssembly.Module(decode(isa === "simd128" ? simd128 : relaxedSimd));
  const imports = { env: { abort() {} } };
  const kernel = new WebAssembly.Instance(module, imports).exports as unknown as PeakExports;
  const at = (address: number, size: number) =>
    new Float32Array(kernel.memory.buffer, address, size);
  const a = at(kernel.addressOfA(), 2 * 64);
  const w = at(kernel.addressOfW(), 64 * 16);
  const sums = at(kernel.addressOfSums(), 2 * 16);
  const random = seededRandom(1);
  for (const matrix of [a, w]) matrix.set(Float32Array.from(matrix, random.normal));

  // The baseline compiler's code is replaced by the optimising one's after some hundred calls.
  const warm = () => {
    for (let i = 0; i < 200; i++) kernel.peak(TILES);
  };
  warm();
  return {
    module,
    tiles: TILES,
    measure() {
      sums.fill(0);
      let best = Number.POSITIVE_INFINITY;
      for (let burst = 0; burst < BURSTS; burst++) {
        const startedAt = performance.now();
        kernel.peak(TILES);
        best = Math.min(best, performance.now() - startedAt);
      }
      return (TILES * TILE_FLOPS) / best / 1e6;
    },
    product(count) {
      sums.fill(0);
      kernel.peak(count);
      return { a, w, sums };
    },
  };
}
