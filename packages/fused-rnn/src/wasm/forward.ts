// The forward pass of a recurrent layer's call on the engine, on plain Float32Arrays: what the tfjs
// kernels are made of.

import type { CallShape } from "../call.ts";
import type { Heap } from "./heap.ts";
import { getInstance, type WasmInstance } from "./instance.ts";
import { put, view } from "./regions.ts";
import { createSavedCall, type SavedCall } from "./saved-call.ts";
import { runBlocks } from "./schedule.ts";
import { type Lookup, lookupOf, placeLookup, putInputs } from "./token-plan.ts";
import type { Layout } from "./workspace.ts";
import { type Plan, planOf, writePlan } from "./workspace.ts";

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
  /** [B, T]: what x was made from, as the shape's **decidedBy** says. */
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
  saved?: SavedCall | undefined;
  /** Gives back what `outputs` and `state` lie in. */
  release(): void;
}

/** A call of the forward pass. */
export interface ForwardCall {
  shape: CallShape;
  data: ForwardArrays;
}

/** A call in the engine's memory: its plan, and the addresses of its regions. */
interface Placed extends ForwardCall {
  plan: Plan;
  lookup: Lookup;
  kept: number;
  passing: number;
  /** Of its lookup; 0 where it has none. */
  told: number;
}

/** Forward pass. Nothing is kept per step unless **training**. */
export function forward(shape: CallShape, data: ForwardArrays): ForwardResult {
  return forwardTogether([{ shape, data }])[0];
}

/** One call, or two that differ in data and direction only, their blocks shared out together. */
export function forwardTogether(calls: readonly ForwardCall[]): ForwardResult[] {
  const engine = getInstance();
  const placed: Placed[] = [];
  try {
    for (const call of calls) placed.push(place(engine, call));
    const descriptors = placed.map(({ kept, plan }) => kept + plan.kept.offsets.descriptor);
    runBlocks(engine, false, descriptors, calls[0].shape, placed[0].plan.layout);
    return placed.map((call) => resultOf(engine, call));
  } catch (error) {
    for (const call of placed) release(engine.heap, [call.passing, call.told, call.kept]);
    throw error;
  }
}

function release(heap: Heap, regions: readonly number[]): void {
  for (const address of regions) if (address !== 0) heap.release(address);
}

/** Copies a call in, its weights packed. */
function place({ heap, kernels }: WasmInstance, { shape: given, data }: ForwardCall): Placed {
  const lookup = lookupOf(given, data);
  const shape = { ...given, byToken: lookup.words !== undefined };
  const plan = planOf(shape, data.bias !== undefined, data.initialState !== undefined);
  const kept = heap.allocate(plan.kept.bytes);
  let passing = 0;
  let told = 0;
  try {
    passing = heap.allocate(plan.passing.bytes);
    writePlan(heap, plan, shape, kept, passing);
    const descriptor = kept + plan.kept.offsets.descriptor;
    told = placeLookup(heap, descriptor, data.x, shape, plan.layout, lookup);
  } catch (error) {
    release(heap, [passing, kept]);
    throw error;
  }
  const work = plan.kept.offsets;
  const call = plan.passing.offsets;
  if (!lookup.words) putInputs(heap, passing + call.x, data.x, shape, lookup.shared);
  put(heap, kept + work.kernel, data.kernel);
  put(heap, kept + work.recurrent, data.recurrentKernel);
  if (data.bias) put(heap, passing + call.bias, data.bias);
  if (data.initialState) {
    put(heap, passing + call.h0, data.initialState[0]);
    if (shape.cell === "lstm") put(heap, passing + call.c0, data.initialState[1]);
  }
  if (data.mask) heap.u8().set(data.mask, kept + work.mask);
  if (shape.dropoutVariants) putDropout(heap, shape, plan.layout, kept + work.dropout, data);
  kernels.packWeights(kept + work.descriptor);
  return { shape, data, plan, lookup, kept, passing, told };
}

function resultOf(engine: WasmInstance, placed: Placed): ForwardResult {
  const { heap } = engine;
  const { shape, data, plan, lookup, kept, passing, told } = placed;
  const { B, T, H, cell, returnSequences } = shape;
  const work = plan.kept.offsets;
  const call = plan.passing.offsets;
  const state = [view(heap, passing + call.hT, B * H)];
  if (cell === "lstm") state.push(view(heap, passing + call.cT, B * H));
  const outputs = view(heap, passing + call.out, B * H * (returnSequences ? T : 1));
  if (!shape.training) {
    return { outputs, state, release: () => release(heap, [passing, told, kept]) };
  }
  const hasBias = data.bias !== undefined;
  const hasState = data.initialState !== undefined;
  const weights = { kernel: kept + work.kernel, recurrent: kept + work.recurrent };
  const saved = createSavedCall(
    {
      ...{ engine, shape, layout: plan.layout, words: lookup.words, hasBias, hasState },
      merged: lookup.shared !== undefined || lookup.words !== undefined,
    },
    { descriptor: kept + work.descriptor, ...weights },
    () => release(heap, [told, kept]),
  );
  return { outputs, state, saved, release: () => release(heap, [passing]) };
}

/** Rows [input factors | recurrent factors] as wide as xh, ones where there is no mask. */
function putDropout(
  heap: Heap,
  { B, I, H, dropoutVariants }: CallShape,
  layout: Layout,
  address: number,
  data: ForwardArrays,
): void {
  const row = layout.xhRow / 4;
  const floats = heap.f32();
  const { inputDropoutMask: input, recurrentDropoutMask: recurrent } = data;
  for (let g = 0; g < dropoutVariants; g++) {
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
