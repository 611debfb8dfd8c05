// Keras's pad_sequences (keras.utils.pad_sequences, 3.15), for nested and for ragged sequences.
import { checkOptions, shown } from "./generated/options.ts";
import { isNumberArray, kindOf, type NdArray, type NumberArray } from "./nd-array.ts";

/** The arrays that a padded result can be made of; *string* gives a plain array of strings. */
export interface PaddedArrays {
  int32: Int32Array;
  float32: Float32Array;
  float64: Float64Array;
  int16: Int16Array;
  int8: Int8Array;
  uint32: Uint32Array;
  uint16: Uint16Array;
  uint8: Uint8Array;
  string: string[];
}

/**
 * Sequences end to end: sequence i is `values[offsets[i] … offsets[i + 1])`, and there are
 * `offsets.length − 1` of them. What `@rnnkit/datasets-imdb` loads.
 */
export interface RaggedSequences {
  values: NumberArray;
  offsets: NumberArray;
}

/** A step of a sequence: a number, a string (dtype *string*), or a vector of any rank. */
export type Step = number | string | NumberArray | readonly Step[];

/** What can be padded. */
export type Sequences = readonly (NumberArray | readonly Step[])[] | RaggedSequences;

/** What `padSequences` takes. */
export interface PadSequencesOptions<D extends keyof PaddedArrays = "int32"> {
  /** Steps of every row. Default the longest sequence. */
  maxLen?: number;
  /** The element type. Default *int32*, into which fractions are truncated toward zero. */
  dtype?: D;
  /** Pad at the start (*pre*, the default: a recurrent layer ends on data) or the end (*post*). */
  padding?: "pre" | "post";
  /** Drop surplus steps at the start (*pre*, the default) or the end (*post*). */
  truncating?: "pre" | "post";
  /** What padding is. Default 0, or "" for dtype *string*. */
  value?: number | string;
}

const who = "padSequences";
const optionNames = ["maxLen", "dtype", "padding", "truncating", "value"];

const constructors: Record<string, new (length: number) => NumberArray> = {
  int32: Int32Array,
  float32: Float32Array,
  float64: Float64Array,
  int16: Int16Array,
  int8: Int8Array,
  uint32: Uint32Array,
  uint16: Uint16Array,
  uint8: Uint8Array,
};

/**
 * Sequences of different lengths as one array [N, maxLen, ...step], padded and truncated as Keras
 * does: both at the start unless told otherwise.
 *
 * Sequences are arrays, typed arrays, arrays of vector steps, or the ragged form
 * `{ values, offsets }`, which is copied row by row without an array for each sequence. Empty
 * sequences become all **value**.
 *
 * Throws Keras's errors: sequences that are no list of lists, steps of another shape than those of
 * the first non-empty sequence, an unknown mode, no sequence and no **maxLen**, a **maxLen** of 0
 * with truncating *pre* and two steps to truncate, or with *post* and vector steps; and a number that the dtype cannot hold.
 *
 * Source: https://keras.io/api/data_loading/timeseries/#padsequences-function
 *
 * @example
 * padSequences([[1], [2, 3], [4, 5, 6]], { maxLen: 2 });
 * // => { data: Int32Array [0, 1, 2, 3, 5, 6], shape: [3, 2] }
 */
export function padSequences<D extends keyof PaddedArrays = "int32">(
  sequences: Sequences,
  options: PadSequencesOptions<D> = {},
): NdArray<PaddedArrays[D]> {
  checkOptions(who, options, optionNames, "{ maxLen: 100 }");
  const { padding = "pre", truncating = "pre" } = options;
  const dtype: keyof PaddedArrays = options.dtype ?? "int32";
  const value = options.value ?? (dtype === "string" ? "" : 0);
  expectMode("Padding", padding);
  expectMode("Truncating", truncating);
  if (dtype !== "string" && !Object.hasOwn(constructors, dtype)) {
    const known = [...Object.keys(constructors), "string"].join(", ");
    throw new Error(`${who}: expected dtype to be one of ${known}, got ${String(dtype)}`);
  }
  const isText = typeof value === "string";
  if (isText !== (dtype === "string") || (!isText && typeof value !== "number")) {
    throw new Error(
      `${who}: expected value to be what dtype ${dtype} holds, got ${shown(value)}; dtype "string" pads strings`,
    );
  }

  const source = isRagged(sequences) ? readRagged(sequences) : readNested(sequences);
  const { count, lengthOf, stepShape } = source;
  let longest = 0;
  for (let i = 0; i < count; i++) longest = Math.max(longest, lengthOf(i));
  const maxLen = options.maxLen ?? longest;
  if (!Number.isInteger(maxLen) || maxLen < 0) {
    throw new Error(`${who}: expected maxLen to be a non-negative integer, got ${shown(maxLen)}`);
  }
  if (count === 0 && options.maxLen === undefined) {
    throw new Error(`${who}: expected at least one sequence, or maxLen, got neither`);
  }
  // To Python s[-0:] is all of s, and numpy spreads a single step over none.
  if (maxLen === 0 && longest > 1 && truncating === "pre") {
    throw new Error(`${who}: expected maxLen of at least 1 with truncating "pre", got 0`);
  }

  const width = stepShape.reduce((product, size) => product * size, 1);
  const length = count * maxLen * width;
  const out: NumberArray | string[] =
    dtype === "string" ? new Array<string>(length) : new constructors[dtype](length);
  if (typeof value === "string") (out as string[]).fill(value);
  else if (value !== 0) {
    const padded = new constructors[dtype](1);
    store(padded, 0, value);
    (out as NumberArray).fill(padded[0]);
  }

  // What is spread over no step is read all the same, and refused if it is of another shape.
  const unseen: Output = dtype === "string" ? [] : new constructors[dtype](width);

  for (let i = 0; i < count; i++) {
    const found = lengthOf(i);
    if (maxLen === 0 && found > 0 && truncating === "pre") source.copy(i, 0, found, unseen, 0);
    const kept = Math.min(found, maxLen);
    const from = truncating === "pre" ? found - kept : 0;
    // To numpy a list cut to nothing is one of numbers.
    const isBare = maxLen === 0 && found > 0 && truncating === "post";
    if (isBare && stepShape.length > 0) wrongShape([], stepShape, i);
    const at = i * maxLen + (padding === "pre" ? maxLen - kept : 0);
    source.copy(i, from, kept, out, at * width);
  }
  return { data: out as PaddedArrays[D], shape: [count, maxLen, ...stepShape] };
}

type Output = NumberArray | string[];

/** Sequences behind one face, whichever form they came in. */
interface Source {
  count: number;
  stepShape: number[];
  lengthOf(i: number): number;
  /** Steps `from` to `from + kept` of sequence i, written to `out` from element `at` on. */
  copy(i: number, from: number, kept: number, out: Output, at: number): void;
}

function isRagged(x: unknown): x is RaggedSequences {
  return (
    typeof x === "object" && x !== null && "values" in x && "offsets" in x && !Array.isArray(x)
  );
}

function readRagged({ values, offsets }: RaggedSequences): Source {
  if (!isNumberArray(values) || !isNumberArray(offsets) || offsets.length === 0) {
    throw new Error(`${who}: expected { values, offsets } to be typed arrays, offsets not empty`);
  }
  for (let i = 0; i < offsets.length; i++) {
    if (!(offsets[i] >= (i > 0 ? offsets[i - 1] : 0) && offsets[i] <= values.length)) {
      throw new Error(
        `${who}: expected offsets to rise from 0 to at most ${values.length}, got ${offsets[i]} at ${i}`,
      );
    }
  }
  return {
    count: offsets.length - 1,
    stepShape: [],
    lengthOf: (i) => offsets[i + 1] - offsets[i],
    copy: (i, from, kept, out, at) => copyNumbers(values, offsets[i] + from, kept, out, at),
  };
}

function readNested(sequences: unknown): Source {
  if (!Array.isArray(sequences) && !isNumberArray(sequences)) {
    throw new Error(
      `${who}: \`sequences\` must be iterable: expected a list, got ${shown(sequences)}`,
    );
  }
  for (const [i, sequence] of sequences.entries()) {
    if (Array.isArray(sequence) || isNumberArray(sequence)) continue;
    throw new Error(
      `${who}: \`sequences\` must be a list of iterables. Found non-iterable: ${shown(sequence)} at position ${i}`,
    );
  }
  const rows = sequences as (NumberArray | Step[])[];
  const stepShape = shapeOf(rows.find((sequence) => sequence.length > 0)?.[0]);
  return {
    count: rows.length,
    stepShape,
    lengthOf: (i) => rows[i].length,
    copy: (i, from, kept, out, at) => {
      const row = rows[i];
      if (stepShape.length === 0 && isNumberArray(row))
        return copyNumbers(row, from, kept, out, at);
      let next = at;
      for (let k = from; k < from + kept; k++) next = copyStep(row[k], stepShape, 0, i, out, next);
    },
  };
}

function shapeOf(step: unknown): number[] {
  if (isNumberArray(step)) return [step.length];
  return Array.isArray(step) ? [step.length, ...shapeOf(step[0])] : [];
}

/** Writes a step depth first, checking its shape on the way; returns where the next one goes. */
function copyStep(
  step: Step,
  shape: number[],
  depth: number,
  position: number,
  out: Output,
  at: number,
): number {
  if (typeof step === "number" || typeof step === "string") {
    if (depth < shape.length) wrongShape([], shape.slice(depth), position);
    store(out, at, step);
    return at + 1;
  }
  const isVector = Array.isArray(step) || isNumberArray(step);
  if (!isVector)
    throw new Error(`${who}: expected numbers, got ${shown(step)} at position ${position}`);
  if (step.length !== shape[depth]) wrongShape(shapeOf(step), shape.slice(depth), position);
  let next = at;
  for (let k = 0; k < step.length; k++)
    next = copyStep(step[k], shape, depth + 1, position, out, next);
  return next;
}

function wrongShape(found: number[], expected: number[], position: number): never {
  throw new Error(
    `${who}: Shape of sample [${found}] of sequence at position ${position} is different from expected shape [${expected}]`,
  );
}

function copyNumbers(
  values: NumberArray,
  from: number,
  kept: number,
  out: Output,
  at: number,
): void {
  const kind = kindOf(out);
  if (kind?.startsWith("Float") || kind === kindOf(values)) {
    (out as NumberArray).set(values.subarray(from, from + kept), at);
  } else for (let k = 0; k < kept; k++) store(out, at + k, values[from + k]);
}

/** Stores one element as numpy converts it, and refuses what would come out as another number. */
function store(out: Output, at: number, x: unknown): void {
  if (Array.isArray(out)) {
    if (typeof x !== "string") throw new Error(`${who}: expected strings, got ${shown(x)}`);
    out[at] = x;
    return;
  }
  if (typeof x !== "number") {
    throw new Error(`${who}: expected numbers, got ${shown(x)}; dtype "string" pads strings`);
  }
  out[at] = x;
  if (out[at] !== Math.trunc(x) && !kindOf(out)?.startsWith("Float")) {
    throw new Error(`${who}: expected numbers that an ${kindOf(out)} holds, got ${x}`);
  }
}

function expectMode(name: string, mode: unknown): void {
  if (mode === "pre" || mode === "post") return;
  throw new Error(`${who}: ${name} type ${shown(mode)} not understood: expected "pre" or "post"`);
}
