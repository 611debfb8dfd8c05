// The backward pass of a recurrent layer's call on the engine, on plain Float32Arrays.

import type { CotangentArrays } from "./arrays.ts";
import { cellLayouts } from "./cell-layouts.ts";
import { flagsOf, NEED_DX, writeDescriptor } from "./descriptor.ts";
import type { KernelGradientName, WasmSavedCall } from "./saved-call.ts";
import { runBlocks } from "./schedule.ts";
import {
  backwardSizes,
  type GradientBuffer,
  gradientSizes,
  type Placed,
  reserve,
} from "./workspace.ts";

/**
 * A gradient of the last `backward`; it lies in the engine's memory: copy it before the next call. That of x is the
 * distinct tokens' vectors' where there are some.
 */
export function gradientOf(saved: WasmSavedCall, name: KernelGradientName): Float32Array {
  const lies = saved.gradients?.[name];
  if (!lies) throw new Error(`fused-rnn: expected a backward pass that gives d${name}, got none`);
  return saved.instance.heap.f32().subarray(lies.address / 4, lies.address / 4 + lies.floats);
}

/** What a training call saved, and what comes back to it. */
export interface BackwardCall {
  saved: WasmSavedCall;
  cotangents: CotangentArrays;
}

/**
 * Backward pass of a training call; read what it made with `gradientOf`. **needsInput** false saves a third
 * of the matrix work.
 */
export function backward(
  saved: WasmSavedCall,
  cotangents: CotangentArrays,
  needsInput: boolean,
): void {
  backwardTogether([{ saved, cotangents }], needsInput);
}

/** The backward pass of what `forwardTogether` ran. */
export function backwardTogether(calls: readonly BackwardCall[], needsInput: boolean): void {
  const { instance, shape, layout } = calls[0].saved;
  const { heap, kernels } = instance;
  const placed: ({ saved: WasmSavedCall } & PlacedPass)[] = [];
  try {
    for (const call of calls) placed.push({ saved: call.saved, ...place(call, needsInput) });
    const descriptors = placed.map(({ saved }) => saved.at.descriptor);
    for (const descriptor of descriptors) kernels.packTransposed(descriptor);
    runBlocks(instance, true, descriptors, shape, layout);
    for (const { saved, results } of placed) {
      const { kernel, recurrent, bias } = results.at;
      writeDescriptor(heap.i32(), saved.at.descriptor, { kernel, recurrent, bias });
      kernels.unpackGradients(saved.at.descriptor, layout.blocks);
      saved.gradients = gradientsIn(saved, results.at, needsInput);
    }
  } finally {
    for (const { work } of placed) heap.release(work.address);
  }
}

/** Buffers of a backward pass: those it works in, and those of its results, which are kept with what was saved. */
interface PlacedPass {
  work: { address: number };
  results: Placed<GradientBuffer>;
}

function place({ saved, cotangents }: BackwardCall, needsInput: boolean): PlacedPass {
  const { shape, layout, plan, hasBias, hasState } = saved;
  const { heap } = saved.instance;
  const given = {
    outputs: cotangents.outputs !== undefined,
    h: cotangents.h !== undefined,
    c: cotangents.c !== undefined,
  };
  const work = reserve(heap, backwardSizes(shape, layout, given, needsInput));
  let results: PlacedPass["results"];
  try {
    const tokens = plan.tokens?.ids.length;
    const wanted = { bias: hasBias, state: hasState, needsInput, tokens };
    results = reserve(heap, gradientSizes(shape, layout, wanted));
  } catch (error) {
    heap.release(work.address);
    throw error;
  }
  saved.regions.push(results.address);
  const { kernel: _kernel, recurrent: _recurrent, bias: _bias, ...gradients } = results.at;
  const f32 = heap.f32();
  if (cotangents.outputs) f32.set(cotangents.outputs, work.at.dOut / 4);
  if (cotangents.h) f32.set(cotangents.h, work.at.dhT / 4);
  if (cotangents.c) f32.set(cotangents.c, work.at.dcT / 4);
  writeDescriptor(heap.i32(), saved.at.descriptor, {
    ...work.at,
    ...gradients,
    flags: flagsOf(shape) | (needsInput ? NEED_DX : 0),
    kernel: saved.at.kernel,
    recurrent: saved.at.recurrent,
  });
  return { work, results };
}

/** Where each gradient lies. */
function gradientsIn(
  { shape, layout, plan, hasBias, hasState }: WasmSavedCall,
  at: PlacedPass["results"]["at"],
  needsInput: boolean,
): WasmSavedCall["gradients"] {
  const { B, T, I, H, cell } = shape;
  const lies = (address: number, floats: number) => ({ address, floats });
  const input = plan.tokens ? (plan.tokens.ids.length * layout.tokenVectorRow) / 4 : B * T * I;
  return {
    kernel: lies(at.kernel, I * layout.G * H),
    recurrentKernel: lies(at.recurrent, H * layout.G * H),
    ...(needsInput && { x: lies(at.dx, input) }),
    ...(hasBias && { bias: lies(at.bias, layout.bias) }),
    ...(hasState && { h0: lies(at.dh0, B * H) }),
    ...(hasState && cellLayouts[cell].carriesCell && { c0: lies(at.dc0, B * H) }),
  };
}
