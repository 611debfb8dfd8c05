// What a stage keeps in the engine's memory from its forward pass until it is released.

import type { Heap } from "../wasm/heap.ts";
import { type Flow, type FlowNotes, flowAt, sizeOf } from "./flow.ts";
import type { StageRun } from "./stage.ts";

/** Regions of one stage. */
export interface StageMemory {
  /** The address of so many floats. */
  reserve(floats: number): number;
  /** Numbers of a shape, not yet set. */
  make(shape: readonly number[], notes?: FlowNotes): Flow;
  /** Where numbers lie, copied in where they are not there. */
  addressOf(flow: Flow): number;
}

/** Runs a stage that keeps what it reserves until it is released; where it throws, nothing is kept. */
export function keeping(
  heap: Heap,
  run: (memory: StageMemory) => Omit<StageRun, "release">,
): StageRun {
  const regions: number[] = [];
  const release = () => {
    for (const region of regions.splice(0)) heap.release(region);
  };
  const reserve = (floats: number) => {
    const address = heap.allocate(floats * 4);
    regions.push(address);
    return address;
  };
  const memory: StageMemory = {
    reserve,
    make: (shape, notes) => flowAt(heap, reserve(sizeOf(shape)), shape, notes),
    addressOf(flow) {
      if (flow.address !== undefined) return flow.address;
      const address = reserve(sizeOf(flow.shape));
      heap.f32().set(flow.read(), address / 4);
      return address;
    },
  };
  try {
    return { ...run(memory), release };
  } catch (error) {
    release();
    throw error;
  }
}
