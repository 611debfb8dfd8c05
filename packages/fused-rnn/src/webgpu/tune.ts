// Which of the two ways a recurrence runs faster on this device, measured.

import { checkOptions, shown, weightShapes } from "@rnnkit/core-rnn";
import { dispose, fill, getBackend, backend as kernelBackend, zeros } from "@tensorflow/tfjs-core";
import { checkCall } from "../check-call.ts";
import type { EngineCall } from "../engine.ts";
import { backwardOnDevice } from "./backward.ts";
import { planOf } from "./call-plan.ts";
import { factsOf, setRowUnits } from "./device-facts.ts";
import { webgpuEngine } from "./engine.ts";
import { forwardOnDevice, type GpuSavedCall } from "./forward.ts";
import { type GpuBackend, giveBack, isGpuBackend } from "./gpu-backend.ts";
import { mostPairs } from "./row-programs.ts";

/** What `tuneWebGPUKernels` measures. */
export interface TuneOptions {
  /** Sizes that are tried, from 1 to 512: larger ones always run step by step. Default: 32, 64, 128, 256, 512. */
  units?: readonly number[] | undefined;
  /** Rows of the batch. Default 32. */
  batch?: number | undefined;
  /** Time steps. Default 50. */
  steps?: number | undefined;
  /** Turns of both ways, of which the fastest counts. Default 3. */
  rounds?: number | undefined;
}

/** An LSTM forwards and backwards both ways, milliseconds. */
export interface WayTimes {
  units: number;
  /** All steps in a dispatch, a row of the batch or some a workgroup. */
  rowsMs: number;
  /** A dispatch a step. */
  stepsMs: number;
}

/** What was measured, and what follows. */
export interface TunedKernels {
  /** Recurrences of at most so many units run by rows on this device from now on; 0: none. */
  unitsByRows: number;
  times: readonly WayTimes[];
}

/**
 * Measures on the device of tfjs's current *webgpu* backend up to how many units a recurrence is faster with all of
 * its steps in one dispatch than with a dispatch a step, and has the kernels keep to that on this device, until it is
 * called again. Without it the limit is an estimate, 192. It decides about time alone: both ways give the same bits.
 * On a GPU it takes about a second; call it once, before training.
 *
 * Between the last size that was faster by rows and the first that was not the limit is their geometric mean.
 *
 * @throws TypeError or RangeError for options that are unknown or out of range, and Error where the current backend is
 * not *webgpu*; the limit is then as before
 *
 * @example
 * const { unitsByRows } = await tuneWebGPUKernels();
 */
export async function tuneWebGPUKernels(options: TuneOptions = {}): Promise<TunedKernels> {
  const { units, batch, steps, rounds } = checkedOptions(options);
  const gpu = currentGpu();
  const before = factsOf(gpu.device).mostRowUnits;
  try {
    const times: WayTimes[] = [];
    for (const H of units) times.push(await timeBothWays(gpu, H, batch, steps, rounds));
    const unitsByRows = limitOf(times);
    setRowUnits(gpu.device, unitsByRows);
    return { unitsByRows, times };
  } catch (error) {
    setRowUnits(gpu.device, before);
    throw error;
  }
}

/** The limit that follows from times in the order of their units. */
export function limitOf(times: readonly WayTimes[]): number {
  const lost = times.findIndex(({ rowsMs, stepsMs }) => !(rowsMs <= stepsMs));
  if (lost === 0) return 0;
  const last = (times.at(lost < 0 ? -1 : lost - 1) as WayTimes).units;
  return lost < 0 ? last : Math.floor(Math.sqrt(last * (times[lost] as WayTimes).units));
}

const who = "tuneWebGPUKernels";

function checkedOptions(options: TuneOptions): Required<{
  [Name in keyof TuneOptions]: NonNullable<TuneOptions[Name]>;
}> {
  checkOptions(who, options, ["units", "batch", "steps", "rounds"], "{ batch: 32 }");
  const { units = [32, 64, 128, 256, 512], batch = 32, steps = 50, rounds = 3 } = options;
  if (!Array.isArray(units) || units.length === 0) {
    throw new TypeError(`${who}: expected units as an array of sizes, got ${shown(units)}`);
  }
  for (const size of units) checkWhole("units", size, mostPairs);
  checkWhole("batch", batch);
  checkWhole("steps", steps);
  checkWhole("rounds", rounds);
  return { units: [...new Set(units)].sort((a, b) => a - b), batch, steps, rounds };
}

function checkWhole(name: string, value: unknown, most = 65_535): void {
  if (Number.isInteger(value) && (value as number) >= 1 && (value as number) <= most) return;
  throw new RangeError(
    `${who}: expected ${name} of whole numbers from 1 to ${most}, got ${shown(value)}`,
  );
}

function currentGpu(): GpuBackend {
  const backend = getBackend() === "webgpu" ? kernelBackend() : undefined;
  if (backend && isGpuBackend(backend)) return backend;
  throw new Error(
    `${who}: expected tfjs's backend to be webgpu, got ${getBackend() || "none"}; select it first`,
  );
}

async function timeBothWays(
  gpu: GpuBackend,
  H: number,
  batch: number,
  steps: number,
  rounds: number,
): Promise<WayTimes> {
  const shapes = weightShapes("lstm", H, H);
  const tensorsOf = (shape: readonly number[]) => fill([...shape], 0.01);
  const x = tensorsOf([batch, steps, H]);
  const weights = {
    kernel: tensorsOf(shapes.kernel),
    recurrentKernel: tensorsOf(shapes.recurrentKernel),
    bias: tensorsOf(shapes.bias),
  };
  const dOutputs = tensorsOf([batch, H]);
  const dState = zeros([batch, H]);
  try {
    const call = checkCall(who, "lstm", x, weights, { returnSequences: false });
    const refusal = webgpuEngine.refuses(call.shape, "webgpu");
    if (refusal !== undefined) throw new Error(`${who}: expected less than ${H} units: ${refusal}`);
    const time = async (limit: number) => {
      setRowUnits(gpu.device, limit);
      const { way } = planOf(call.shape, factsOf(gpu.device));
      if (limit > 0 && way !== "rows") {
        throw new RangeError(
          `${who}: expected a batch that runs by rows at ${H} units, got ${batch}: so many always run step by step`,
        );
      }
      const startedAt = performance.now();
      runStep(gpu, call, { outputs: dOutputs, state: [dState, dState] });
      await doneOn(gpu);
      return performance.now() - startedAt;
    };
    const times = { rowsMs: Number.POSITIVE_INFINITY, stepsMs: Number.POSITIVE_INFINITY };
    // The first turn is the compiler's.
    for (let turn = 0; turn <= rounds; turn++) {
      const [rowsMs, stepsMs] = [await time(H), await time(0)];
      if (turn === 0) continue;
      times.rowsMs = Math.min(times.rowsMs, rowsMs);
      times.stepsMs = Math.min(times.stepsMs, stepsMs);
    }
    return { units: H, ...times };
  } finally {
    dispose([x, weights, dOutputs, dState]);
  }
}

/** What depends on the way: the recurrence forwards and backwards. */
function runStep(
  gpu: GpuBackend,
  call: EngineCall,
  cotangents: Parameters<typeof backwardOnDevice>[1],
): void {
  const { outputs, state, saved } = forwardOnDevice(gpu, call, true);
  backwardOnDevice(saved as GpuSavedCall, cotangents);
  webgpuEngine.release(saved as GpuSavedCall);
  giveBack(gpu, [outputs, ...state]);
}

/** Resolves when everything that was asked of the backend has been done. */
async function doneOn(gpu: GpuBackend): Promise<void> {
  gpu.ensureCommandEncoderReady();
  gpu.endComputePassEncoder();
  gpu.submitQueue();
  await gpu.device.queue.onSubmittedWorkDone();
}
