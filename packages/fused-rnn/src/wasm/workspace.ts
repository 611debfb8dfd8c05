// How a forward call lies in memory, worked out once for each shape: a streaming call of one step
// takes less time than this does.

import { cellTable } from "@rnnkit/core-rnn";
import type { CallShape } from "../call.ts";
import {
  DESCRIPTOR_BYTES,
  descriptorTemplate,
  type Field,
  fieldIndex,
  shapeFields,
} from "./descriptor.ts";
import type { Heap } from "./heap.ts";
import { type Region, regionOf } from "./regions.ts";

/** Numbers that follow from the shape of a call; sizes in floats unless they say bytes. */
export interface Layout {
  /** Units rounded up to 4. */
  Hp: number;
  /** Gates of the cell's Keras matrices. */
  G: number;
  /** Rows of a block and the number of blocks. */
  R: number;
  blocks: number;
  /** Steps of a timeChunk of the backward pass. */
  timeChunk: number;
  /** Slots of a state buffer: T + 1 where they are kept, else 2. */
  slots: number;
  /** Bytes of a row of each buffer. */
  xhRow: number;
  gateRow: number;
  dzRow: number;
  dxhRow: number;
  dwRow: number;
  /** Floats of the bias: 2·3H for GRU with reset after. */
  bias: number;
}

/** Bytes for each row of what threads write at every step, each to its blocks' own cache lines. */
export const BLOCK_LINES = 16;

const up = (n: number, to: number) => Math.ceil(n / to) * to;
/** An odd number of cache lines: rows then fall into different cache sets. */
const oddLines = (floats: number) => (Math.ceil(floats / 16) | 1) * 64;
/** Bytes of a row that is read back from memory: no more than must be where rows are short. */
const fewLines = (floats: number) => (floats < 256 ? floats * 4 : oddLines(floats));

/**
 * How a call is cut up. Blocks depend on the shape alone, never on the number of threads, and each
 * sums its own weight gradients: so results are the same bit for bit however many threads run them.
 */
export function layoutOf(shape: CallShape): Layout {
  const { cell, B, T, I, H, training } = shape;
  const Hp = up(H, 4);
  const G = cellTable[cell].gates.length;
  const inputs = rowInputs(shape);
  const dzColumns = cell === "simpleRnn" ? Hp : cell === "gruBefore" ? 3 * Hp : 4 * Hp;
  // A block re-reads all weights every step and owns a copy of their gradients: few rows while that
  // is small, more when it is large; but of a small batch two threads shall have some each.
  const weightBytes = (I + H) * G * H * 4;
  const least = B <= 8 ? 4 : weightBytes <= 1 << 19 ? 8 : 16;
  const R = Math.min(B, Math.max(least, up(Math.ceil(B / 8), 2)));
  return {
    Hp,
    G,
    R,
    blocks: Math.ceil(B / R),
    timeChunk: Math.max(1, Math.min(T, Math.ceil(128 / R))),
    slots: training ? T + 1 : 2,
    // Four floats more than must be, lest rows of I + H a power of two share a set of the cache.
    xhRow: (up(inputs + Hp + (cell === "gruBefore" ? Hp : 0), 4) + 4) * 4,
    gateRow: fewLines(cell === "simpleRnn" ? Hp : 4 * Hp),
    dzRow: oddLines(up(dzColumns, 16)),
    dxhRow: oddLines(up(inputs, 16) + up(H, 16)),
    dwRow: up(dzColumns, 16) * 4,
    bias: cell === "gruAfter" ? 6 * H : G * H,
  };
}

/** How many inputs the rows [x | h] hold. */
export function rowInputs({ I, byToken }: CallShape): number {
  return byToken ? 0 : I;
}

/** Bytes of the buffers that a forward call works in; training keeps them for the backward pass. */
export function workBytes(shape: CallShape, layout: Layout): Partial<Record<Field, number>> {
  const { B, T, cell, dropoutVariants } = shape;
  const keep = shape.training && cell !== "simpleRnn";
  const rows = B * layout.slots;
  return {
    xh: rows * layout.xhRow * Math.max(1, dropoutVariants),
    hidden: dropoutVariants ? rows * layout.Hp * 4 : 0,
    gates: B * (keep ? T : 1) * layout.gateRow,
    c: cell === "lstm" ? B * (keep ? T + 1 : 1) * layout.Hp * 4 : 0,
    ac: cell === "lstm" ? B * (keep ? T : 1) * layout.Hp * 4 : 0,
    dropout: B * layout.xhRow * dropoutVariants,
    unitMask: layout.Hp * 4,
    mask: shape.masked ? B * T : 0,
    activeList: shape.masked ? B * BLOCK_LINES : 0,
  };
}

/** A region, and the descriptor's words that hold its addresses: index and offset in turn. */
interface JobRegion extends Region {
  fields: number[];
}

/** Everything about a call that follows from its shape. */
export interface Plan {
  layout: Layout;
  /** What training keeps for the backward pass. */
  kept: JobRegion;
  /** What only the call itself needs. */
  passing: JobRegion;
  /** The descriptor's words; addresses are 0. */
  template: Int32Array;
}

const plans = new Map<string, Plan>();
/** Shapes that are remembered. */
const MOST = 64;

function jobRegionOf(sizes: Readonly<Partial<Record<Field | "descriptor", number>>>): JobRegion {
  const region = regionOf(sizes);
  const words = Object.entries(region.offsets).flatMap(([name, offset]) => {
    const index = fieldIndex(name);
    return index === undefined ? [] : [index, offset];
  });
  return { ...region, fields: words };
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
  const { cell, B, T, I, H, activation, recurrentActivation, masked, dropoutVariants } = shape;
  const { returnSequences, goBackwards, zeroOutputForMask, training, byToken } = shape;
  return [
    ...[cell, B, T, I, H, activation, recurrentActivation, masked, dropoutVariants],
    ...[returnSequences, goBackwards, zeroOutputForMask, training, byToken, hasBias, hasState],
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
      descriptor: DESCRIPTOR_BYTES,
      ...workBytes(shape, layout),
      kernel: I * G * H * 4,
      recurrent: H * G * H * 4,
    }),
    passing: jobRegionOf({
      x: shape.byToken ? 0 : B * T * I * 4,
      h0: hasState ? state : 0,
      c0: hasState && lstm ? state : 0,
      out: (returnSequences ? T : 1) * state,
      hT: state,
      cT: lstm ? state : 0,
      weights: Hp * (I + H) * G * 4,
      biases: Hp * 4 * 4,
      bias: hasBias ? layout.bias * 4 : 0,
    }),
    template: descriptorTemplate(shapeFields(shape, layout)),
  };
}

const HIDDEN = fieldIndex("hidden");
const HIDDEN_ROW = fieldIndex("hiddenRow");

/** Writes the descriptor of a call whose regions lie at `kept` and `passing`, and the mask of its unitMask. */
export function writePlan(
  heap: Heap,
  { kept: work, passing: call, layout, template }: Plan,
  shape: CallShape,
  kept: number,
  passing: number,
): void {
  const { H, dropoutVariants } = shape;
  const words = heap.i32();
  const descriptor = (kept + work.offsets.descriptor) / 4;
  words.set(template, descriptor);
  for (let i = 0; i < work.fields.length; i += 2)
    words[descriptor + work.fields[i]] = kept + work.fields[i + 1];
  for (let i = 0; i < call.fields.length; i += 2)
    words[descriptor + call.fields[i]] = passing + call.fields[i + 1];
  // Without dropout the state lives in the rows [x | h] alone.
  if (!dropoutVariants) words[descriptor + HIDDEN] = kept + work.offsets.xh + rowInputs(shape) * 4;
  words[descriptor + HIDDEN_ROW] = dropoutVariants ? layout.Hp * 4 : layout.xhRow;
  const unitMask = (kept + work.offsets.unitMask) / 4;
  words.fill(-1, unitMask, unitMask + H);
  words.fill(0, unitMask + H, unitMask + layout.Hp);
}
