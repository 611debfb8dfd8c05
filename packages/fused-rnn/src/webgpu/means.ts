// Losses and metrics as one operation of tfjs: the mean over a batch and, where it is recorded, its slopes, which are
// the gradient where nothing stands between the mean and the loss.

import {
  clone,
  backend as currentBackend,
  type GradConfig,
  getBackend,
  type KernelConfig,
  mul,
  type NamedAttrMap,
  type Scalar,
  type Tensor,
  type TensorInfo,
  engine as tfEngine,
  util,
} from "@tensorflow/tfjs-core";
import type { MeanKind } from "../step-ops.ts";
import { isRecording } from "../tfjs/saved-calls.ts";
import {
  dtypeOnDevice,
  type GpuBackend,
  giveBack,
  isGpuBackend,
  knownNumbers,
  newTensor,
} from "./gpu-backend.ts";
import { meanKinds, meanOfParts, meanParts, meanRows } from "./mean-programs.ts";
import type { OwnKernels } from "./own-kernels.ts";
import { dispatch, runOf } from "./program.ts";
import { wordOf } from "./wgsl.ts";

const kernelName = "FusedMean";

interface Attrs {
  kind: MeanKind;
  training: boolean;
}

const kernel: KernelConfig = {
  kernelName,
  backendName: "webgpu",
  kernelFunc({ inputs, attrs, backend }) {
    const gpu = backend as GpuBackend;
    const { yTrue, yPred } = inputs as Record<string, TensorInfo>;
    const { kind, training } = attrs as unknown as Attrs;
    const width = meanKinds[kind].isOfEach ? 1 : (yPred.shape.at(-1) as number);
    const count = util.sizeFromShape(yPred.shape) / width;
    const groups = Math.ceil(count / meanRows);
    const mean = newTensor(gpu, []);
    const parts = groups === 1 ? mean : newTensor(gpu, [groups]);
    const slopes = training ? newTensor(gpu, yPred.shape) : undefined;
    const epsilon = gpu.epsilon();
    const numbers = {
      ...{
        count,
        width,
        isTraining: training ? 1 : 0,
        isWhole: dtypeOnDevice(gpu, yTrue) === "float32" ? 0 : 1,
      },
      ...{ share: wordOf(1 / count), least: wordOf(epsilon), most: wordOf(1 - epsilon) },
      // WGSL has no words for them.
      ...{ nan: wordOf(Number.NaN), infinity: wordOf(Number.POSITIVE_INFINITY) },
    };
    const run = runOf(meanParts(kind), { yTrue, yPred, parts, slopes }, [groups, 1, 1]);
    dispatch(gpu, [run], [numbers]);
    if (groups > 1) {
      dispatch(gpu, [runOf(meanOfParts, { parts, mean }, [1, 1, 1])], [{ count: groups }]);
      giveBack(gpu, [parts]);
    }
    return slopes ? [mean, slopes] : [mean];
  },
};

const gradient: GradConfig = {
  kernelName,
  outputsToSave: [false, true],
  gradFunc(dys, [slopes], attrs) {
    const [dMean] = dys as unknown as Tensor[];
    const { kind } = attrs as unknown as Attrs;
    const refuse = (): never => {
      throw new Error(
        `${kind}: expected its gradient in the predictions, got one asked in targets`,
      );
    };
    return { yPred: () => (isOne(dMean) ? clone(slopes) : mul(slopes, dMean)), yTrue: refuse };
  },
};

/** Whether a number is known to be 1 without reading the device: that of a loss which is the whole cost is. */
function isOne(number: Tensor): boolean {
  const backend = currentBackend();
  if (getBackend() !== "webgpu" || !isGpuBackend(backend)) return false;
  return knownNumbers(backend, number)?.[0] === 1;
}

/** What tfjs's registry gets. */
export const meanKernels: OwnKernels = { kernels: [kernel], gradient };

const sameShape = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((n, i) => n === b[i]);

/** The mean of a loss or a metric; undefined where it is left to tfjs. */
export function mean(kind: MeanKind, yTrue: Tensor, yPred: Tensor): Scalar | undefined {
  const { isSparse, isOfEach, isLoss } = meanKinds[kind];
  if (yPred.dtype !== "float32" || yPred.size === 0 || yPred.rank === 0) return undefined;
  if (!["float32", "int32", "bool"].includes(yTrue.dtype)) return undefined;
  const rows = yPred.shape.slice(0, -1);
  const fits = isSparse
    ? sameShape(yTrue.shape, rows) || sameShape(yTrue.shape, [...rows, 1])
    : sameShape(yTrue.shape, yPred.shape);
  const count = isOfEach ? yPred.size : yPred.size / (yPred.shape.at(-1) as number);
  const isNested = tfEngine().state.gradientDepth > 1;
  if (!fits || isNested || count > 65_535 * meanRows) return undefined;
  const training = isLoss && isRecording();
  const [value] = tfEngine().runKernel(
    kernelName,
    { yTrue, yPred } as never,
    { kind, training } satisfies Attrs as unknown as NamedAttrMap,
  ) as unknown as Scalar[];
  return value;
}
