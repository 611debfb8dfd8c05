// An optimizer's update of one weight as one kernel: composed of tfjs operations it is a dozen passes
// over the weight, and for an Embedding of 10,000 rows they cost more than its lookup.

import { checkOptions, shown } from "@rnnkit/core-rnn";
import {
  getBackend,
  getKernel,
  type KernelBackend,
  type KernelConfig,
  type NamedAttrMap,
  registerKernel,
  type Tensor,
  type TensorInfo,
  engine as tfEngine,
  tidy,
} from "@tensorflow/tfjs-core";
import { checkLive, checkTensor } from "../check.ts";
import { type TfjsHeapModule, tfjsHeapModule } from "../wasm/tfjs-heap-module.ts";
import { newTensors, readableBackends, readTensor, readTensors } from "./tensor-access.ts";

/** A weight's tensors by name: its value, its gradient, and those of the optimizer that there are. @inline */
export type WeightTensors<Slot extends string, T = Tensor> = Record<"value" | "gradient", T> &
  Partial<Record<Slot, T | undefined>>;

/** New tensors by name: those given, but the gradient. */
type Results<Slot extends string, T> = Record<"value", T> & Partial<Record<Slot, T>>;

/** From a weight's tensors to new ones: in JavaScript, where the tensors lie, and of tfjs operations. */
export interface OptimizerUpdate<Slot extends string, Numbers> {
  kernelName: string;
  /** Names of its numbers. */
  numbers: readonly (keyof Numbers & string)[];
  /** How many of the slots must be there. */
  needed: number;
  /** The optimizer's own tensors of a weight, in the order of the results behind the value. */
  slots: readonly Slot[];
  /** Without it, and what follows, it is composed on backends that are read at once too. */
  run?(
    numbers: Numbers,
    given: WeightTensors<Slot, Float32Array>,
    results: Results<Slot, Float32Array>,
  ): void;
  /** Everything but counts and numbers is an address. */
  runInPlace?(
    kernels: TfjsHeapModule,
    numbers: Numbers,
    n: number,
    given: WeightTensors<Slot, number>,
    results: Results<Slot, number>,
  ): void;
  compose(numbers: Numbers, given: WeightTensors<Slot>): Results<Slot, Tensor>;
}

// The same as in assembly/flush.ts, where it saves time: the numbers do not depend on the backend.
const LEAST_MEAN = 2 ** -115;

/** x, or 0 where |x| < least. */
export const flushed = (x: number, least: number = LEAST_MEAN): number =>
  Math.abs(x) < least ? 0 : x;

/** The gradient whose share of a mean of squares is the least that counts. */
export const leastSquared = (share: number): number =>
  share > 0 ? Math.sqrt(LEAST_MEAN / share) : 0;

function kernelOf<Slot extends string, Numbers>(
  update: OptimizerUpdate<Slot, Numbers>,
  backendName: string,
): KernelConfig {
  const { kernelName, slots } = update;
  return {
    kernelName,
    backendName,
    kernelFunc({ inputs, attrs, backend }) {
      const memory = backend as KernelBackend;
      const given = inputs as Record<string, TensorInfo>;
      const names = ["value", ...slots].filter((name) => given[name]);
      // Read before, so that all are here: reading one from another backend moves it, which may grow
      // the heap under the results.
      readTensors(memory, given);
      const { arrays, finish } = newTensors(memory, given.value.shape, names.length);
      const all = ["gradient", ...names];
      const from = Object.fromEntries(
        all.map((name) => [name, readTensor(memory, given[name]) as Float32Array]),
      );
      const to = Object.fromEntries(names.map((name, i) => [name, arrays[i]]));
      const kernels = tfjsHeapModule(backend);
      const numbers = attrs as unknown as Numbers;
      if (kernels) {
        const n = arrays[0].length;
        update.runInPlace?.(kernels, numbers, n, addresses(from) as never, addresses(to) as never);
      } else {
        update.run?.(numbers, from as never, to as never);
      }
      return finish();
    },
  };
}

function addresses(arrays: Record<string, Float32Array>): Record<string, number> {
  const entries = Object.entries(arrays).map(([name, { byteOffset }]) => [name, byteOffset]);
  return Object.fromEntries(entries);
}

/** Whom an error names: the function of the kernel. */
export const callerOf = (kernelName: string): string =>
  kernelName.replace(/^./, (letter) => letter.toLowerCase());

/** Throws unless all tensors have the weight's shape, and all numbers are there. */
function checkUpdate<Slot extends string, Numbers extends object>(
  update: OptimizerUpdate<Slot, Numbers>,
  weight: WeightTensors<Slot>,
  numbers: Numbers,
): void {
  const { kernelName, slots, needed } = update;
  const who = callerOf(kernelName);
  const tensors = ["value", "gradient", ...slots.slice(0, needed)];
  const example = `{ ${tensors.join(", ")} }`;
  checkOptions(who, weight, ["value", "gradient", ...slots], example, "tensors");
  checkLive(who, "value", weight.value, ["..."]);
  for (const [i, name] of (["value", "gradient", ...slots] as const).entries()) {
    const tensor = weight[name];
    if (i < tensors.length || tensor != null) {
      checkTensor(who, name, tensor as Tensor, weight.value.shape);
    }
  }
  checkOptions(who, numbers, update.numbers, `{ ${update.numbers.join(", ")} }`, "numbers");
  for (const name of update.numbers) {
    if (typeof numbers[name] === "number") continue;
    throw new TypeError(`${who}: expected ${name} to be a number, got ${shown(numbers[name])}`);
  }
}

/**
 * Runs an update on the current backend, as one kernel where the engine runs or a backend has one of its own. The new value comes first,
 * then the new slots that were given.
 */
export function runUpdate<Slot extends string, Numbers extends object>(
  update: OptimizerUpdate<Slot, Numbers>,
  weight: WeightTensors<Slot>,
  numbers: Numbers,
): Tensor[] {
  checkUpdate(update, weight, numbers);
  const backend = getBackend();
  const { kernelName, slots } = update;
  const isReadable = readableBackends.includes(backend) && update.run !== undefined;
  const isThere = getKernel(kernelName, backend) !== undefined;
  if (!isReadable && !isThere) {
    return tidy(() => {
      const results: Partial<Record<string, Tensor>> = update.compose(numbers, weight);
      return ["value", ...slots].flatMap((name) => results[name] ?? []);
    });
  }
  if (!isThere) registerKernel(kernelOf(update, backend));
  const given = Object.fromEntries(Object.entries(weight).filter(([, tensor]) => tensor));
  return tfEngine().runKernel(
    kernelName,
    given as never,
    numbers as NamedAttrMap,
  ) as unknown as Tensor[];
}
