// One step of an optimizer over all weights of a model, where gradients come from a chain: the numbers of the update
// kernels, without the work that a tensor for each of them is.

import {
  getBackend,
  type KernelBackend,
  type TensorInfo,
  engine as tfEngine,
  tidy,
  type Variable,
} from "@tensorflow/tfjs-core";
import { type TfjsHeapModule, tfjsHeapModule } from "../wasm/tfjs-heap-module.ts";
import {
  callerOf,
  type OptimizerUpdate,
  runUpdate,
  type WeightTensors,
} from "./optimizer-kernels.ts";
import { newTensors, readTensor, tensorOf } from "./tensor-access.ts";

/** A weight that takes a step. */
export interface SteppedWeight<Slot extends string> {
  value: Variable;
  /** Of the backend's, of nobody else: the step disposes it. */
  gradient: TensorInfo;
  /** What the optimizer keeps of it. */
  slots: Readonly<Partial<Record<Slot, Variable>>>;
}

/** Takes a step of every weight where they lie; tensors have been checked. */
export type OwnSteps = <Slot extends string>(
  update: { readonly kernelName: string; readonly slots: readonly Slot[] },
  weights: readonly SteppedWeight<Slot>[],
  numbers: object,
  backend: KernelBackend,
) => void;

const ownSteps = new Map<string, OwnSteps>();

/** Gives a tfjs backend steps of its own. */
export function addOwnSteps(backendName: string, steps: OwnSteps): void {
  ownSteps.set(backendName, steps);
}

/**
 * Whether the current backend takes the steps of all weights in kernels of its own, without a tensor for each result:
 * `rmspropSteps`, `adamSteps` and `sgdSteps` are then the fastest way.
 */
export function hasOwnSteps(): boolean {
  return ownSteps.has(getBackend());
}

/** Takes a step of every weight; each is a new tensor afterwards, and what the optimizer keeps holds new numbers. */
export function stepWeights<Slot extends string, Numbers extends object>(
  update: OptimizerUpdate<Slot, Numbers>,
  weights: readonly SteppedWeight<Slot>[],
  numbers: Numbers,
): void {
  // All of them, so that nothing is half done: numbers of another length would be written over others'.
  for (const weight of weights) checkShapes(update, weight);
  const backend = tfEngine().backend as KernelBackend;
  const own = ownSteps.get(getBackend());
  if (own) {
    own(update, weights, numbers, backend);
    return;
  }
  const kernels = update.runInPlace && tfjsHeapModule(backend);
  for (const weight of weights) {
    if (kernels) stepInPlace(update, weight, numbers, backend, kernels);
    else stepByTensors(update, weight, numbers);
  }
}

function checkShapes<Slot extends string, Numbers>(
  { kernelName, slots: names }: OptimizerUpdate<Slot, Numbers>,
  { value, gradient, slots }: SteppedWeight<Slot>,
): void {
  const who = callerOf(kernelName);
  const given: [string, TensorInfo | undefined][] = [
    ["gradient", gradient],
    ...names.map((name): [string, TensorInfo | undefined] => [name, slots[name]]),
  ];
  for (const [name, tensor] of given) {
    if (!tensor || `${tensor.shape}` === `${value.shape}`) continue;
    const [wanted, got] = [value.shape, tensor.shape].map((shape) => `[${shape.join(", ")}]`);
    throw new Error(`${who}: expected ${name} of shape ${wanted}, got ${got}`);
  }
}

function stepByTensors<Slot extends string, Numbers extends object>(
  update: OptimizerUpdate<Slot, Numbers>,
  { value, gradient, slots }: SteppedWeight<Slot>,
  numbers: Numbers,
): void {
  tidy(() => {
    const given = { value, gradient: tensorOf(gradient), ...slots } as WeightTensors<Slot>;
    const [after, ...kept] = runUpdate(update, given, numbers);
    const variables = update.slots.flatMap((name) => slots[name] ?? []) as Variable[];
    for (const [i, variable] of variables.entries()) variable.assign(kept[i]);
    value.assign(after);
  });
}

function stepInPlace<Slot extends string, Numbers extends object>(
  update: OptimizerUpdate<Slot, Numbers>,
  { value, gradient, slots }: SteppedWeight<Slot>,
  numbers: Numbers,
  backend: KernelBackend,
  kernels: TfjsHeapModule,
): void {
  const address = (tensor: TensorInfo) => readTensor(backend, tensor).byteOffset;
  const names = update.slots.filter((name) => slots[name]);
  // Reading brings a tensor here that lives on another backend. Addresses stay when the heap grows, views do not.
  const from: Record<string, number> = { value: address(value), gradient: address(gradient) };
  for (const name of names) from[name] = address(slots[name] as Variable);
  const made = (variable: Variable) => {
    const { arrays, finish } = newTensors(backend, variable.shape, 1);
    const [tensor] = finish();
    return { variable, tensor, address: arrays[0].byteOffset };
  };
  // A weight's numbers tell by their identity that they are others; a slot's nobody else has, but for a clone.
  const fresh = [made(value)];
  const to: Record<string, number> = { value: fresh[0].address };
  for (const name of names) {
    const slot = slots[name] as Variable;
    if (backend.refCount(slot.dataId) === 1) to[name] = from[name];
    else {
      const copy = made(slot);
      fresh.push(copy);
      to[name] = copy.address;
    }
  }
  update.runInPlace?.(kernels, numbers, value.size, from as never, to as never);
  backend.disposeData(gradient.dataId);
  for (const { variable, tensor } of fresh) {
    const next = tensorOf(tensor);
    variable.assign(next as never);
    next.dispose();
  }
}
