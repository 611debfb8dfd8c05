// Ids that lie on the device cannot be looked at before the call. The program that looks them up marks those that are
// rows of no table; the mark is fetched when the caller's own work is done, and a wrong id is the error of the next read
// or call.

import type { TensorInfo } from "@tensorflow/tfjs-core";
import { idsOf } from "../wasm/token-ids.ts";
import { bufferOf, clearNumbers, type GpuBackend, knownNumbers } from "./gpu-backend.ts";
import { throwLater } from "./late-errors.ts";

interface Marks {
  /** The largest wrong id, or 0: an id of 0 is a row. */
  readonly tensor: TensorInfo;
  readonly target: GPUBuffer;
  /** Of the last call. */
  who: string;
  rows: number;
  state: "idle" | "asked" | "fetching" | "fetch again";
  /** Resolves when the last fetch is over. */
  fetched: Promise<void>;
}

const marksOf = new WeakMap<GpuBackend, Marks>();

function marks(backend: GpuBackend): Marks {
  let known = marksOf.get(backend);
  if (!known) {
    const tensor = backend.makeTensorInfo([1], "int32");
    clearNumbers(backend, tensor, 0, 1);
    const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
    const target = backend.device.createBuffer({ size: 4, usage });
    known = { tensor, target, who: "", rows: 0, state: "idle", fetched: Promise.resolve() };
    marksOf.set(backend, known);
  }
  return known;
}

/**
 * Whether the host knows the ids, and so has looked at them; those that the device alone has are to be marked there.
 *
 * @throws Error where one is no row of the table
 */
export function areChecked(
  backend: GpuBackend,
  who: string,
  ids: TensorInfo,
  rows: number,
): boolean {
  const known = knownNumbers(backend, ids);
  if (known) idsOf(who, known, rows);
  return known !== undefined;
}

/** Where a lookup marks wrong ids. */
export function wrongIdMark(backend: GpuBackend): TensorInfo {
  return marks(backend).tensor;
}

/** Fetches the mark after the caller's own work; a call that has marked one lets the next call or read throw. */
export function fetchWrongIds(backend: GpuBackend, who: string, rows: number): void {
  const state = marks(backend);
  state.who = who;
  state.rows = rows;
  // What is asked for before the fetch has begun comes with it.
  if (state.state === "asked") return;
  if (state.state !== "idle") {
    state.state = "fetch again";
    return;
  }
  state.state = "asked";
  state.fetched = Promise.resolve().then(() => fetch(backend, state));
}

/** Resolves when the marks of all calls so far are known. */
export async function wrongIdsFetched(backend: GpuBackend): Promise<void> {
  const state = marksOf.get(backend);
  if (!state || state.state === "idle") return;
  const isTwofold = state.state === "fetch again";
  await state.fetched;
  if (isTwofold) await state.fetched;
}

async function fetch(backend: GpuBackend, state: Marks): Promise<void> {
  const { tensor, target, who, rows } = state;
  state.state = "fetching";
  try {
    const buffer = bufferOf(backend, tensor);
    backend.ensureCommandEncoderReady();
    backend.endComputePassEncoder();
    backend.commandEncoder.copyBufferToBuffer(buffer, 0, target, 0, 4);
    backend.commandEncoder.clearBuffer(buffer, 0, 4);
    backend.submitQueue();
    await target.mapAsync(GPUMapMode.READ);
    const [id] = new Int32Array(target.getMappedRange().slice(0));
    target.unmap();
    if (id !== 0) {
      const message = `${who}: expected ids from 0 to below ${rows}, got ${id}, which the device found after the call had returned`;
      throwLater(backend.device, new Error(message));
    }
  } catch {
    // The device is gone, which the next call says.
    state.state = "idle";
    return;
  }
  const again = (state.state as Marks["state"]) === "fetch again";
  state.state = "idle";
  if (again) fetchWrongIds(backend, state.who, state.rows);
}
