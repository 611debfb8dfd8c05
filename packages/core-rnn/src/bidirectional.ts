import type { Cell, CellParams } from "./cell.ts";
import { checkArray, checkCount, checkWord } from "./check.ts";
import { checkKinds } from "./option-kinds.ts";
import { checkOptions } from "./options.ts";
import {
  runSequence,
  runSequenceBackward,
  type SequenceGradients,
  type SequenceTape,
} from "./sequence.ts";
import {
  checkSequence,
  type DropoutMasks,
  dropoutNames,
  type SequenceOptions,
  sequenceFlags,
  type Tensor64,
} from "./sequence-options.ts";

/** How the outputs of the two directions become one; Keras's *None* is: read `forward`, `backward`. */
export type MergeMode = "concat" | "sum" | "mul" | "ave";

const mergeModes: readonly MergeMode[] = ["concat", "sum", "mul", "ave"];

/** Something for each direction. */
export interface Directions<F, B = F> {
  forward: F;
  backward: B;
}

/** Options of `runBidirectional`. */
export interface BidirectionalOptions
  extends Pick<
    SequenceOptions,
    "initialState" | "mask" | "returnSequences" | "goBackwards" | "truncation"
  > {
  /** Default *concat*: the units of forward, then those of backward. */
  mergeMode?: MergeMode | undefined;
  /** The output of a masked step is 0. Default: what **returnSequences** is, as Keras forces it. */
  zeroOutputForMask?: boolean | undefined;
  /** Dropout masks of each direction. Default: none. */
  dropout?: Partial<Directions<DropoutMasks & Pick<SequenceOptions, "cellDropout">>> | undefined;
}

/** What `runBidirectionalBackward` needs to know of a forward run. */
export interface BidirectionalTape extends Directions<SequenceTape> {
  mergeMode: MergeMode;
  /** The two outputs that were merged, aligned in time. */
  outputs: Directions<Tensor64>;
}

/** What `runBidirectional` returns. */
export interface BidirectionalResult extends Directions<Tensor64> {
  /** Merged: [B, T, H], or [B, H] without **returnSequences**; 2H (or H + H′) for *concat*. */
  outputs: Tensor64;
  /** The final states of forward, then those of backward. */
  state: Float64Array[];
  tape: BidirectionalTape;
}

/** What comes back to `runBidirectionalBackward`; absent is zero, and all that is given adds up. */
export interface BidirectionalCotangents {
  /** Like the merged `outputs`. */
  dOutputs?: Float64Array | undefined;
  /** Like `forward`. */
  dForward?: Float64Array | undefined;
  /** Like `backward`. */
  dBackward?: Float64Array | undefined;
  /** Like `state`. */
  dState?: readonly (Float64Array | undefined)[] | undefined;
}

/**
 * Runs one cell forward and one backward in time over the same x [B, T, I] and merges their outputs,
 * those of the backward cell turned round so that both are aligned in time.
 *
 *     concat  [f, b]      sum  f + b      mul  f ⊙ b      ave  (f + b)/2
 *
 * **initialState** lists forward's states, then backward's. With **goBackwards** the two change
 * roles in time, and still backward's outputs are the ones turned round, as in Keras.
 *
 * References: Schuster & Paliwal 1997; https://keras.io/api/layers/recurrent_layers/bidirectional/
 *
 * @throws RangeError or TypeError, before any work, for an array or a word that does not fit.
 * @example
 * const cells = { forward: lstmCell({ inputSize: 3, units: 4 }), backward: lstmCell({ inputSize: 3, units: 4 }) };
 * const params = { forward: initialParams(cells.forward), backward: initialParams(cells.backward) };
 * const x = { data: new Float64Array(2 * 5 * 3), shape: [2, 5, 3] };
 * runBidirectional(cells, params, x).outputs.shape; // => [2, 5, 8]
 */
export function runBidirectional<F = CellParams, B = F>(
  cells: Directions<Cell<F>, Cell<B>>,
  params: Directions<F, B>,
  x: Tensor64,
  options: BidirectionalOptions = {},
): BidirectionalResult {
  checkOptions("runBidirectional", options, optionNames);
  checkKinds("runBidirectional", options, sequenceFlags);
  const { mergeMode = "concat", dropout, initialState, goBackwards = false, ...shared } = options;
  checkDirections("cells", cells);
  checkDirections("parameters", params);
  checkDirections("dropout masks", dropout ?? {});
  for (const masks of Object.values(dropout ?? {})) {
    checkOptions("runBidirectional", masks ?? {}, dropoutNames, undefined, "dropout masks");
  }
  checkCells(cells, mergeMode);
  const { returnSequences = true } = options;
  const { zeroOutputForMask = returnSequences } = options;
  const states = cells.forward.stateSizes.length;
  if (initialState) {
    const expected = states + cells.backward.stateSizes.length;
    checkCount("runBidirectional", "initial states", initialState, expected);
  }
  const each: Directions<SequenceOptions> = {
    forward: {
      ...shared,
      ...dropout?.forward,
      zeroOutputForMask,
      goBackwards,
      initialState: initialState?.slice(0, states),
    },
    backward: {
      ...shared,
      ...dropout?.backward,
      zeroOutputForMask,
      goBackwards: !goBackwards,
      // In the order of forward's, whichever that is.
      reverseOutputs: true,
      initialState: initialState?.slice(states),
    },
  };
  checkSequence(cells.backward, params.backward, x, each.backward);

  const forward = runSequence(cells.forward, params.forward, x, each.forward);
  const backward = runSequence(cells.backward, params.backward, x, each.backward);
  const outputs = { forward: forward.outputs, backward: backward.outputs };
  return {
    ...outputs,
    outputs: merge(mergeMode, outputs),
    state: [...forward.state, ...backward.state],
    tape: { mergeMode, outputs, forward: forward.tape, backward: backward.tape },
  };
}

/**
 * The reverse of `runBidirectional`. `dx` is the sum over both directions; `dParams` has each
 * direction's gradients; `dInitialState` lists forward's, then backward's.
 *
 * @throws RangeError or TypeError, before any work, for an array that does not fit.
 * @example
 * const { outputs, tape } = runBidirectional(cells, params, x);
 * const dOutputs = outputs.data.map((y, i) => y - target[i]);
 * const { dx, dParams } = runBidirectionalBackward(cells, params, tape, { dOutputs });
 */
export function runBidirectionalBackward<F = CellParams, B = F>(
  cells: Directions<Cell<F>, Cell<B>>,
  params: Directions<F, B>,
  tape: BidirectionalTape,
  cotangents: BidirectionalCotangents,
): SequenceGradients<Directions<F, B>> {
  const { outputs, mergeMode } = tape;
  const who = "runBidirectionalBackward";
  const names = ["dOutputs", "dForward", "dBackward", "dState"];
  checkOptions(who, cotangents, names, undefined, "cotangents");
  const { dOutputs, dForward, dBackward, dState } = cotangents;
  const states = cells.forward.stateSizes.length;
  if (dState) {
    checkCount(who, "entries of dState", dState, states + cells.backward.stateSizes.length);
  }
  if (dForward) checkArray(who, "dForward", dForward, outputs.forward.shape);
  if (dBackward) checkArray(who, "dBackward", dBackward, outputs.backward.shape);
  if (dOutputs) checkArray(who, "dOutputs", dOutputs, mergedShape(mergeMode, outputs));

  const merged = dOutputs && mergeBackward(mergeMode, outputs, dOutputs);
  const forward = runSequenceBackward(cells.forward, params.forward, tape.forward, {
    dOutputs: sum(merged?.forward, dForward),
    dState: dState?.slice(0, states),
  });
  const backward = runSequenceBackward(cells.backward, params.backward, tape.backward, {
    dOutputs: sum(merged?.backward, dBackward),
    dState: dState?.slice(states),
  });
  return {
    dx: forward.dx.map((value, i) => value + backward.dx[i]),
    dParams: { forward: forward.dParams, backward: backward.dParams },
    dInitialState: [...forward.dInitialState, ...backward.dInitialState],
  };
}

const optionNames = [
  "mergeMode",
  "initialState",
  "mask",
  "returnSequences",
  "goBackwards",
  "truncation",
  "zeroOutputForMask",
  "dropout",
];

function checkDirections(kind: string, each: object): void {
  const example = "{ forward: ..., backward: ... }";
  checkOptions("runBidirectional", each, ["forward", "backward"], example, kind);
}

function checkCells(
  { forward, backward }: Directions<Pick<Cell, "inputSize" | "units">>,
  mergeMode: MergeMode,
): void {
  const who = "runBidirectional";
  checkWord(who, "mergeMode", mergeMode, mergeModes);
  if (forward.inputSize !== backward.inputSize) {
    throw new RangeError(
      `${who}: expected cells of one inputSize, got ${forward.inputSize} and ${backward.inputSize}`,
    );
  }
  if (mergeMode !== "concat" && forward.units !== backward.units) {
    throw new RangeError(
      `${who}: expected cells of equal units to ${mergeMode}, got ${forward.units} and ${backward.units}`,
    );
  }
}

function mergedShape(mode: MergeMode, { forward, backward }: Directions<Tensor64>): number[] {
  const units = forward.shape[forward.shape.length - 1];
  const more = mode === "concat" ? backward.shape[backward.shape.length - 1] : 0;
  return [...forward.shape.slice(0, -1), units + more];
}

function merge(mode: MergeMode, outputs: Directions<Tensor64>): Tensor64 {
  const shape = mergedShape(mode, outputs);
  const f = outputs.forward.data;
  const b = outputs.backward.data;
  if (mode === "concat") {
    const [wide, narrow] = [shape[shape.length - 1], outputs.forward.shape.at(-1) as number];
    const data = new Float64Array(f.length + b.length);
    for (let start = 0, row = 0; start < data.length; start += wide, row++) {
      data.set(f.subarray(row * narrow, (row + 1) * narrow), start);
      data.set(b.subarray(row * (wide - narrow), (row + 1) * (wide - narrow)), start + narrow);
    }
    return { data, shape };
  }
  if (mode === "mul") return { data: f.map((y, i) => y * b[i]), shape };
  const scale = mode === "ave" ? 0.5 : 1;
  return { data: f.map((y, i) => scale * (y + b[i])), shape };
}

function mergeBackward(
  mode: MergeMode,
  outputs: Directions<Tensor64>,
  dOutputs: Float64Array,
): Directions<Float64Array> {
  const f = outputs.forward.data;
  const b = outputs.backward.data;
  if (mode === "concat") {
    const narrow = outputs.forward.shape.at(-1) as number;
    const rest = outputs.backward.shape.at(-1) as number;
    const forward = new Float64Array(f.length);
    const backward = new Float64Array(b.length);
    for (let start = 0, row = 0; start < dOutputs.length; start += narrow + rest, row++) {
      forward.set(dOutputs.subarray(start, start + narrow), row * narrow);
      backward.set(dOutputs.subarray(start + narrow, start + narrow + rest), row * rest);
    }
    return { forward, backward };
  }
  if (mode === "mul") {
    return {
      forward: dOutputs.map((d, i) => d * b[i]),
      backward: dOutputs.map((d, i) => d * f[i]),
    };
  }
  const scale = mode === "ave" ? 0.5 : 1;
  const half = dOutputs.map((d) => scale * d);
  return { forward: half, backward: half };
}

function sum(a: Float64Array | undefined, b: Float64Array | undefined): Float64Array | undefined {
  return a && b ? a.map((value, i) => value + b[i]) : (a ?? b);
}
