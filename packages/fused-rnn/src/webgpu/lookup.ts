// A lookup of vectors by ids of any dtype, with a gradient that needs the ids alone.

import {
  type GradConfig,
  type KernelConfig,
  type NamedAttrMap,
  type Tensor,
  type TensorInfo,
  engine as tfEngine,
} from "@tensorflow/tfjs-core";
import type { GpuBackend } from "./gpu-backend.ts";
import { lookedUp, sumsByIds } from "./moved-rows.ts";
import type { OwnKernels } from "./own-kernels.ts";
import { areChecked, fetchWrongIds, wrongIdMark } from "./wrong-ids.ts";

const kernelName = "FusedLookup";
const who = "lookup";
const gradientName = "FusedLookupGrad";

const forwardKernel: KernelConfig = {
  kernelName,
  backendName: "webgpu",
  kernelFunc({ inputs, backend }) {
    const gpu = backend as GpuBackend;
    const { table, ids } = inputs as Record<string, TensorInfo>;
    const [rows] = table.shape;
    if (areChecked(gpu, who, ids, rows)) return lookedUp(gpu, table, ids);
    const vectors = lookedUp(gpu, table, ids, wrongIdMark(gpu));
    fetchWrongIds(gpu, who, rows);
    return vectors;
  },
};

const gradientKernel: KernelConfig = {
  kernelName: gradientName,
  backendName: "webgpu",
  kernelFunc({ inputs, attrs, backend }) {
    const { dy, ids } = inputs as Record<string, TensorInfo>;
    const { tableRows } = attrs as { tableRows: number };
    return sumsByIds(backend as GpuBackend, dy, ids, tableRows);
  },
};

const gradient: GradConfig = {
  kernelName,
  inputsToSave: ["ids"],
  gradFunc(dy, [ids], attrs) {
    const refuse = (): never => {
      throw new Error("lookup: expected its gradient in the table, got one asked in ids");
    };
    const table = () =>
      tfEngine().runKernel(gradientName, { dy: dy as Tensor, ids }, attrs) as Tensor;
    return { table, ids: refuse };
  },
};

/** What tfjs's registry gets. */
export const lookupKernels: OwnKernels = { kernels: [forwardKernel, gradientKernel], gradient };

/** Rows of a table [V, I] by ids; undefined where it is left to tfjs. */
export function lookup(table: Tensor, ids: Tensor): Tensor | undefined {
  const isOurs = table.dtype === "float32" && (ids.dtype === "float32" || ids.dtype === "int32");
  const isNested = tfEngine().state.gradientDepth > 1;
  if (!isOurs || isNested || table.rank !== 2 || table.size * ids.size === 0) return undefined;
  const attrs = { tableRows: table.shape[0] } as unknown as NamedAttrMap;
  return tfEngine().runKernel(kernelName, { table, ids } as never, attrs) as Tensor;
}
