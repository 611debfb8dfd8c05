import type { CallShape } from "../call.ts";
import { abandonInstance, getThreads, type WasmInstance } from "./instance.ts";
import { flops, type Layout, THREAD_THRESHOLD } from "./layout.ts";

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
  const total = flops(shape) * descriptors.length * (backward ? 2 : 1);
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
