// A recurrent layer's call on the engine, on plain Float32Arrays: what the tfjs kernels are made of.

import {
  type CallShape,
  JOB_BYTES,
  type Layout,
  layoutOf,
  NEED_DX,
  shapeWords,
  type Word,
  workBytes,
  writeJob,
} from "./call.ts";
import { abandonEngine, type Engine, getEngine, getThreads } from "./engine.ts";
import type { Heap } from "./memory.ts";

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

/** A training call that waits for its gradient. */
export interface Tape {
  engine: Engine;
  shape: CallShape;
  layout: Layout;
  at: Record<Word, number>;
  hasBias: boolean;
  /** Where the gradients lie, once `backward` has run. */
  gradients?: Partial<Record<GradientName, { address: number; floats: number }>>;
  release(): void;
}

/** Gradients that `backward` makes; h0 and c0 are those of the initial state. */
export type GradientName = "x" | "kernel" | "recurrentKernel" | "bias" | "h0" | "c0";

/** Below so many floating-point operations a call stays on one thread: waking one costs 60 µs. */
const THREAD_THRESHOLD = 1.5e7;

/** One region for several buffers, each on a cache line of its own. */
function reserve(
  heap: Heap,
  sizes: Readonly<Record<Word, number>>,
): { address: number; at: Record<Word, number> } {
  const at: Record<Word, number> = {};
  let total = 0;
  for (const [name, bytes] of Object.entries(sizes)) {
    at[name] = total;
    total += Math.ceil(bytes / 64) * 64;
  }
  const address = heap.allocate(total);
  for (const name of Object.keys(at)) at[name] = (at[name] ?? 0) + address;
  for (const [name, bytes] of Object.entries(sizes)) if (bytes === 0) at[name] = 0;
  return { address, at };
}

function view(heap: Heap, address: number | undefined, floats: number): Float32Array {
  const start = (address ?? 0) / 4;
  return heap.floats().subarray(start, start + floats);
}

function put(heap: Heap, address: number | undefined, data: Float32Array): void {
  heap.floats().set(data, (address ?? 0) / 4);
}

/** Multiply-adds of a forward pass, times two. */
function flops({ B, T, I, H }: CallShape, G: number): number {
  return 2 * B * T * (I + H) * G * H;
}

function runBlocks(
  engine: Engine,
  backward: boolean,
  job: number,
  shape: CallShape,
  layout: Layout,
): void {
  const total = flops(shape, layout.G) * (backward ? 2 : 1);
  try {
    engine.pool.run(
      {
        backward,
        job,
        blocks: layout.blocks,
        T: shape.T,
        tile: layout.tile,
        patience: 2000 + total / 1e7,
      },
      total < THREAD_THRESHOLD ? 1 : getThreads(),
    );
  } catch (error) {
    abandonEngine(engine);
    throw error;
  }
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

function createTape(
  engine: Engine,
  shape: CallShape,
  layout: Layout,
  kept: { address: number; at: Record<Word, number> },
  hasBias: boolean,
): Tape {
  let released = false;
  return {
    engine,
    shape,
    layout,
    at: kept.at,
    hasBias,
    release() {
      if (released) return;
      released = true;
      engine.heap.release(kept.address);
    },
  };
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

/** What comes back to `backward`; absent is zero. */
export interface Cotangents {
  outputs?: Float32Array | undefined;
  h?: Float32Array | undefined;
  c?: Float32Array | undefined;
}

/** A gradient of the last `backward`; it lies in the engine's memory: copy it before the next call. */
export function gradientOf(tape: Tape, name: GradientName): Float32Array {
  const lies = tape.gradients?.[name];
  if (!lies) throw new Error(`fused-rnn: expected a backward pass that gives d${name}, got none`);
  return view(tape.engine.heap, lies.address, lies.floats);
}

/**
 * Backward pass of a training call; read what it made with `gradientOf`. `needDx` false saves a third
 * of the matrix work.
 */
export function backward(tape: Tape, cotangents: Cotangents, needDx: boolean): void {
  const { engine, shape, layout } = tape;
  const { heap, kernels } = engine;
  const { B, T, I, H } = shape;
  const { Hp, G, blocks } = layout;
  const lstm = shape.cell === "lstm";
  const state = B * H * 4;
  const columns = layout.dwRow / 4;
  const ic = needDx ? I : 0;
  const work = reserve(heap, {
    dOut: cotangents.outputs ? (shape.returnSequences ? T : 1) * state : 0,
    dhT: cotangents.h ? state : 0,
    dcT: cotangents.c ? state : 0,
    dz: B * layout.tile * layout.dzRow,
    dxh: B * layout.dxhRow,
    ...{ dc: B * Hp * 4, direct: B * Hp * 4, carry: B * Hp * 4 },
    dw: blocks * (I + H + 1) * layout.dwRow,
    transposed: (ic + 3 + (H + 3) * 2) * columns * 4,
  });
  const release = tape.release;
  let results: ReturnType<typeof reserve>;
  try {
    results = reserve(heap, {
      dx: ic * B * T * 4,
      dh0: state,
      dc0: lstm ? state : 0,
      kernel: I * G * H * 4,
      recurrent: H * G * H * 4,
      bias: tape.hasBias ? layout.bias * 4 : 0,
    });
  } catch (error) {
    heap.release(work.address);
    throw error;
  }
  tape.release = () => {
    heap.release(results.address);
    release();
  };
  try {
    const at = { ...work.at, ...results.at };
    if (cotangents.outputs) put(heap, at.dOut, cotangents.outputs);
    if (cotangents.h) put(heap, at.dhT, cotangents.h);
    if (cotangents.c) put(heap, at.dcT, cotangents.c);
    const job = tape.at.job ?? 0;
    const flags = (shapeWords(shape, layout).flags ?? 0) | (needDx ? NEED_DX : 0);
    const { kernel, recurrent, bias, ...addresses } = at;
    const weights = { kernel: tape.at.kernel ?? 0, recurrent: tape.at.recurrent ?? 0 };
    writeJob(heap.words(), job, { ...addresses, flags, ...weights });
    kernels.packTransposed(job);
    runBlocks(engine, true, job, shape, layout);
    writeJob(heap.words(), job, {
      kernel: kernel ?? 0,
      recurrent: recurrent ?? 0,
      bias: bias ?? 0,
    });
    kernels.unpackGradients(job, blocks);
    const lies = (address: number | undefined, floats: number) => ({
      address: address ?? 0,
      floats,
    });
    tape.gradients = {
      kernel: lies(kernel, I * G * H),
      recurrentKernel: lies(recurrent, H * G * H),
      h0: lies(at.dh0, B * H),
      ...(needDx && { x: lies(at.dx, B * T * I) }),
      ...(tape.hasBias && { bias: lies(bias, layout.bias) }),
      ...(lstm && { c0: lies(at.dc0, B * H) }),
    };
  } finally {
    heap.release(work.address);
  }
}
