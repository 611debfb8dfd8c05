// The uniform struct of every program: sizes of a call, its options, and the part of it that a dispatch does.

import type { CallShape } from "../call.ts";

/** What a dispatch is told. */
export type CallNumbers = {
  batch: number;
  steps: number;
  inputSize: number;
  units: number;
  /** Bits of `flag`. */
  flags: number;
  /** Dropout masks: 0 without, 1 that all gates share, else one for each. */
  inputVariants: number;
  recurrentVariants: number;
  /** Steps in the order of reading, from **start** to below **end**, of a tape that begins at **tapeStart**. */
  start: number;
  end: number;
  tapeStart: number;
  /** Rows of a workgroup. */
  rows: number;
  /** Parts of a sum over rows, of **partRows** each. */
  parts: number;
  partRows: number;
  tableRows: number;
};

/** Their names, in the order of the struct. */
export const callNumbers: readonly (keyof CallNumbers)[] = [
  "batch",
  "steps",
  "inputSize",
  "units",
  "flags",
  "inputVariants",
  "recurrentVariants",
  "start",
  "end",
  "tapeStart",
  "rows",
  "parts",
  "partRows",
  "tableRows",
];

/** Options of a call, by name. */
type CallFlag =
  | "masked"
  | "goBackwards"
  | "reverseOutputs"
  | "returnSequences"
  | "zeroOutputForMask";

/**
 * Bits of **flags**, beside a call's options:
 *
 * - **training**: everything that is needed backwards is kept;
 * - **product**, **step**: a step backwards begins with what comes from the step after it; it has a step of its own;
 * - **lookup**, **floatIds**: x is looked up; by ids of float32;
 * - **adds**: parts of a sum are added to those of the tapes before.
 */
export const flag: Readonly<
  Record<
    CallFlag | "training" | "bias" | "product" | "step" | "lookup" | "floatIds" | "adds",
    number
  >
> = {
  masked: 1,
  goBackwards: 2,
  reverseOutputs: 4,
  returnSequences: 8,
  zeroOutputForMask: 16,
  training: 32,
  bias: 64,
  product: 128,
  step: 256,
  lookup: 512,
  floatIds: 1024,
  adds: 2048,
};

const optionFlags: readonly CallFlag[] = [
  ...(["masked", "goBackwards", "reverseOutputs", "returnSequences", "zeroOutputForMask"] as const),
];

/** Those of a call, with other **flags** beside its options'. */
export function numbersOfCall(shape: CallShape, flags: number): CallNumbers {
  const { B, T, I, H } = shape;
  const options = optionFlags.reduce((bits, name) => bits | (shape[name] ? flag[name] : 0), flags);
  return {
    ...{ batch: B, steps: T, inputSize: I, units: H, flags: options },
    ...{ inputVariants: 0, recurrentVariants: 0, start: 0, end: T, tapeStart: 0, rows: 1 },
    ...{ parts: 1, partRows: 0, tableRows: 0 },
  };
}

/** Functions over `call` and the buffer *mask*, in WGSL. */
export const maskText: string = `
fn has(bit: u32) -> bool { return (call.flags & bit) != 0u; }
fn stepOf(s: u32) -> u32 { return select(s, call.steps - 1u - s, has(${flag.goBackwards}u)); }
fn isKept(row: u32, s: u32) -> bool {
  if (!has(${flag.masked}u)) { return true; }
  return mask[row * call.steps + stepOf(s)] != 0u;
}`;
