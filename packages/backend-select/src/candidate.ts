// One candidate: loaded, started, and tried on a product whose result is known.
import * as tf from "@tensorflow/tfjs-core";
import type { BackendEntry } from "./backend-name.ts";
import { firstLine, loadFailure } from "./load-error.ts";
import type { Plan } from "./options.ts";
import { threadsLack } from "./page-threads.ts";
import { keepingCrashListeners, withoutCrashListeners } from "./process-listeners.ts";
import { nodeRuntime } from "./runtime.ts";
import { MissingWasmFile, withCheckedFetch } from "./wasm-fetch.ts";
import {
  type Found,
  installedWasmFolder,
  setWasmPlaces,
  wasmPlace,
  webAssemblyLack,
  withSlash,
} from "./wasm-files.ts";
import { registerWebgpu, webgpuAdapter } from "./webgpu-start.ts";

export interface Verdict {
  readonly taken: boolean;
  readonly reason: string;
}

export type Factory = NonNullable<ReturnType<typeof tf.findBackendFactory>>;

// Some ways to fail never answer, such as threads that die as they start.
const startLimit = 30_000;

// Factories of backends that were refused and so taken out of tfjs's registry: a module registers
// its backend at its first import only, and a later call may try it again.
const setAside = new Map<string, Factory>();

/** What a plan says of the start of a single backend. */
export type StartOptions = Pick<Plan, "wasmPaths" | "allowSoftware">;

/** Never throws: whatever goes wrong is the reason of a refusal. */
export async function tryCandidate(entry: BackendEntry, options: StartOptions): Promise<Verdict> {
  const before = tf.findBackendFactory(entry.tfBackend);
  const verdict = await quietly(() =>
    withoutCrashListeners(entry.packageName, () => attempt(entry, options)),
  ).catch((error) => refused(`failed to initialise: ${firstLine(error)}`));
  if (!verdict.taken && tf.findBackendFactory(entry.tfBackend) !== before) stop(entry, before);
  return verdict;
}

async function attempt(
  entry: BackendEntry,
  { wasmPaths, allowSoftware }: StartOptions,
): Promise<Verdict> {
  const { name, packageName, tfBackend } = entry;
  const isNative = tfBackend === "tensorflow";
  if (isNative && !nodeRuntime()) return refused("not in this runtime: a native addon needs Node");
  const lack = name === "wasm" ? webAssemblyLack() : undefined;
  if (lack) return refused(lack);

  let module: unknown;
  try {
    module = await load(entry);
  } catch (error) {
    return refused(loadFailure(packageName, error));
  }

  if (name === "webgpu") {
    const lack = await registerWebgpu(module as WebgpuPackage, allowSoftware);
    if (lack !== undefined) return refused(lack);
  }
  const registered = tf.findBackendFactory(tfBackend);
  const kept = setAside.get(packageName);
  if (!registered && kept) tf.registerBackend(tfBackend, kept, entry.priority);
  else if (!registered)
    return refused(
      `failed to initialise: ${packageName} registered no backend "${tfBackend}" with this copy of tfjs-core`,
    );

  if (isNative) {
    const { isGPUPackage } = (tf.engine().registry[tfBackend] ?? {}) as NativeBackend;
    if (isGPUPackage === (name === "tfjs-node"))
      return refused(
        "failed to initialise: this process already runs the other native package's backend",
      );
  }
  let place: string | undefined;
  let isLost = false;
  if (name === "wasm" && !tf.engine().registry.wasm) {
    const found = await prepareWasm(module as WasmPackage, wasmPaths);
    if (found.missing !== undefined) return refused(found.missing);
    place = found.place;
    isLost = place === undefined && nodeRuntime() !== undefined;
  }

  const failure = await start(entry, place);
  if (failure !== undefined) return refused(`${failure}${isLost ? bundledHint : ""}`);
  const wrong = await wrongResult();
  if (wrong !== undefined) return refused(wrong);
  return { taken: true, reason: await takenReason(entry) };
}

// Packages that pages use are named in full, inside try as bundlers want it for a package that
// may be absent; the native ones are no bundler's business.
async function load({ name, packageName }: BackendEntry): Promise<unknown> {
  try {
    if (name === "wasm") return await import("@tensorflow/tfjs-backend-wasm");
    if (name === "webgpu") return await import("@tensorflow/tfjs-backend-webgpu");
    if (name === "cpu") return await import("@tensorflow/tfjs-backend-cpu");
    return await import(/* @vite-ignore */ /* webpackIgnore: true */ packageName);
  } catch (error) {
    throw error ?? new Error("threw nothing");
  }
}

const bundledHint =
  "; a bundled program passes wasmPaths, the folder of tfjs-backend-wasm's .wasm files";

type WasmPackage = typeof import("@tensorflow/tfjs-backend-wasm");
type WebgpuPackage = typeof import("@tensorflow/tfjs-backend-webgpu");

/** Tells tfjs where its files are, unless a page leaves that to tfjs; gives the one that it will ask for. */
async function prepareWasm(
  { setWasmPaths }: WasmPackage,
  wasmPaths: Plan["wasmPaths"],
): Promise<Found> {
  const node = nodeRuntime();
  if ((await threadsLack()) !== undefined) tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
  await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT");
  const threads = await tf.env().getAsync("WASM_HAS_MULTITHREAD_SUPPORT");
  const paths = wasmPaths ?? (node && installedWasmFolder(node));
  if (paths === undefined && !node) return {};
  const fileName = `tfjs-backend-wasm-${threads ? "threaded-" : ""}simd.wasm`;
  const found: Found = paths === undefined ? {} : wasmPlace(withSlash(paths), fileName, node);
  if (found.missing !== undefined) return found;
  try {
    setWasmPlaces(setWasmPaths, paths && withSlash(paths));
    return found;
  } catch (error) {
    return { missing: `failed to initialise: ${firstLine(error)}` };
  }
}

// `tf.setBackend` logs why a backend would not start and says only `false`, so the backend is made
// here and is already there when tfjs is told to use it.
async function start({ name, tfBackend }: BackendEntry, place = ""): Promise<string | undefined> {
  const { registry } = tf.engine();
  const make = async () => tf.findBackendFactory(tfBackend)();
  const checked = name === "wasm" && !nodeRuntime() ? () => withCheckedFetch(place, make) : make;
  try {
    registry[tfBackend] ??= await withinLimit(checked());
    if (registry[tfBackend] && (await tf.setBackend(tfBackend))) return undefined;
    delete registry[tfBackend];
    return "failed to initialise: it gave no backend";
  } catch (error) {
    if (error instanceof MissingWasmFile) return error.message;
    return `failed to initialise: ${firstLine(error)}`;
  }
}

export async function withinLimit<T>(work: T | Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => {
    const complain = () => reject(new Error(`no answer within ${startLimit / 1000} s`));
    timer = setTimeout(complain, startLimit);
  });
  return Promise.race([work, limit]).finally(() => clearTimeout(timer));
}

//     | 1 2 3 |   | 1 0 |   | 4 5 |
//     | 4 5 6 | · | 0 1 | = | 10 11 |    exact in float32
//                 | 1 1 |
const product = [4, 5, 10, 11];

async function wrongResult(): Promise<string | undefined> {
  let result: tf.Tensor | undefined;
  try {
    result = tf.tidy(() =>
      tf.matMul(tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]), tf.tensor2d([1, 0, 0, 1, 1, 1], [3, 2])),
    );
    const got = Array.from(await result.data());
    if (got.length === 4 && got.every((value, i) => value === product[i])) return undefined;
    return `wrong result: a matrix product gave [${got}], expected [${product}]`;
  } catch (error) {
    return `failed on its first operation: ${firstLine(error)}`;
  } finally {
    result?.dispose();
  }
}

interface NativeBackend {
  readonly isGPUPackage?: boolean;
  readonly isUsingGpuDevice?: boolean;
}

async function takenReason({ name }: BackendEntry): Promise<string> {
  const works = "a matrix product came out right";
  const lack = name === "wasm" ? await threadsLack() : undefined;
  if (lack !== undefined) return `${works}, on one thread: ${lack}`;
  if (name === "wasm" && !nodeRuntime() && typeof SharedArrayBuffer === "undefined")
    return `${works}, on one thread: no SharedArrayBuffer, which a cross-origin isolated page has`;
  if (name === "webgpu") return `${works}, on ${webgpuAdapter()}`;
  if (name !== "tfjs-node-gpu") return works;
  const { isUsingGpuDevice } = tf.backend() as unknown as NativeBackend;
  return isUsingGpuDevice === false ? `${works}, on the CPU: TensorFlow found no GPU` : works;
}

/** Stops a backend and gives its place in tfjs's registry back to who was registered **before**, if anyone was. */
export function stop(entry: BackendEntry, before: Factory | null): void {
  putAside(entry);
  if (before) tf.registerBackend(entry.tfBackend, before, entry.priority);
}

function putAside({ packageName, tfBackend }: BackendEntry): void {
  const factory = tf.findBackendFactory(tfBackend);
  if (!factory) return;
  // Of webgpu it would give a device that is gone; each start makes another.
  if (tfBackend !== "webgpu") setAside.set(packageName, factory);
  try {
    keepingCrashListeners(() => tf.removeBackend(tfBackend));
  } catch {
    // Its own dispose threw; it must go all the same.
    tf.engine().registry[tfBackend] = { dispose() {} } as tf.KernelBackend;
    tf.removeBackend(tfBackend);
  }
}

// tfjs says "install our node backend" at the first tensor on cpu, and logs each backend that
// would not start: both are in the selection's reasons.
export async function quietly<T>(work: () => Promise<T>): Promise<T> {
  const wasProduction = tf.env().getBool("PROD");
  tf.env().set("PROD", true);
  try {
    return await work();
  } finally {
    tf.env().set("PROD", wasProduction);
  }
}

function refused(reason: string): Verdict {
  return { taken: false, reason };
}
