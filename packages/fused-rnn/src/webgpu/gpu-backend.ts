// tfjs's WebGPU backend as our kernels use it: tensors that lie in its buffers, in its order of commands.

import {
  type DataType,
  type KernelBackend,
  type TensorInfo,
  engine as tfEngine,
} from "@tensorflow/tfjs-core";

/** What of a tensor the backend keeps. */
interface TensorData {
  /** As they lie in the buffer: a tensor that was cast from integers has them as they were. */
  readonly dtype: DataType;
  /** Numbers that are not on the device, or are there too. */
  readonly values: ArrayLike<number> | null | undefined;
  readonly resource?: unknown;
}

/**
 * The parts of tfjs's `WebGPUBackend` that a kernel of one's own needs; some are private in its types. Asked for by
 * name, not by import: nobody needs that package who does not use it.
 */
export interface GpuBackend extends KernelBackend {
  readonly device: GPUDevice;
  readonly tensorMap: { get(dataId: object): TensorData; has(dataId: object): boolean };
  readonly commandQueueOwnedIds: WeakSet<object>;
  commandEncoder: GPUCommandEncoder;
  computePassEncoder: GPUComputePassEncoder | null;
  dispatchCountInPass: number;
  makeTensorInfo(shape: readonly number[], dtype: DataType): TensorInfo;
  uploadToGPU(dataId: object): void;
  ensureCommandEncoderReady(): void;
  endComputePassEncoder(): void;
  submitQueue(): void;
  incRef(dataId: object): void;
  /** Whether tfjs goes on with these on the host: there they lie, and are few. */
  shouldExecuteOnCPU(inputs: readonly TensorInfo[]): boolean;
}

/** Whether a backend is tfjs's of WebGPU. */
export function isGpuBackend(backend: KernelBackend): backend is GpuBackend {
  return "device" in backend && "uploadToGPU" in backend && "ensureCommandEncoderReady" in backend;
}

/** The buffer of a tensor, which is brought there if it is not, and not given back before its commands have run. */
export function bufferOf(backend: GpuBackend, { dataId }: TensorInfo): GPUBuffer {
  const { tensorMap, commandQueueOwnedIds } = backend;
  // A tensor of another backend is moved here by being looked for.
  tensorMap.get(dataId);
  backend.uploadToGPU(dataId);
  commandQueueOwnedIds.add(dataId);
  return tensorMap.get(dataId).resource as GPUBuffer;
}

/** The numbers of a tensor that are known without reading the device, or undefined. */
export function knownNumbers(
  backend: GpuBackend,
  { dataId }: Pick<TensorInfo, "dataId">,
): ArrayLike<number> | undefined {
  return backend.tensorMap.get(dataId).values ?? undefined;
}

/** The dtype of what lies in the buffer of a tensor, whatever the tensor's own. */
export function dtypeOnDevice(backend: GpuBackend, { dataId }: TensorInfo): DataType {
  return backend.tensorMap.get(dataId).dtype;
}

/** A new tensor of float32, holding whatever lay in its buffer before. */
export function newTensor(backend: GpuBackend, shape: readonly number[]): TensorInfo {
  return backend.makeTensorInfo(shape, "float32");
}

/**
 * The same numbers under another tensor: nothing is copied, and each is given back for itself. Of a variable they are
 * those that it has now: what is assigned to it later is another's.
 */
export function shared(
  backend: GpuBackend,
  { dataId, shape, dtype }: TensorInfo,
  newShape: number[] = shape,
): TensorInfo {
  backend.incRef(dataId);
  return { dataId, shape: newShape, dtype };
}

/** Gives back tensors of our own, and our share of those that tfjs knows, or knew. */
export function giveBack(backend: GpuBackend, tensors: Iterable<Pick<TensorInfo, "dataId">>): void {
  const engine = tfEngine();
  for (const { dataId } of tensors) {
    // tfjs forgets numbers when it gives them back itself, which it has not where ours was the last share.
    if (backend.disposeData(dataId) && engine.state.tensorInfo.has(dataId)) {
      engine.removeDataId(dataId, backend);
    }
  }
}

/** Copies numbers from one tensor into another, on the device; offsets and counts are in numbers. */
export function copyNumbers(
  backend: GpuBackend,
  from: TensorInfo,
  fromStart: number,
  to: TensorInfo,
  toStart: number,
  count: number,
): void {
  const [source, target] = [bufferOf(backend, from), bufferOf(backend, to)];
  betweenPasses(backend).copyBufferToBuffer(source, 4 * fromStart, target, 4 * toStart, 4 * count);
}

/** Fills numbers of a tensor with 0, on the device. */
export function clearNumbers(
  backend: GpuBackend,
  tensor: TensorInfo,
  start: number,
  count: number,
): void {
  const buffer = bufferOf(backend, tensor);
  betweenPasses(backend).clearBuffer(buffer, 4 * start, 4 * count);
}

/** The encoder of the commands that wait, outside of a pass. */
function betweenPasses(backend: GpuBackend): GPUCommandEncoder {
  backend.ensureCommandEncoderReady();
  backend.endComputePassEncoder();
  return backend.commandEncoder;
}
