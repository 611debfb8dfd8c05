// The kernels of assembly/tfjs-heap.ts inside the memory of tfjs's wasm backend: they read and write its
// tensors where they lie.

import { isArrayBuffer, isWasmMemory } from "@rnnkit/core-rnn";
import { relaxedSimd, simd128 } from "../generated/tensors.ts";
import { decodeHex } from "./decode-hex.ts";
import { hasRelaxedSimd, hasSimd } from "./features.ts";
import { mayCompile } from "./instance.ts";

type OnceSizes = [B: number, I: number, H: number, act: number];
type OnceInputs = [x: number, kernel: number, recurrentKernel: number, bias: number];

/** What assembly/tfjs-heap.ts exports; all but counts and factors are addresses. */
export interface TfjsHeapModule {
  firstStray(ids: number, n: number, rows: number): number;
  gatherRows(table: number, width: number, ids: number, n: number, out: number): void;
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
  simpleRnnStep(...sizes: [...OnceSizes, ...OnceInputs, h: number, out: number]): void;
  gruStep(...sizes: [...OnceSizes, rec: number, ...OnceInputs, h: number, out: number]): void;
  lstmStep(
    ...sizes: [
      ...[...OnceSizes, rec: number, ...OnceInputs],
      ...[h: number, c: number, out: number, newC: number],
    ]
  ): void;
}

const instances = new WeakMap<object, TfjsHeapModule | null>();

/**
 * The kernels over a backend's own memory; undefined on other backends than tfjs's wasm, where that
 * memory is shared between threads (the module would have to be another), and without SIMD.
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
  const { wasm } = backend as { wasm?: { asm?: { memory?: unknown } } };
  const memory = wasm?.asm?.memory;
  return isWasmMemory(memory) ? memory : undefined;
}

function instantiate(memory: WebAssembly.Memory): TfjsHeapModule | null {
  if (!hasSimd || !mayCompile() || !isArrayBuffer(memory.buffer)) return null;
  const module = new WebAssembly.Module(decodeHex(hasRelaxedSimd ? relaxedSimd : simd128));
  return new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as TfjsHeapModule;
}
