// The one instance of the compiled kernels: which module fits the runtime, its memory, its threads.

import { isWasmModule, shown } from "@rnnkit/core-rnn";
import { relaxedSimd, simd128 } from "../generated/kernels.ts";
import { physicalCores } from "./cores.ts";
import { decodeHex } from "./decode-hex.ts";
import { hasRelaxedSimd, hasSimd } from "./features.ts";
import { createHeap, type Heap } from "./heap.ts";
import { canUseThreads, createThreadPool, type ThreadPool } from "./threads.ts";
import type { KernelExports } from "./worker-block.ts";

/** The kernels with their memory and threads. */
export interface WasmInstance {
  readonly kernels: KernelExports;
  readonly heap: Heap;
  /** Replaced when the number of threads changes. */
  pool: ThreadPool;
  /** A pool without workers. */
  freshPool(): ThreadPool;
}

let current: WasmInstance | undefined;
let requestedThreads: number | undefined;

/**
 * Whether the runtime can run the engine at all: WebAssembly with SIMD128, and leave to compile it,
 * which a page's Content-Security-Policy gives by `script-src 'wasm-unsafe-eval'`, or a module that was
 * compiled elsewhere (see `setEngineModule`).
 */
export function isEngineSupported(): boolean {
  return hasSimd && (handedOver !== undefined || mayCompile());
}

/** What tells the engine of this version from other modules. */
const engineExports: readonly (keyof KernelExports)[] = [
  ...(["heapBase", "activateBuffer", "forwardStep", "backwardStep"] as const),
  ...(["weightGradients", "solvePanel", "multiplyRows"] as const),
];

let handedOver: WebAssembly.Module | undefined;
let isAllowed: boolean | undefined;

/** Asked by compiling the empty module: validation is always allowed. */
export function mayCompile(): boolean {
  if (isAllowed !== undefined) return isAllowed;
  try {
    new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
    isAllowed = true;
  } catch {
    isAllowed = false;
  }
  return isAllowed;
}

/**
 * The engine's WebAssembly for SIMD128, one thread, as a file for `setEngineModule`: to be written where a
 * program is built.
 *
 * @example
 * writeFileSync("rnnkit.wasm", engineBytes());
 */
export function engineBytes(): Uint8Array<ArrayBuffer> {
  return decodeHex(simd128);
}

/**
 * Hands the engine over compiled, where a runtime compiles only what comes as a file of the program (workerd),
 * or a policy forbids it. It runs on one thread. An engine that is running goes; what refers to it keeps it.
 *
 * @throws TypeError unless **module** is what `engineBytes` gives, of this version, compiled.
 * @example
 * import module from "./rnnkit.wasm";
 * setEngineModule(module);
 */
export function setEngineModule(module: WebAssembly.Module): void {
  const expected =
    "setEngineModule: expected engineBytes() of this version as a WebAssembly.Module";
  if (!isWasmModule(module)) throw new TypeError(`${expected}, got ${shown(module)}`);
  const names = WebAssembly.Module.exports(module).map(({ name }) => name);
  const missing = engineExports.filter((name) => !names.includes(name));
  if (missing.length > 0) {
    throw new TypeError(`${expected}, got one without ${missing.slice(0, 3).join(", ")}`);
  }
  handedOver = module;
  if (current) abandonInstance(current);
}

/** The engine, made at the first call. */
export function getInstance(): WasmInstance {
  current ??= createInstance(canUseThreads());
  return current;
}

/** Gives an engine up: what refers to it keeps it, the next call makes a new one. */
export function abandonInstance(engine: WasmInstance): void {
  engine.pool.close();
  if (current === engine) current = undefined;
}

/** An engine of its own, beside the one that `getInstance` returns. */
export function createInstance(shared: boolean): WasmInstance {
  const module = handedOver ?? compiled(shared);
  // A module handed over is that for memory which is not shared.
  const isShared = shared && !handedOver;
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: isShared });
  const instance = new WebAssembly.Instance(module, { env: { memory, abort() {} } });
  const kernels = instance.exports as unknown as KernelExports;
  const freshPool = () => createThreadPool(module, memory, kernels);
  return { kernels, heap: createHeap(memory, kernels.heapBase()), pool: freshPool(), freshPool };
}

function compiled(shared: boolean): WebAssembly.Module {
  const bytes = decodeHex(hasRelaxedSimd ? relaxedSimd : simd128);
  if (shared) shareMemory(bytes);
  return new WebAssembly.Module(bytes);
}

/**
 * Turns the module's imported memory into a shared one. The kernels hold no atomic instruction, so
 * the two kinds of module differ in one byte, the flags of the memory's limits: 1 is "has a
 * maximum", 3 "has a maximum and is shared".
 */
export function shareMemory(bytes: Uint8Array): void {
  const name = [..."\u0003env\u0006memory"].map((character) => character.charCodeAt(0));
  const at = bytes.findIndex((_, i) => name.every((byte, k) => bytes[i + k] === byte));
  const flags = at + name.length + 1;
  if (at < 0 || bytes[flags - 1] !== 2 || bytes[flags] !== 1) {
    throw new Error("fused-rnn: expected a module that imports env.memory with a maximum");
  }
  bytes[flags] = 3;
}

/**
 * Sets how many threads a large call may use, the caller's included; small calls stay on one. Results
 * are the same bit for bit for any number. Default: the physical cores; always 1 on the main thread of a
 * page and where memory cannot be shared.
 *
 * @throws RangeError unless `count` is an integer from 1 to 256.
 * @example
 * setThreads(2);
 */
export function setThreads(count: number): void {
  if (!Number.isInteger(count) || count < 1 || count > 256) {
    throw new RangeError(`setThreads: expected an integer from 1 to 256, got ${shown(count)}`);
  }
  requestedThreads = count;
  if (!current) return;
  current.pool.close();
  current.pool = current.freshPool();
}

/** How many threads a large call uses; 1 as well once the runtime has refused to start a worker. */
export function getThreads(): number {
  if (handedOver || !canUseThreads() || current?.pool.refused()) return 1;
  return requestedThreads ?? physicalCores();
}
