// The forward pass of a recurrent layer's call on the engine, on plain Float32Arrays: what the tfjs
// kernels are made of.

import { type CallShape, type Layout, writeJob } from "./call.ts";
import { type Engine, getEngine } from "./engine.ts";
import type { Heap } from "./memory.ts";
import { type Plan, planOf, writePlan } from "./plan.ts";
import { put, view } from "./regions.ts";
import { runBlocks } from "./run-blocks.ts";
import { type SharedRows, sharedRows } from "./shared-rows.ts";
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
  /** [B, T], where **shared**: x is a lookup of them. */
  tokens?: ArrayLike<number> | undefined;
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

/** A call of the forward pass. */
export interface ForwardCall {
  shape: CallShape;
  data: ForwardArrays;
}

/** A call in the engine's memory: its plan, and the addresses of its two regions. */
interface Placed extends ForwardCall {
  plan: Plan;
  kept: number;
  passing: number;
}

/** Forward pass. Nothing is kept per step unless **training**. */
export function forward(shape: CallShape, data: ForwardArrays): ForwardResult {
  return forwardTogether([{ shape, data }])[0];
}

/** One call, or two that differ in data and direction only, their blocks shared out together. */
export function forwardTogether(calls: readonly ForwardCall[]): ForwardResult[] {
  const engine = getEngine();
  const placed: Placed[] = [];
  try {
    for (const call of calls) placed.push(place(engine, call));
    const jobs = placed.map(({ kept, plan }) => kept + plan.kept.offsets.job);
    runBlocks(engine, false, jobs, calls[0].shape, placed[0].plan.layout);
    return placed.map((call) => resultOf(engine, call));
  } catch (error) {
    for (const { kept, passing } of placed) {
      engine.heap.release(passing);
      engine.heap.release(kept);
    }
    throw error;
  }
}

/** Copies a call in, its weights packed. */
function place({ heap, kernels }: Engine, { shape, data }: ForwardCall): Placed {
  const plan = planOf(shape, data.bias !== undefined, data.initialState !== undefined);
  const kept = heap.allocate(plan.kept.bytes);
  let passing: number;
  try {
    passing = heap.allocate(plan.passing.bytes);
  } catch (error) {
    heap.release(kept);
    throw error;
  }
  const work = plan.kept.offsets;
  const call = plan.passing.offsets;
  const shared = data.tokens && sharedRows(data.tokens, { ...shape, ...plan.layout });
  if (shared) putOwnSteps(heap, passing + call.x, data.x, shape, shared);
  else put(heap, passing + call.x, data.x);
  put(heap, kept + work.kernel, data.kernel);
  put(heap, kept + work.recurrent, data.recurrentKernel);
  if (data.bias) put(heap, passing + call.bias, data.bias);
  if (data.initialState) {
    put(heap, passing + call.h0, data.initialState[0]);
    if (shape.cell === "lstm") put(heap, passing + call.c0, data.initialState[1]);
  }
  if (data.mask) heap.bytes().set(data.mask, kept + work.mask);
  if (shape.dropGates) putDropout(heap, shape, plan.layout, kept + work.drop, data);
  writePlan(heap, plan, shape, kept, passing);
  if (shape.shared) putSharing(heap, plan, kept, shared);
  kernels.packWeights(kept + work.job);
  return { shape, data, plan, kept, passing };
}

function resultOf(engine: Engine, { shape, data, plan, kept, passing }: Placed): ForwardResult {
  const { heap } = engine;
  const { B, T, H, cell, returnSequences } = shape;
  const work = plan.kept.offsets;
  const call = plan.passing.offsets;
  const state = [view(heap, passing + call.hT, B * H)];
  if (cell === "lstm") state.push(view(heap, passing + call.cT, B * H));
  const outputs = view(heap, passing + call.out, B * H * (returnSequences ? T : 1));
  const release = () => heap.release(passing);
  if (!shape.training) {
    const releaseAll = () => {
      release();
      heap.release(kept);
    };
    return { outputs, state, release: releaseAll };
  }
  const weights = { kernel: kept + work.kernel, recurrent: kept + work.recurrent };
  const at = { kept, job: kept + work.job, ...weights };
  const tape = createTape(engine, shape, plan.layout, at, data.bias !== undefined);
  return { outputs, state, tape, release };
}

/** x of the steps that rows are worked on themselves; the others are not read. */
function putOwnSteps(
  heap: Heap,
  address: number,
  x: Float32Array,
  { B, T, I, goBackwards }: CallShape,
  { firstSteps }: SharedRows,
): void {
  const floats = heap.floats();
  for (let b = 0; b < B; b++) {
    const first = goBackwards ? 0 : firstSteps[b];
    const from = (b * T + first) * I;
    floats.set(x.subarray(from, from + (T - firstSteps[b]) * I), address / 4 + from);
  }
}

/** Which rows stand for others; the plan has room for it, and its words say none where none do. */
function putSharing(
  heap: Heap,
  { kept: { offsets } }: Plan,
  kept: number,
  shared: SharedRows | undefined,
): void {
  if (!shared) {
    writeJob(heap.words(), kept + offsets.job, { order: 0, starts: 0 });
    return;
  }
  const words = heap.words();
  words.set(shared.order, (kept + offsets.order) / 4);
  words.set(shared.starts, (kept + offsets.starts) / 4);
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
