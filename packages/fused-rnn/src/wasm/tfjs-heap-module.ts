// The kernels of assembly/tfjs-heap.ts inside the memory of tfjs's wasm backend: they read and write its
// tensors where they lie.

import { type CellKind, isArrayBuffer, isWasmMemory } from "@rnnkit/core-rnn";
import { relaxedSimd, simd128 } from "../generated/tensors.ts";
import { decodeHex } from "./decode-hex.ts";
import { hasRelaxedSimd, hasSimd } from "./features.ts";
import { mayCompile, shareMemory } from "./instance.ts";

/** A step of a cell for some rows; h, c and bias may be 0: none. A cell without c leaves those alone. */
type StepKernel = (
  ...sizesAndAddresses: [
    ...[rows: number, I: number, H: number, act: number, rec: number],
    ...[x: number, kernel: number, recurrentKernel: number, bias: number],
    ...[h: number, c: number, newH: number, newC: number],
  ]
) => void;

/** What assembly/tfjs-heap.ts exports; all but counts and factors are addresses. Some cells have a step there. */
export interface TfjsHeapModule extends Partial<Record<`${CellKind}Step`, StepKernel>> {
  firstStray(ids: number, n: number, rows: number): number;
  gatherRows(table: number, width: number, ids: number, n: number, out: number): void;
  reverseRows(x: number, outer: number, steps: number, width: number, out: number): void;
  copyRows(
    ...fromTo: [from: number, fromRow: number, to: number, toRow: number, width: number, n: number]
  ): void;
  addRows(x: number, width: number, ids: number, n: number, out: number, segments: number): void;
  rmsprop(
    n: number,
    ...addressesAndFactors: [
      ...[w: number, g: number, v: number, s: number, a: number],
      ...[newW: number, newV: number, newS: number, newA: number],
      ...[learningRate: number, rho: number, rest: number, momentum: number, epsilon: number],
    ]
  ): void;
  adam(
    n: number,
    ...addressesAndFactors: [
      ...[w: number, g: number, m: number, v: number, hat: number],
      ...[newW: number, newM: number, newV: number, newHat: number],
      ...[stepSize: number, oneMinusBeta1: number, oneMinusBeta2: number, epsilon: number],
    ]
  ): void;
}

const instances = new WeakMap<object, TfjsHeapModule | null>();

/**
 * The kernels over a backend's own memory, which its threads may share; undefined on other backends than tfjs's wasm,
 * and without SIMD.
 */
export function tfjsHeapModule(backend: object): TfjsHeapModule | undefined {
  const memory = memoryOf(backend);
  if (!memory) return undefined;
  let kernels = instances.get(memory);
  if (kernels === undefined) {
    kernels = instantiate(memory);
    instances.set(memory, kernels);
  }
  return kernels ?? undefined;
}

function memoryOf(backend: object): WebAssembly.Memory | undefined {
  const { wasm } = backend as { wasm?: { asm?: { memory?: unknown }; wasmMemory?: unknown } };
  // tfjs's threaded module takes its memory from the script around it, the others have one of their own.
  const memory = wasm?.asm?.memory ?? wasm?.wasmMemory;
  return isWasmMemory(memory) ? memory : undefined;
}

function instantiate(memory: WebAssembly.Memory): TfjsHeapModule | null {
  if (!hasSimd || !mayCompile()) return null;
  const bytes = decodeHex(hasRelaxedSimd ? relaxedSimd : simd128);
  if (!isArrayBuffer(memory.buffer)) shareMemory(bytes);
  const module = new WebAssembly.Module(bytes);
  return new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as TfjsHeapModule;
}
