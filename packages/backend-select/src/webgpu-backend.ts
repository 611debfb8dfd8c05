// tfjs's webgpu backend goes on with zeros when its device is lost or has refused work. Made to say so here.
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import type {
  BackendValues,
  DataId,
  DataType,
  GPUData,
  Tensor,
  TensorInfo,
} from "@tensorflow/tfjs-core";
import { isLost } from "./webgpu-device.ts";
import { deviceLost, synchronousRead, uncaptured } from "./webgpu-fault.ts";

type Backend = typeof WebGPUBackend;
type Arguments<Name extends "runWebGPUProgram" | "createTensorFromGPUData"> = Parameters<
  WebGPUBackend[Name]
>;

/** Private to tfjs's class, and there in each of its builds. */
interface Recorder {
  readonly commandEncoder: GPUCommandEncoder | null;
}

/** On a device whose faults are thrown here: fused-rnn, which watches others itself, then leaves it to this. */
const guarded = Symbol.for("rnnkit.guarded");

/**
 * tfjs's backend on **device**, where a device that is lost and work that was refused are errors by name on the next
 * call of whatever there is: `WebGPUDeviceLost` on every one until another backend takes its place;
 * `WebGPUValidationError`, `WebGPUOutOfMemoryError` and `WebGPUInternalError` once, after which it works again.
 * A synchronous read of numbers on the GPU is `WebGPUSynchronousRead`. What lies in the CPU's memory can be read always.
 */
export function guardedBackend(
  Base: Backend,
  device: GPUDevice,
  info: GPUAdapterInfo,
): WebGPUBackend {
  return new (guardedClass(Base))(device, info);
}

function guardedClass(Base: Backend): Backend {
  return class GuardedBackend extends Base {
    #lost: GPUDeviceLostInfo | undefined;
    #fault: GPUError | undefined;
    /** Faults that were thrown, and whose echoes the device has not all told yet. */
    #settling = 0;

    constructor(device: GPUDevice, info?: GPUAdapterInfo) {
      super(device, info);
      Object.defineProperty(device, guarded, { value: true });
      void device.lost.then((info) => {
        this.#lost = info;
      });
      device.addEventListener("uncapturederror", (event) => {
        event.preventDefault();
        const isEcho = this.#settling > 0 && event.error.message.includes("to a previous error");
        if (!isEcho) this.#fault ??= event.error;
      });
    }

    /** Throws what has happened since the last call. */
    #check(): void {
      if (this.#lost) throw deviceLost(this.#lost);
      const fault = this.#fault;
      if (!fault) return;
      this.#fault = undefined;
      this.#flush();
      throw uncaptured(fault);
    }

    // An encoder that has recorded refused work is void: the next call shall have another.
    #flush(): void {
      this.#settling++;
      this.device.pushErrorScope("validation");
      this.endComputePassEncoder();
      if ((this as unknown as Recorder).commandEncoder) this.submitQueue();
      const settled = () => {
        this.#settling--;
      };
      this.device.popErrorScope().then(settled, settled);
    }

    #isOnCpu(dataId: DataId): boolean {
      // Asked for data of another backend, the map would fetch it.
      if (!this.tensorMap.has(dataId)) return true;
      const { values, dtype, complexTensorInfos: parts } = this.tensorMap.get(dataId);
      if (parts) return this.#isOnCpu(parts.real.dataId) && this.#isOnCpu(parts.imag.dataId);
      return values != null || dtype === "string";
    }

    override write(values: BackendValues, shape: number[], dtype: DataType): DataId {
      this.#check();
      return super.write(values, shape, dtype);
    }

    override uploadToGPU(dataId: DataId): void {
      this.#check();
      super.uploadToGPU(dataId);
    }

    override runWebGPUProgram(...program: Arguments<"runWebGPUProgram">): TensorInfo {
      this.#check();
      return super.runWebGPUProgram(...program);
    }

    override createTensorFromGPUData(...data: Arguments<"createTensorFromGPUData">): Tensor {
      this.#check();
      return super.createTensorFromGPUData(...data);
    }

    override readToGPU(dataId: DataId): GPUData {
      this.#check();
      return super.readToGPU(dataId);
    }

    override async read(dataId: DataId): Promise<BackendValues> {
      if (this.#isOnCpu(dataId)) return super.read(dataId);
      this.#check();
      try {
        const values = await super.read(dataId);
        this.#check();
        return values;
      } catch (error) {
        // What a read says when the device goes under it comes before the device does.
        if (await isLost(this.device)) this.#check();
        throw error;
      }
    }

    override readSync(dataId: DataId): BackendValues {
      if (this.#isOnCpu(dataId)) return super.readSync(dataId);
      this.#check();
      throw synchronousRead();
    }

    override dispose(): void {
      super.dispose();
      this.device.destroy();
    }
  };
}
