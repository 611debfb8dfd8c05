// The updates of optimizers on the device: one weight as a kernel of tfjs's registry, and all weights of a model in
// as few dispatches as there are buffers for.

import {
  type KernelBackend,
  type KernelConfig,
  type TensorInfo,
  util,
  type Variable,
} from "@tensorflow/tfjs-core";
import { releaseDeadCalls } from "../tfjs/saved-calls.ts";
import { tensorOf } from "../tfjs/tensor-access.ts";
import type { OwnSteps } from "../tfjs/weight-steps.ts";
import {
  bufferOf,
  copyNumbers,
  dtypeOnDevice,
  type GpuBackend,
  giveBack,
  isGpuBackend,
  newTensor,
} from "./gpu-backend.ts";
import { stepLanes, stepProgram, steps } from "./optimizer-programs.ts";
import { dispatch, floatsOf, inTwo, runOf } from "./program.ts";
import { wordOf } from "./wgsl.ts";

type Tensors = Readonly<Record<string, TensorInfo>>;

/** Steps of weights whose tensors are written over, but for the gradients. */
function runSteps(
  backend: GpuBackend,
  kernelName: string,
  slots: readonly string[],
  weights: readonly Tensors[],
  numbers: Readonly<Record<string, number>>,
): void {
  const { maxStorageBuffersPerShaderStage: most } = backend.device.limits;
  const atOnce = Math.max(1, Math.floor(most / (slots.length + 2)));
  const own = Object.entries(steps[kernelName].numbers(numbers));
  const words = Object.fromEntries(own.map(([name, number]) => [name, wordOf(number)]));
  const present = weights.filter(({ value }) => sizeOf(value) > 0);
  for (let from = 0; from < present.length; from += atOnce) {
    const group = present.slice(from, from + atOnce);
    const named = group.flatMap((tensors, i) =>
      ["value", "gradient", ...slots].map((name) => [`${name}${i}`, tensors[name]] as const),
    );
    const counts = group.map(({ value }, i) => [`count${i}`, sizeOf(value)] as const);
    const all = counts.reduce((sum, [, count]) => sum + count, 0);
    const run = runOf(
      stepProgram(kernelName, slots, group.length),
      Object.fromEntries(named),
      inTwo(Math.ceil(all / stepLanes)),
    );
    dispatch(backend, [run], [{ ...words, ...Object.fromEntries(counts) }]);
  }
}

const sizeOf = ({ shape }: TensorInfo): number => util.sizeFromShape(shape);

function copyOf(backend: GpuBackend, tensor: TensorInfo): TensorInfo {
  const floats = floatsOf(backend, tensor);
  if (floats !== tensor) return floats;
  const copy = newTensor(backend, tensor.shape);
  if (sizeOf(tensor) > 0) copyNumbers(backend, tensor, 0, copy, 0, sizeOf(tensor));
  return copy;
}

/** The update of a weight as a kernel: new tensors, in the order of value and slots. */
export function updateKernel(kernelName: string): KernelConfig {
  return {
    kernelName,
    backendName: "webgpu",
    kernelFunc({ inputs, attrs, backend }) {
      const gpu = backend as GpuBackend;
      const slots = steps[kernelName].slots.filter((name) => inputs[name]);
      const made = ["value", ...slots].map((name): [string, TensorInfo] => [
        name,
        copyOf(gpu, inputs[name] as TensorInfo),
      ]);
      const tensors = { ...Object.fromEntries(made), gradient: inputs.gradient as TensorInfo };
      runSteps(gpu, kernelName, slots, [tensors], attrs as never);
      return made.map(([, tensor]) => tensor);
    },
  };
}

/** What of a tensor's data is set here. */
type OpenData = { resource: unknown; external?: boolean };

/**
 * Takes a step of every weight in its own buffers. Each is under a new tensor afterwards: who knows numbers by their
 * tensor, or is just reading them, does not mistake the new ones for them. Numbers that somebody else has too are
 * copied before.
 */
export const stepOnDevice: OwnSteps = (update, weights, numbers, backend) => {
  const gpu = gpuOf(backend);
  // They share the weights.
  releaseDeadCalls();
  const data = ({ dataId }: TensorInfo) => gpu.tensorMap.get(dataId) as OpenData;
  const isOurs = (tensor: TensorInfo) =>
    gpu.refCount(tensor.dataId) === 1 &&
    dtypeOnDevice(gpu, tensor) === "float32" &&
    data(tensor).external !== true;
  for (const [kept, group] of bySlots(update.slots, weights)) {
    const targets = group.map(({ value, slots }) =>
      [value, ...kept.map((name) => slots[name] as Variable)].map((variable) => ({
        variable,
        copy: isOurs(variable) ? undefined : copyOf(gpu, variable),
      })),
    );
    const tensors = targets.map((each, i) => ({
      gradient: group[i].gradient,
      ...Object.fromEntries(
        ["value", ...kept].map((name, k) => [name, each[k].copy ?? each[k].variable]),
      ),
    })) as Tensors[];
    runSteps(gpu, update.kernelName, kept, tensors, numbers as never);
    for (const { variable, copy } of targets.flat()) {
      const next = tensorOf(copy ?? renamed(variable));
      variable.assign(next as never);
      next.dispose();
    }
    giveBack(
      gpu,
      group.map(({ gradient }) => gradient),
    );
  }

  /** A tensor's buffer under a new one. */
  function renamed(tensor: TensorInfo): TensorInfo {
    const fresh = newTensor(gpu, tensor.shape);
    if (sizeOf(tensor) === 0) return fresh;
    data(fresh).resource = data(tensor).resource;
    data(tensor).resource = null;
    // It is still in commands that wait.
    bufferOf(gpu, fresh);
    return fresh;
  }
};

/** The weights that have the same slots, with the names of these. */
function bySlots<Slot extends string, W extends { slots: Partial<Record<Slot, unknown>> }>(
  names: readonly Slot[],
  weights: readonly W[],
): [Slot[], W[]][] {
  const groups = new Map<string, [Slot[], W[]]>();
  for (const weight of weights) {
    const kept = names.filter((name) => weight.slots[name]);
    const group = groups.get(`${kept}`) ?? [kept, []];
    group[1].push(weight);
    groups.set(`${kept}`, group);
  }
  return [...groups.values()];
}

function gpuOf(backend: KernelBackend): GpuBackend {
  if (isGpuBackend(backend)) return backend;
  throw new Error("fused-rnn: expected tfjs's WebGPU backend, got another");
}
