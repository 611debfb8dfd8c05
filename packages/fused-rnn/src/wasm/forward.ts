// The forward pass of a recurrent layer's call on the engine, on plain Float32Arrays: what the tfjs
// kernels are made of.

import type { CallShape } from "../call.ts";
import type { ForwardArrays, ForwardCall, ForwardShape } from "./arrays.ts";
import { cellLayouts } from "./cell-layouts.ts";
import type { Heap } from "./heap.ts";
import { getInstance, type WasmInstance } from "./instance.ts";
import type { Layout, WorkspaceShape } from "./layout.ts";
import { keepPacked, packedWeights, type WeightIdentity } from "./packed-weights.ts";
import type { WasmSavedCall } from "./saved-call.ts";
import { runBlocks } from "./schedule.ts";
import { placeTokens, putSequence, type TokenPlan, tokenPlanOf } from "./token-plan.ts";
import { type Plan, planOf, writePlan } from "./workspace.ts";

/** Results lie in the engine's memory: copy them before the next call. */
export interface ForwardResult {
  outputs: Float32Array;
  /** h, and c for LSTM, [B, H] each. */
  state: Float32Array[];
  /** What `backward` needs, in training; release it. */
  saved?: WasmSavedCall | undefined;
  /** Gives back what `outputs` and `state` lie in. */
  release(): void;
}

/** A call in the engine's memory: its plan, and the addresses of its regions. */
interface PlacedCall {
  shape: WorkspaceShape;
  data: ForwardArrays;
  plan: Plan;
  tokenPlan: TokenPlan;
  /** It begins with the descriptor. */
  workspace: number;
  scratch: number;
  /** Of what its ids come to; 0 where there is nothing. */
  tokenRegion: number;
}

/** Forward pass. Nothing is kept per step unless **training**. */
export function forward(shape: ForwardShape, data: ForwardArrays): ForwardResult {
  return forwardTogether([{ shape, data }])[0];
}

/** One call, or two that differ in data and direction only, their blocks shared out together. */
export function forwardTogether(calls: readonly ForwardCall[]): ForwardResult[] {
  const instance = getInstance();
  const placed: PlacedCall[] = [];
  try {
    for (const call of calls) placed.push(place(instance, call));
    const descriptors = placed.map(({ workspace }) => workspace);
    runBlocks(instance, false, descriptors, calls[0].shape, placed[0].plan.layout);
    return placed.map((call) => resultOf(instance, call));
  } catch (error) {
    for (const { scratch, tokenRegion, workspace } of placed) {
      release(instance.heap, [scratch, tokenRegion, workspace]);
    }
    throw error;
  }
}

function release(heap: Heap, regions: readonly number[]): void {
  for (const address of regions) if (address !== 0) heap.release(address);
}

/** Copies a call in, its weights packed. */
function place(instance: WasmInstance, { shape: given, data, identity }: ForwardCall): PlacedCall {
  const { heap } = instance;
  const tokenPlan = tokenPlanOf(given, data);
  const shape = { ...given, byToken: tokenPlan.tokens !== undefined };
  const plan = planOf(shape, data.bias !== undefined, data.initialState !== undefined);
  const workspace = heap.allocate(plan.workspace.bytes);
  let scratch = 0;
  let tokenRegion = 0;
  try {
    scratch = heap.allocate(plan.scratch.bytes);
    writePlan(heap, plan, shape, workspace, scratch);
    tokenRegion = placeTokens(heap, workspace, data.lookup, shape, plan.layout, tokenPlan);
  } catch (error) {
    release(heap, [scratch, workspace]);
    throw error;
  }
  const placed = { shape, data, plan, tokenPlan, workspace, scratch, tokenRegion };
  const { prefix, tokens } = tokenPlan;
  if (!tokens) putSequence(heap, addressOf(placed, "x"), data, shape, prefix);
  const put = (name: BufferName, values: Float32Array) =>
    heap.f32().set(values, addressOf(placed, name) / 4);
  if (data.initialState) {
    put("h0", data.initialState[0]);
    if (data.initialState.length > 1) put("c0", data.initialState[1]);
  }
  if (data.mask) heap.u8().set(data.mask, addressOf(placed, "mask"));
  if (shape.dropoutVariants) {
    putDropout(heap, shape, plan.layout, addressOf(placed, "dropout"), data);
  }
  placeWeights(instance, placed, given.training ? undefined : identity);
  return placed;
}

/** Packs a call's weights, or copies in what was packed of them before. */
function placeWeights(
  { heap, kernels }: WasmInstance,
  placed: PlacedCall,
  identity: WeightIdentity | undefined,
): void {
  const { shape, data, plan, workspace } = placed;
  const at = (name: BufferName) => addressOf(placed, name) / 4;
  const floats = heap.f32();
  const known = identity && packedWeights(shape.cell, identity);
  if (known) {
    floats.set(known.weights, at("weights"));
    floats.set(known.biases, at("biases"));
    return;
  }
  floats.set(data.kernel, at("kernel"));
  floats.set(data.recurrentKernel, at("recurrent"));
  if (data.bias) floats.set(data.bias, at("bias"));
  kernels.packWeights(workspace);
  if (!identity) return;
  const { Hp, G } = plan.layout;
  const copy = (name: BufferName, n: number) => floats.slice(at(name), at(name) + n);
  const weights = copy("weights", Hp * (shape.I + shape.H) * G);
  keepPacked(shape.cell, identity, { weights, biases: copy("biases", Hp * 4) });
}

type BufferName = keyof Plan["workspace"]["offsets"];

/** Where a buffer of a call's own lies. */
function addressOf({ plan, workspace, scratch }: PlacedCall, name: BufferName): number {
  const offset = plan.workspace.offsets[name];
  if (offset !== undefined) return workspace + offset;
  return scratch + (plan.scratch.offsets[name] as number);
}

function resultOf(instance: WasmInstance, placed: PlacedCall): ForwardResult {
  const { heap } = instance;
  const { shape, data, plan, tokenPlan, workspace, scratch, tokenRegion } = placed;
  const { B, T, I, H, returnSequences } = shape;
  const view = (name: BufferName, floats: number) => {
    const at = addressOf(placed, name) / 4;
    return heap.f32().subarray(at, at + floats);
  };
  const state = [view("hT", B * H)];
  if (cellLayouts[shape.cell].carriesCell) state.push(view("cT", B * H));
  const outputs = view("out", B * H * (returnSequences ? T : 1));
  if (!shape.training) {
    return { outputs, state, release: () => release(heap, [scratch, tokenRegion, workspace]) };
  }
  const { lookup } = data;
  const saved: WasmSavedCall = {
    instance,
    shape,
    layout: plan.layout,
    plan: tokenPlan,
    // The distinct tokens have their ids; else those given may be a view of memory that moves.
    lookup: lookup && {
      ids: tokenPlan.tokens ? tokenPlan.tokens.ids : lookup.ids.slice(),
      rows: lookup.table.length / I,
    },
    hasBias: data.bias !== undefined,
    hasState: data.initialState !== undefined,
    at: {
      descriptor: workspace,
      kernel: addressOf(placed, "kernel"),
      recurrent: addressOf(placed, "recurrent"),
    },
    regions: tokenRegion === 0 ? [workspace] : [tokenRegion, workspace],
  };
  return { outputs, state, saved, release: () => release(heap, [scratch]) };
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
