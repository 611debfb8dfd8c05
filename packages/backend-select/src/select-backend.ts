import * as tf from "@tensorflow/tfjs-core";
import type { BackendCandidate } from "./backend-candidate.ts";
import { type BackendName, backendEntry, backendNames } from "./backend-name.ts";
import { fastestOf, firstThatWorks, type MeasuredSelection } from "./choice.ts";
import { type Plan, planOf, type SelectBackendOptions } from "./options.ts";
import { isDead } from "./webgpu-start.ts";

/** The backend that tfjs computes on now, and what became of every other. */
export interface BackendSelection {
  readonly name: BackendName;
  /** tfjs's own name of it, equal to `tf.getBackend()`: *tensorflow*, *webgpu*, *wasm* or *cpu*. */
  readonly tfBackend: string;
  /** Every backend there is, in the order of this selection; those that were measured by their times. */
  readonly candidates: readonly BackendCandidate[];
  /** Of a selection with **measure**. */
  readonly measured?: MeasuredSelection;
}

let last: { readonly key: string; readonly selection: BackendSelection } | undefined;
let queue: Promise<unknown> = Promise.resolve();
const pending = new Map<string, Promise<BackendSelection>>();

/**
 * Makes a backend that works here tfjs's current one: the first that does of tfjs-node-gpu, webgpu, wasm, tfjs-node and
 * cpu, in the order that **prefer** changes; or, with **measure**, the one that takes the least time for a step.
 *
 * The order is a rule: a GPU where there is one, then the CPU's vectors, then plain JavaScript. It knows nothing of
 * what is faster for a model, which is what **measure** is for.
 *
 * Each is an optional package, imported only when its turn comes, and taken only after a matrix
 * product came out right on it; one that is absent or broken is passed over, its reason kept. A
 * refused backend is taken out of tfjs's registry, nothing is printed, and crash listeners that a
 * package put on the process are taken off. (A native addon that kills the process outright, or
 * prints as Dawn does where Vulkan has no driver, is beyond any caller's reach.)
 *
 * webgpu is a page's, or in Node Dawn's (npm's *webgpu*, 0.6.2 or later), on a device with the adapter's own limits. An
 * adapter that is software is refused unless **allowSoftware**. A device that is lost, or has refused work, is an error
 * on the next call: *WebGPUDeviceLost* until another selection starts a new device, *WebGPUValidationError*,
 * *WebGPUOutOfMemoryError* or *WebGPUInternalError* once; a synchronous read is *WebGPUSynchronousRead*.
 *
 * The second call with equal options gives the same selection and starts nothing again; calls at
 * the same time share one start, and calls with other options wait for each other.
 *
 * In Node the `.wasm` files are found in the installed package. In a page pass **wasmPaths**, the
 * folder they are served from.
 *
 * @throws Error when options are unknown or contradict each other, when the required backend cannot
 *   be had, and when none can; the message names the reasons. The backend that was current before
 *   is then current again.
 *
 * @example
 * const { name } = await selectBackend({ exclude: ["tfjs-node-gpu"] }); // => "wasm"
 * const measure = { cell: "lstm", batch: 32, steps: 50, inputSize: 8, units: 32 } as const;
 * const { candidates } = await selectBackend({ measure, cache: "times.json" });
 */
export async function selectBackend(options: SelectBackendOptions = {}): Promise<BackendSelection> {
  const plan = planOf(options);
  const shared = pending.get(plan.key);
  if (shared) return shared;
  const mine = queue.then(() => selectNow(plan));
  pending.set(plan.key, mine);
  queue = mine.catch(() => undefined).then(() => pending.delete(plan.key));
  return mine;
}

/** The last selection whose backend is still tfjs's current one. */
export function currentSelection(): BackendSelection | undefined {
  return last && last.selection.tfBackend === tf.getBackend() ? last.selection : undefined;
}

async function selectNow(plan: Plan): Promise<BackendSelection> {
  if (last?.key === plan.key && (await isRunning(last.selection.tfBackend))) {
    if (!currentSelection()) await tf.setBackend(last.selection.tfBackend);
    return last.selection;
  }
  const before = tf.getBackend();
  const choice = plan.measure ? await fastestOf(plan, plan.measure) : await firstThatWorks(plan);
  const { name, measured } = choice;
  const candidates = [...choice.candidates, ...plan.excluded.map(excluded)];
  if (name === undefined) {
    if (before && tf.engine().registry[before]) await tf.setBackend(before);
    throw new Error(refusal(plan, candidates), { cause: candidates });
  }
  const { tfBackend } = backendEntry(name);
  const selection = { name, tfBackend, candidates, ...(measured && { measured }) };
  last = { key: plan.key, selection };
  return selection;
}

function excluded(name: BackendName): BackendCandidate {
  return { name, outcome: "refused", reason: "excluded by the caller" };
}

async function isRunning(tfBackend: string): Promise<boolean> {
  return tf.engine().registry[tfBackend] !== undefined && !(await isDead(tfBackend));
}

function refusal(plan: Plan, candidates: readonly BackendCandidate[]): string {
  if (plan.required !== undefined) {
    const { reason } = candidates.find(({ name }) => name === plan.required) as BackendCandidate;
    return `selectBackend: ${plan.required} is required and cannot be had: ${reason}`;
  }
  const lines = candidates.map(({ name, reason }) => `${name}: ${reason}`);
  return `selectBackend: expected one of ${backendNames.join(", ")} to work, got ${lines.join("; ")}`;
}
