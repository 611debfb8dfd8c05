// What the threads of an engine share beside its memory: the words of the pool's control array.

/** Raised by one for each call, and far below 0 when the pool closes: what workers sleep on. */
export const GENERATION = 0;
/** The next block that nobody has taken; NO_BLOCK between calls. */
export const NEXT = 1;
/** Blocks that are done, and whether one of them failed. */
export const DONE = 2;
export const FAILED = 3;
/** What the call is: which pass, blocks of each descriptor and of all, T, and the steps of a chunk of time. */
export const BACKWARD = 4;
export const EACH = 5;
export const BLOCKS = 6;
export const STEPS = 7;
export const TIME_CHUNK = 8;
/** Raised every few steps by whoever is at work. */
export const BEAT = 9;
/** Workers that have come up. */
export const STARTED = 10;
/** The descriptors follow. */
export const DESCRIPTORS = 11;
export const MOST_DESCRIPTORS = 2;
export const CONTROL_WORDS: number = DESCRIPTORS + MOST_DESCRIPTORS;

/** A block number that no call has. */
export const NO_BLOCK: number = 1 << 30;

/** What a worker is given when it starts. */
export interface WorkerData {
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  control: Int32Array;
}
