import type { CallShape } from "../call.ts";
import { abandonInstance, getThreads, type WasmInstance } from "./instance.ts";
import type { Layout } from "./layout.ts";

/**
 * Below so many floating-point operations a call stays on one thread: waking another costs what it would
 * save. Measured by scripts/time-threads.mjs: on two cores a second thread breaks even at 2 million and
 * gains a fifth at 4.
 */
const THREAD_THRESHOLD = 4e6;

/** Multiply-adds of a forward pass, times two. */
function flops({ B, T, I, H }: CallShape, G: number): number {
  return 2 * B * T * (I + H) * G * H;
}

/**
 * Runs the blocks of one descriptor, or of two of one shape, on as many threads as their size is worth; a
 * failed engine is given up.
 */
export function runBlocks(
  engine: WasmInstance,
  backward: boolean,
  descriptors: readonly number[],
  shape: CallShape,
  layout: Layout,
): void {
  const total = flops(shape, layout.G) * descriptors.length * (backward ? 2 : 1);
  try {
    engine.pool.run(
      {
        backward,
        descriptors,
        blocks: layout.blocks,
        T: shape.T,
        timeChunk: layout.timeChunk,
        patience: 2000 + total / 1e7,
      },
      total < THREAD_THRESHOLD ? 1 : getThreads(),
    );
  } catch (error) {
    abandonInstance(engine);
    throw error;
  }
}
