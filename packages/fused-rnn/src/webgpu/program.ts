// Programs of the device, and how they are run in tfjs's own order of commands.

import { type TensorInfo, util } from "@tensorflow/tfjs-core";
import { bufferOf, dtypeOnDevice, type GpuBackend, giveBack, newTensor } from "./gpu-backend.ts";
import { watchDevice } from "./late-errors.ts";
import { watchReads } from "./reads.ts";
import { mainInTwo } from "./wgsl.ts";

/** A storage buffer of a program: numbers (f32) or words (u32) that are read or written, marks (atomic). */
export type Access = "read" | "write" | "words" | "wordsOut" | "marks";

const declarations: Readonly<Record<Access, readonly [mode: string, element: string]>> = {
  ...{ read: ["read", "f32"], write: ["read_write", "f32"] },
  ...{ words: ["read", "u32"], wordsOut: ["read_write", "u32"] },
  marks: ["read_write", "atomic<u32>"],
};

/** A compute program: its buffers in the order of their bindings, and its text but for their declarations. */
export interface Program<Name extends string = string> {
  /** Its key: programs of one name are one. */
  readonly name: string;
  /** At most 8, which every device allows. */
  readonly storage: Readonly<Record<Name, Access>>;
  /** Names of the numbers (u32) of the uniform struct `call`. */
  readonly numbers: readonly string[];
  readonly text: () => string;
}

/** Workgroups in x, y, z. */
export type Groups = readonly [x: number, y: number, z: number];

/** As many workgroups in x and y as **count** in one row, of which a dimension takes 65535. */
export function inTwo(count: number): Groups {
  const x = Math.min(count, 65_535);
  return [x, Math.ceil(count / x), 1];
}

interface Compiled {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

/** What is kept for a device. */
interface DeviceState {
  readonly programs: Map<string, Compiled>;
  /** Uniform buffers by their content, what was asked for last at the end: calls come in few shapes. */
  readonly uniforms: Map<string, GPUBuffer>;
  /** Stands where a program has a buffer that a call lacks. */
  readonly none: GPUBuffer;
}

const devices = new WeakMap<GPUDevice, DeviceState>();
const keptUniforms = 512;

function stateOf(device: GPUDevice): DeviceState {
  let state = devices.get(device);
  if (!state) {
    const none = device.createBuffer({ size: 16, usage: GPUBufferUsage.STORAGE });
    state = { programs: new Map(), uniforms: new Map(), none };
    devices.set(device, state);
  }
  return state;
}

/** A program with its buffers: those that are absent it must not touch. */
export interface Run<Name extends string = string> {
  readonly program: Program<Name>;
  readonly tensors: Readonly<Record<Name, TensorInfo | undefined>>;
  readonly groups: Groups;
}

/** A run whose names have been checked. */
export function runOf<Name extends string>(
  program: Program<Name>,
  tensors: Readonly<Record<Name, TensorInfo | undefined>>,
  groups: Groups,
): Run {
  return { program, tensors, groups } as unknown as Run;
}

/**
 * Runs programs after everything that was asked of the backend before: all of them in turn for the first of
 * **numbers**, then for the second, and so on.
 *
 * @throws Error if an earlier command of ours was refused by the device, or the device is lost
 */
export function dispatch(
  backend: GpuBackend,
  runs: readonly Run[],
  numbers: readonly Readonly<Record<string, number>>[],
): void {
  const { device } = backend;
  watchDevice(device);
  watchReads(backend);
  const state = stateOf(device);
  const bound = runs.map((run) => bind(backend, state, run, numbers));
  backend.ensureCommandEncoderReady();
  backend.computePassEncoder ??= backend.commandEncoder.beginComputePass();
  const pass = backend.computePassEncoder;
  for (const [i] of numbers.entries()) {
    for (const { pipeline, bindGroup, groups } of bound) {
      if (i === 0 || bound.length > 1) pass.setPipeline(pipeline);
      pass.setBindGroup(0, bindGroup, [i * uniformStride]);
      pass.dispatchWorkgroups(...groups);
    }
  }
  for (const { made } of bound) giveBack(backend, made);
  backend.dispatchCountInPass += numbers.length * runs.length;
  if (backend.dispatchCountInPass < submitAfter) return;
  backend.endComputePassEncoder();
  backend.submitQueue();
}

const floatsOfWords: Program<"words" | "floats"> = {
  name: "floats of words",
  storage: { words: "words", floats: "write" },
  numbers: ["count"],
  text: () => `${mainInTwo(64)}
  let at = place * 64u + lane;
  if (at < call.count) { floats[at] = f32(bitcast<i32>(words[at])); }
}`,
};

/**
 * A tensor of float32 with floats in its buffer. tfjs's cast from integers is another tensor over the same buffer, whose
 * words read as floats are none: then it is a new one, for the caller to give back.
 */
export function floatsOf(backend: GpuBackend, tensor: TensorInfo): TensorInfo {
  if (tensor.dtype !== "float32" || dtypeOnDevice(backend, tensor) === "float32") return tensor;
  const floats = newTensor(backend, tensor.shape);
  const count = util.sizeFromShape(tensor.shape);
  const groups = inTwo(Math.ceil(count / 64));
  dispatch(backend, [runOf(floatsOfWords, { words: tensor, floats }, groups)], [{ count }]);
  return floats;
}

interface Bound {
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
  readonly groups: Groups;
  /** Tensors that were made for it. */
  readonly made: readonly TensorInfo[];
}

function bind(
  backend: GpuBackend,
  state: DeviceState,
  { program, tensors, groups }: Run,
  numbers: readonly Readonly<Record<string, number>>[],
): Bound {
  const { device } = backend;
  const { pipeline, layout } = compiled(device, state, program);
  // Uploads end a pass: they come before it begins.
  const made: TensorInfo[] = [];
  const buffers = Object.entries(program.storage).map(([name, access]) => {
    const tensor = tensors[name];
    if (!tensor) return { buffer: state.none };
    const read = access === "read" ? floatsOf(backend, tensor) : tensor;
    if (read !== tensor) made.push(read);
    return { buffer: bufferOf(backend, read) };
  });
  const uniform = {
    buffer: uniformOf(device, state, program.numbers, numbers),
    size: 4 * program.numbers.length,
  };
  const entries = [...buffers, uniform].map((resource, binding) => ({ binding, resource }));
  return { pipeline, bindGroup: device.createBindGroup({ layout, entries }), groups, made };
}

/** tfjs's own batch: so many dispatches wait for each other's company. */
const submitAfter = 15;

function compiled(device: GPUDevice, { programs }: DeviceState, program: Program): Compiled {
  const known = programs.get(program.name);
  if (known) return known;
  const names = Object.keys(program.storage);
  const layout = device.createBindGroupLayout({
    entries: [...names, "call"].map((name, binding) => ({
      binding,
      visibility: GPUShaderStage.COMPUTE,
      buffer: bufferLayout(program.storage[name]),
    })),
  });
  const module = device.createShaderModule({ code: sourceOf(program), label: program.name });
  const pipeline = device.createComputePipeline({
    label: program.name,
    layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
    compute: { module, entryPoint: "main" },
  });
  const made = { pipeline, layout };
  programs.set(program.name, made);
  return made;
}

function bufferLayout(access: Access | undefined): GPUBufferBindingLayout {
  if (access === undefined) return { type: "uniform", hasDynamicOffset: true };
  return { type: declarations[access][0] === "read" ? "read-only-storage" : "storage" };
}

/** The whole text of a program. */
export function sourceOf({ storage, numbers, text }: Program): string {
  const names = Object.keys(storage);
  const buffers = names.map((name, binding) => {
    const [mode, element] = declarations[storage[name]];
    return `@group(0) @binding(${binding}) var<storage, ${mode}> ${name}: array<${element}>;`;
  });
  return [
    `struct Call { ${numbers.map((name) => `${name}: u32`).join(", ")} }`,
    ...buffers,
    `@group(0) @binding(${names.length}) var<uniform> call: Call;`,
    text(),
  ].join("\n");
}

/** Bytes from one uniform struct to the next: offsets are multiples of it on every device. */
const uniformStride = 256;

/** The structs of these names, one behind the other. */
function uniformOf(
  device: GPUDevice,
  { uniforms }: DeviceState,
  names: readonly string[],
  numbers: readonly Readonly<Record<string, number>>[],
): GPUBuffer {
  const rows = numbers.map((each) => names.map((name) => each[name]));
  const key = rows.join(";");
  const known = uniforms.get(key);
  if (known) {
    // Numbers that change at each step, as Adam's, do not push out those that stay.
    uniforms.delete(key);
    uniforms.set(key, known);
    return known;
  }
  const buffer = device.createBuffer({
    ...{ size: uniformStride * rows.length, usage: GPUBufferUsage.UNIFORM },
    mappedAtCreation: true,
  });
  const words = new Uint32Array(buffer.getMappedRange());
  for (const [i, row] of rows.entries()) words.set(row, (i * uniformStride) / 4);
  buffer.unmap();
  uniforms.set(key, buffer);
  // What is dropped here may still wait in a bind group, which keeps it: it is not destroyed.
  if (uniforms.size > keptUniforms) uniforms.delete(uniforms.keys().next().value as string);
  return buffer;
}
