// How a forward call lies in memory, worked out once for each shape: a streaming call of one step
// takes less time than this does.

import {
  type CallShape,
  JOB_BYTES,
  jobTemplate,
  type Layout,
  layoutOf,
  rowInputs,
  shapeWords,
  wordIndex,
  workBytes,
} from "./call.ts";
import type { Heap } from "./memory.ts";
import { type Region, regionOf } from "./regions.ts";

/** A region, and the job's words that hold its addresses: index and offset in turn. */
interface JobRegion extends Region {
  words: number[];
}

/** Everything about a call that follows from its shape. */
export interface Plan {
  layout: Layout;
  /** What training keeps for the backward pass. */
  kept: JobRegion;
  /** What only the call itself needs. */
  passing: JobRegion;
  /** The job's words; addresses are 0. */
  template: Int32Array;
}

const plans = new Map<string, Plan>();
/** Shapes that are remembered. */
const MOST = 64;

function jobRegionOf(sizes: Readonly<Record<string, number>>): JobRegion {
  const region = regionOf(sizes);
  const words = Object.entries(region.offsets).flatMap(([name, offset]) => {
    const index = wordIndex(name);
    return index === undefined ? [] : [index, offset];
  });
  return { ...region, words };
}

/** The plan of a call. */
export function planOf(shape: CallShape, hasBias: boolean, hasState: boolean): Plan {
  const key = keyOf(shape, hasBias, hasState);
  let plan = plans.get(key);
  if (!plan) {
    plan = createPlan(shape, hasBias, hasState);
    if (plans.size >= MOST) plans.clear();
    plans.set(key, plan);
  }
  return plan;
}

/** By name: two shapes may hold the same values in another order. */
function keyOf(shape: CallShape, hasBias: boolean, hasState: boolean): string {
  const { cell, B, T, I, H, activation, recurrentActivation, masked, dropGates } = shape;
  const { returnSequences, goBackwards, zeroOutputForMask, training, byWords } = shape;
  return [
    ...[cell, B, T, I, H, activation, recurrentActivation, masked, dropGates],
    ...[returnSequences, goBackwards, zeroOutputForMask, training, byWords, hasBias, hasState],
  ].join();
}

function createPlan(shape: CallShape, hasBias: boolean, hasState: boolean): Plan {
  const layout = layoutOf(shape);
  const { B, T, I, H, cell, returnSequences } = shape;
  const { Hp, G } = layout;
  const lstm = cell === "lstm";
  const state = B * H * 4;
  return {
    layout,
    kept: jobRegionOf({
      job: JOB_BYTES,
      ...workBytes(shape, layout),
      kernel: I * G * H * 4,
      recurrent: H * G * H * 4,
    }),
    passing: jobRegionOf({
      x: shape.byWords ? 0 : B * T * I * 4,
      h0: hasState ? state : 0,
      c0: hasState && lstm ? state : 0,
      out: (returnSequences ? T : 1) * state,
      hT: state,
      cT: lstm ? state : 0,
      weights: Hp * (I + H) * G * 4,
      biases: Hp * 4 * 4,
      bias: hasBias ? layout.bias * 4 : 0,
    }),
    template: jobTemplate(shapeWords(shape, layout)),
  };
}

const RAW = wordIndex("raw") as number;
const RAW_ROW = wordIndex("rawRow") as number;

/** Writes the job of a call whose regions lie at `kept` and `passing`, and the mask of its lanes. */
export function writePlan(
  heap: Heap,
  { kept: work, passing: call, layout, template }: Plan,
  shape: CallShape,
  kept: number,
  passing: number,
): void {
  const { H, dropGates } = shape;
  const words = heap.words();
  const job = (kept + work.offsets.job) / 4;
  words.set(template, job);
  for (let i = 0; i < work.words.length; i += 2)
    words[job + work.words[i]] = kept + work.words[i + 1];
  for (let i = 0; i < call.words.length; i += 2)
    words[job + call.words[i]] = passing + call.words[i + 1];
  // Without dropout the state lives in the rows [x | h] alone.
  if (!dropGates) words[job + RAW] = kept + work.offsets.xh + rowInputs(shape) * 4;
  words[job + RAW_ROW] = dropGates ? layout.Hp * 4 : layout.xhRow;
  const lanes = (kept + work.offsets.lanes) / 4;
  words.fill(-1, lanes, lanes + H);
  words.fill(0, lanes + H, lanes + layout.Hp);
}
