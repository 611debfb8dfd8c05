// The backward pass of a recurrent layer's call on the engine, on plain Float32Arrays.

import { flagsOf, NEED_DX, writeDescriptor } from "./descriptor.ts";
import { put, reserve, view } from "./regions.ts";
import type { GradientName, SavedCall } from "./saved-call.ts";
import { runBlocks } from "./schedule.ts";
import { tokenVectorBytes } from "./token-plan.ts";

/** What comes back to `backward`; absent is zero. */
export interface Cotangents {
  outputs?: Float32Array | undefined;
  h?: Float32Array | undefined;
  c?: Float32Array | undefined;
}

/**
 * A gradient of the last `backward`; it lies in the engine's memory: copy it before the next call. That of x is
 * the words' where there are some: see `scatterTokenGradients`.
 */
export function gradientOf(saved: SavedCall, name: GradientName): Float32Array {
  const lies = saved.gradients?.[name];
  if (!lies) throw new Error(`fused-rnn: expected a backward pass that gives d${name}, got none`);
  return view(saved.engine.heap, lies.address, lies.floats);
}

/** A saved, and what comes back to it. */
export interface BackwardCall {
  saved: SavedCall;
  cotangents: Cotangents;
}

/**
 * Backward pass of a training call; read what it made with `gradientOf`. `needDx` false saves a third
 * of the matrix work.
 */
export function backward(saved: SavedCall, cotangents: Cotangents, needDx: boolean): void {
  backwardTogether([{ saved, cotangents }], needDx);
}

/** The backward pass of what `forwardTogether` ran. */
export function backwardTogether(calls: readonly BackwardCall[], needDx: boolean): void {
  const { engine, shape, layout } = calls[0].saved;
  const { heap, kernels } = engine;
  const placed: { saved: SavedCall; work: Reserved; results: Results }[] = [];
  try {
    for (const call of calls) placed.push({ saved: call.saved, ...place(call, needDx) });
    const descriptors = placed.map(({ saved }) => saved.at.descriptor);
    for (const descriptor of descriptors) kernels.packTransposed(descriptor);
    runBlocks(engine, true, descriptors, shape, layout);
    for (const { saved, results } of placed) {
      const { kernel, recurrent, bias } = results.at;
      writeDescriptor(heap.i32(), saved.at.descriptor, { kernel, recurrent, bias });
      kernels.unpackGradients(saved.at.descriptor, layout.blocks);
      saved.gradients = gradientsIn(saved, results.at, needDx);
    }
  } finally {
    for (const { work } of placed) heap.release(work.address);
  }
}

type Reserved<Name extends string = string> = ReturnType<typeof reserve<Name>>;
type Results = Reserved<"dx" | "dh0" | "dc0" | "kernel" | "recurrent" | "bias">;

/** Buffers of a backward pass: those it works in, and those of its results, which the saved keeps. */
function place(
  { saved, cotangents }: BackwardCall,
  needDx: boolean,
): { work: Reserved; results: Results } {
  const { shape, layout } = saved;
  const { heap } = saved.engine;
  const { B, T, I, H } = shape;
  const { Hp, G, blocks } = layout;
  const state = B * H * 4;
  const columns = layout.dwRow / 4;
  const ic = needDx ? I : 0;
  const work = reserve(heap, {
    dOut: cotangents.outputs ? (shape.returnSequences ? T : 1) * state : 0,
    dhT: cotangents.h ? state : 0,
    dcT: cotangents.c ? state : 0,
    dz: B * layout.timeChunk * layout.dzRow,
    // Behind dz, of whose last row copying a panel may read a little too much.
    panel: B * layout.timeChunk * 64,
    dxh: B * layout.dxhRow,
    ...{ dc: B * Hp * 4, dhBypass: B * Hp * 4, dOutputCarry: B * Hp * 4 },
    dw: blocks * (I + H + 1) * layout.dwRow,
    transposed: (ic + 3 + (H + 3) * 2) * columns * 4,
  });
  let results: Results;
  try {
    results = reserve(heap, {
      dx: needDx ? inputGradientBytes(saved) : 0,
      dh0: saved.hasState ? state : 0,
      dc0: saved.hasState && shape.cell === "lstm" ? state : 0,
      kernel: I * G * H * 4,
      recurrent: H * G * H * 4,
      bias: saved.hasBias ? layout.bias * 4 : 0,
    });
  } catch (error) {
    heap.release(work.address);
    throw error;
  }
  const release = saved.release.bind(saved);
  saved.release = () => {
    if (!saved.released) heap.release(results.address);
    release();
  };
  const { kernel, recurrent, bias, ...addresses } = { ...work.at, ...results.at };
  if (cotangents.outputs) put(heap, addresses.dOut, cotangents.outputs);
  if (cotangents.h) put(heap, addresses.dhT, cotangents.h);
  if (cotangents.c) put(heap, addresses.dcT, cotangents.c);
  const flags = flagsOf(shape) | (needDx ? NEED_DX : 0);
  const weights = { kernel: saved.at.kernel, recurrent: saved.at.recurrent };
  writeDescriptor(heap.i32(), saved.at.descriptor, { ...addresses, flags, ...weights });
  return { work, results };
}

/** Of the gradient of x, or of the words. */
function inputGradientBytes({ shape: { B, T, I }, words }: SavedCall): number {
  return words ? words.at.length * tokenVectorBytes(I) : B * T * I * 4;
}

/** Where each gradient lies. */
function gradientsIn(
  saved: SavedCall,
  at: Readonly<Record<string, number>>,
  needDx: boolean,
): SavedCall["gradients"] {
  const { shape, layout, hasBias, hasState } = saved;
  const { B, I, H, cell } = shape;
  const lies = (address: number, floats: number) => ({ address, floats });
  return {
    kernel: lies(at.kernel, I * layout.G * H),
    recurrentKernel: lies(at.recurrent, H * layout.G * H),
    ...(needDx && { x: lies(at.dx, inputGradientBytes(saved) / 4) }),
    ...(hasBias && { bias: lies(at.bias, layout.bias) }),
    ...(hasState && { h0: lies(at.dh0, B * H) }),
    ...(hasState && cell === "lstm" && { c0: lies(at.dc0, B * H) }),
  };
}
