// Runs a chain of stages in the engine: forwards, and back to the gradients of its weights.

import {
  getBackend,
  type KernelBackend,
  Tensor,
  type TensorInfo,
  type TypedArray,
  engine as tfEngine,
} from "@tensorflow/tfjs-core";
import { readTensor, tensorOf, writeTensor } from "../tfjs/tensor-access.ts";
import { refusesBackend } from "../wasm/engine.ts";
import { getInstance } from "../wasm/instance.ts";
import { type Flow, flowOf, sizeOf } from "./flow.ts";
import type { Pass, Stage, StageRun } from "./stage.ts";

/** Why no chain runs here now; undefined where one does. */
export function chainRefusal(): string | undefined {
  return refusesBackend(getBackend());
}

/** What a chain did in one pass. */
export interface ChainRun {
  readonly shape: readonly number[];
  /** The last stage's output, current until the next call of the engine: copy what is kept. */
  values(): Float32Array;
  /** The last stage's output as a tensor. */
  output(): Tensor;
  /**
   * The gradient of each weight that is asked of, from that of the output; in training, once. They are the backend's
   * and the caller's: a step of an optimizer disposes them.
   */
  gradients(dy: Float32Array): Map<Tensor, TensorInfo>;
  /** Gives back the engine's memory; once, whatever happened before. */
  release(): void;
}

/** What goes into a chain: a batch as a tensor, or as plain numbers. */
export type ChainInput = Tensor | { shape: readonly number[]; values: ArrayLike<number> };

/** The numbers of a tensor where they lie, on a backend that a chain runs on; current until the next operation. */
export function readNumbers(x: Tensor): TypedArray {
  return readTensor(tfEngine().backend as KernelBackend, x);
}

/**
 * Runs **stages** on x. Training keeps what the gradients of the weights in **trained** need; without it nothing
 * is kept but the output.
 *
 * @throws what a stage throws, with nothing kept; its gradients, for a **dy** of another length, outside of training,
 * and for the second time
 * @example
 * const run = runChain(stages, x, true, new Set([kernel]));
 * const gradient = run.gradients(dy).get(kernel);
 * run.release();
 */
export function runChain(
  stages: readonly Stage[],
  x: ChainInput,
  training: boolean,
  trained: ReadonlySet<Tensor>,
): ChainRun {
  const backend = tfEngine().backend as KernelBackend;
  // One that lives on another backend comes here first: that may move what was read before.
  for (const stage of stages) for (const weight of stage.weights()) readTensor(backend, weight);
  if (training) checkOnce(stages);
  const gradients = new Map<Tensor, TensorInfo>();
  const pass: Pass = { instance: getInstance(), backend, training, trained, gradients };
  const runs: StageRun[] = [];
  const release = () => {
    for (const run of runs.splice(0)) run.release();
  };
  const values = x instanceof Tensor ? readTensor(backend, x) : x.values;
  let flow: Flow = flowOf(values as Float32Array, x.shape);
  try {
    for (const stage of stages) {
      const run = stage.run(flow, pass);
      // What passes its input on, or another shape of it, keeps nothing of its own.
      if (!training && run.output.address !== flow.address) release();
      runs.push(run);
      flow = run.output;
    }
  } catch (error) {
    release();
    throw error;
  }
  const output = flow;
  let isDone = false;
  return {
    shape: output.shape,
    values: output.read,
    output: () => tensorOf(writeTensor(pass.backend, [...output.shape], output.read())),
    gradients(dy) {
      checkGradients(training, runs.length, sizeOf(output.shape), dy.length);
      if (isDone) throw new Error("runChain: expected one question for the gradients, got another");
      isDone = true;
      // A loss or a metric may have gone to another backend.
      pass.backend = tfEngine().backend as KernelBackend;
      try {
        goBack(stages, runs, flowOf(dy, output.shape), pass);
      } catch (error) {
        for (const { dataId } of gradients.values()) pass.backend.disposeData(dataId);
        throw error;
      }
      return gradients;
    },
    release,
  };
}

function checkOnce(stages: readonly Stage[]): void {
  const all = stages.flatMap((stage) => stage.weights());
  if (new Set(all).size === all.length) return;
  throw new Error("runChain: expected each weight in one stage, got one in two");
}

function checkGradients(training: boolean, runs: number, size: number, given: number): void {
  const who = "runChain";
  if (!training) throw new Error(`${who}: expected a pass in training for gradients, got another`);
  if (runs === 0) throw new Error(`${who}: expected gradients to be asked for before release`);
  if (given !== size) throw new Error(`${who}: expected dy of ${size} numbers, got ${given}`);
}

/** From the last stage to the first that trains a weight. */
function goBack(stages: readonly Stage[], runs: readonly StageRun[], last: Flow, pass: Pass): void {
  const trains = stages.map((stage) => stage.weights().some((weight) => pass.trained.has(weight)));
  const first = trains.indexOf(true);
  let dy: Flow | undefined = last;
  for (let i = stages.length - 1; i >= first && first >= 0 && dy; i--) {
    dy = runs[i].backward(dy, i > first);
  }
}
