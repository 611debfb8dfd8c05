// The backward pass of a recurrent layer's call on the engine, on plain Float32Arrays.

import { flagsOf, NEED_DX, writeJob } from "./call.ts";
import { put, reserve, view } from "./regions.ts";
import { runBlocks } from "./run-blocks.ts";
import type { GradientName, Tape } from "./tape.ts";

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
    const { job } = tape.at;
    const flags = flagsOf(shape) | (needDx ? NEED_DX : 0);
    const { kernel, recurrent, bias, ...addresses } = at;
    const weights = { kernel: tape.at.kernel, recurrent: tape.at.recurrent };
    writeJob(heap.words(), job, { ...addresses, flags, ...weights });
    kernels.packTransposed(job);
    runBlocks(engine, true, job, shape, layout);
    writeJob(heap.words(), job, { kernel, recurrent, bias });
    kernels.unpackGradients(job, blocks);
    const lies = (address: number, floats: number) => ({ address, floats });
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
