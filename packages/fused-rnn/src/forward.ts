// The forward pass of a recurrent layer's call on the engine, on plain Float32Arrays: what the tfjs
// kernels are made of.

import {
  type CallShape,
  JOB_BYTES,
  type Layout,
  layoutOf,
  shapeWords,
  workBytes,
  writeJob,
} from "./call.ts";
import { getEngine } from "./engine.ts";
import type { Heap } from "./memory.ts";
import { put, reserve, view } from "./regions.ts";
import { runBlocks } from "./run-blocks.ts";
import { createTape, type Tape } from "./tape.ts";

/** Data of a forward call; shapes as in `CallShape`. */
export interface ForwardArrays {
  /** [B, T, I]. */
  x: Float32Array;
  /** [I, G·H]. */
  kernel: Float32Array;
  /** [H, G·H]. */
  recurrentKernel: Float32Array;
  /** [G·H] or [2, 3H]; absent: zero. */
  bias?: Float32Array | undefined;
  /** [B, H] each: h, and c for LSTM; absent: zero. */
  initialState?: readonly Float32Array[] | undefined;
  /** [B, T], zero where the step is masked. */
  mask?: Uint8Array | undefined;
  /** [B, I] or [G, B, I]. */
  inputDropoutMask?: Float32Array | undefined;
  /** [B, H] or [G, B, H]. */
  recurrentDropoutMask?: Float32Array | undefined;
}

/** Results lie in the engine's memory: copy them before the next call. */
export interface ForwardResult {
  outputs: Float32Array;
  /** h, and c for LSTM, [B, H] each. */
  state: Float32Array[];
  /** What `backward` needs, in training; release it. */
  tape?: Tape | undefined;
  /** Gives back what `outputs` and `state` lie in. */
  release(): void;
}

/** Forward pass. Nothing is kept per step unless **training**. */
export function forward(shape: CallShape, data: ForwardArrays): ForwardResult {
  const engine = getEngine();
  const { heap, kernels } = engine;
  const layout = layoutOf(shape);
  const { B, T, I, H, training } = shape;
  const { Hp, G } = layout;
  const lstm = shape.cell === "lstm";
  const state = B * H * 4;
  const work = {
    job: JOB_BYTES,
    ...workBytes(shape, layout),
    kernel: I * G * H * 4,
    recurrent: H * G * H * 4,
  };
  const call = {
    x: B * T * I * 4,
    h0: data.initialState ? state : 0,
    c0: data.initialState && lstm ? state : 0,
    out: (shape.returnSequences ? T : 1) * state,
    hT: state,
    cT: lstm ? state : 0,
    weights: Hp * (I + H) * G * 4,
    biases: Hp * 4 * 4,
    bias: data.bias ? layout.bias * 4 : 0,
  };
  const kept = reserve(heap, work);
  let passing: ReturnType<typeof reserve>;
  try {
    passing = reserve(heap, call);
  } catch (error) {
    heap.release(kept.address);
    throw error;
  }
  const at = { ...kept.at, ...passing.at };
  const release = () => heap.release(passing.address);
  try {
    put(heap, at.x, data.x);
    put(heap, at.kernel, data.kernel);
    put(heap, at.recurrent, data.recurrentKernel);
    if (data.bias) put(heap, at.bias, data.bias);
    if (data.initialState?.[0]) put(heap, at.h0, data.initialState[0]);
    if (data.initialState?.[1]) put(heap, at.c0, data.initialState[1]);
    if (data.mask) heap.bytes().set(data.mask, at.mask);
    if (shape.dropGates) putDropout(heap, shape, layout, at.drop ?? 0, data);
    heap.words().fill(0, (at.job ?? 0) / 4, ((at.job ?? 0) + JOB_BYTES) / 4);
    heap.words().fill(0, (at.lanes ?? 0) / 4, (at.lanes ?? 0) / 4 + Hp);
    heap.words().fill(-1, (at.lanes ?? 0) / 4, (at.lanes ?? 0) / 4 + H);
    const { job: _, ...addresses } = at;
    const raw = shape.dropGates
      ? { raw: at.raw ?? 0, rawRow: Hp * 4 }
      : { raw: (at.xh ?? 0) + I * 4, rawRow: layout.xhRow };
    const job = at.job ?? 0;
    writeJob(heap.words(), job, { ...shapeWords(shape, layout), ...addresses, ...raw });
    kernels.packWeights(job);
    runBlocks(engine, false, job, shape, layout);
    const outputs = view(heap, at.out, call.out / 4);
    const states = [view(heap, at.hT, B * H), ...(lstm ? [view(heap, at.cT, B * H)] : [])];
    if (!training) {
      return {
        outputs,
        state: states,
        release: () => {
          heap.release(passing.address);
          heap.release(kept.address);
        },
      };
    }
    const tape = createTape(engine, shape, layout, kept, data.bias !== undefined);
    return { outputs, state: states, tape, release };
  } catch (error) {
    release();
    heap.release(kept.address);
    throw error;
  }
}

/** Rows [input factors | recurrent factors] as wide as xh, ones where there is no mask. */
function putDropout(
  heap: Heap,
  { B, I, H, dropGates }: CallShape,
  layout: Layout,
  address: number,
  data: ForwardArrays,
): void {
  const row = layout.xhRow / 4;
  const floats = heap.floats();
  const { inputDropoutMask: input, recurrentDropoutMask: recurrent } = data;
  for (let g = 0; g < dropGates; g++) {
    for (let b = 0; b < B; b++) {
      const to = address / 4 + (g * B + b) * row;
      floats.fill(0, to, to + row);
      fillFactors(floats, to, input, I, g, b, B);
      fillFactors(floats, to + I, recurrent, H, g, b, B);
    }
  }
}

function fillFactors(
  floats: Float32Array,
  to: number,
  mask: Float32Array | undefined,
  width: number,
  g: number,
  b: number,
  B: number,
): void {
  if (!mask) {
    floats.fill(1, to, to + width);
    return;
  }
  const gate = mask.length === B * width ? 0 : g;
  const from = (gate * B + b) * width;
  floats.set(mask.subarray(from, from + width), to);
}
