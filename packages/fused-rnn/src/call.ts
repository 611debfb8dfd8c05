// A call of the engine in words, and how its buffers lie in memory: the mirror of assembly/job.ts.

import type { DecidedBy } from "./token-source.ts";

/** The recurrences that the engine knows, in the order of its cell numbers. */
export type CellKind = "simpleRnn" | "lstm" | "gruAfter" | "gruBefore";

const CELLS: readonly CellKind[] = ["simpleRnn", "lstm", "gruAfter", "gruBefore"];

/** Activations that run inside the kernels, in the order of their numbers there. */
export const fusedActivations = [
  "linear",
  "tanh",
  "sigmoid",
  "relu",
  "hard_sigmoid",
  "elu",
  "selu",
  "softplus",
  "softsign",
  "exponential",
  "hard_sigmoid_keras2",
] as const;

/** An activation that runs inside the kernels. */
export type FusedActivation = (typeof fusedActivations)[number];

/** What decides how a call runs. */
export interface CallShape {
  cell: CellKind;
  /** Batch. */
  B: number;
  /** Time steps. */
  T: number;
  /** Input features. */
  I: number;
  /** Units. */
  H: number;
  activation: FusedActivation;
  recurrentActivation: FusedActivation;
  returnSequences: boolean;
  goBackwards: boolean;
  zeroOutputForMask: boolean;
  masked: boolean;
  /** Which of the tokens that are given decide a step of x. */
  decidedBy?: DecidedBy | undefined;
  /** The engine multiplies the kernel by the distinct tokens' vectors: decided by what the tokens are. */
  byWords?: boolean | undefined;
  /** 0 without dropout masks, 1 where all gates share them, else one for each gate. */
  dropGates: number;
  /** Keeps what the backward pass needs. */
  training: boolean;
}

/** Names of the job's 32-bit words, in their order. */
const WORDS = [
  ..."cell T B I H Hp R flags activation recurrentActivation".split(" "),
  ..."x mask h0 c0 out hT cT weights biases transposed".split(" "),
  ..."xh xhRow xhGate slots slotMask raw rawRow gates gateRow keepMask c ac".split(" "),
  ..."dropGates drop dOut dhT dcT dx dh0 dc0 dz dzRow tile dxh dxhRow".split(" "),
  ..."dc direct carry dw dwRow lanes kernel recurrent bias panel list order starts".split(" "),
  ..."wordOf words wordSums wordRow vectorRow wordStarts bases".split(" "),
] as const;

/** A word of the job by name. */
export type Word = string;

const INDEX = new Map<string, number>(WORDS.map((name, i) => [name, i]));

/** The index of a word in the job; undefined for names that are none. */
export function wordIndex(name: Word): number | undefined {
  return INDEX.get(name);
}

/** Bytes of a job. */
export const JOB_BYTES: number = WORDS.length * 4;

/** Writes words of the job at `address`. */
export function writeJob(
  words: Int32Array,
  address: number,
  values: Readonly<Record<Word, number>>,
): void {
  for (const [name, value] of Object.entries(values)) {
    const index = INDEX.get(name);
    if (index === undefined) throw new Error(`job: no word named ${name}`);
    words[address / 4 + index] = value;
  }
}

/** A job with these words, the others 0. */
export function jobTemplate(values: Readonly<Record<Word, number>>): Int32Array {
  const words = new Int32Array(WORDS.length);
  writeJob(words, 0, values);
  return words;
}

const GO_BACKWARDS = 1;
const RETURN_SEQUENCES = 2;
const ZERO_OUTPUT = 4;
export const NEED_DX = 8;

/** Numbers that follow from the shape of a call; sizes in floats unless they say bytes. */
export interface Layout {
  /** Units rounded up to 4. */
  Hp: number;
  /** Gates of the cell's Keras matrices. */
  G: number;
  /** Rows of a block and the number of blocks. */
  R: number;
  blocks: number;
  /** Steps of a tile of the backward pass. */
  tile: number;
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
  const G = cell === "simpleRnn" ? 1 : cell === "lstm" ? 4 : 3;
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
    tile: Math.max(1, Math.min(T, Math.ceil(128 / R))),
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
export function rowInputs({ I, byWords }: CallShape): number {
  return byWords ? 0 : I;
}

/** The bits of the word `flags`; NEED_DX is the backward pass's to add. */
export function flagsOf(shape: CallShape): number {
  return (
    (shape.goBackwards ? GO_BACKWARDS : 0) |
    (shape.returnSequences ? RETURN_SEQUENCES : 0) |
    (shape.zeroOutputForMask ? ZERO_OUTPUT : 0)
  );
}

/** The words of a call that follow from its shape. */
export function shapeWords(shape: CallShape, layout: Layout): Record<Word, number> {
  const { cell, B, T, I, H } = shape;
  // SimpleRNN's gate values are its states, which are kept as such.
  const keep = shape.training && cell !== "simpleRnn";
  return {
    cell: CELLS.indexOf(cell),
    ...{ T, B, I, H },
    Hp: layout.Hp,
    R: layout.R,
    flags: flagsOf(shape),
    activation: fusedActivations.indexOf(shape.activation),
    recurrentActivation: fusedActivations.indexOf(shape.recurrentActivation),
    xhRow: layout.xhRow,
    xhGate: B * layout.slots * layout.xhRow,
    slots: layout.slots,
    slotMask: shape.training ? -1 : 1,
    gateRow: layout.gateRow,
    keepMask: keep ? -1 : 0,
    dropGates: shape.dropGates,
    dzRow: layout.dzRow,
    tile: layout.tile,
    dxhRow: layout.dxhRow,
    dwRow: layout.dwRow,
  };
}

/** Bytes of the buffers that a forward call works in; training keeps them for the backward pass. */
export function workBytes(shape: CallShape, layout: Layout): Record<Word, number> {
  const { B, T, cell, dropGates } = shape;
  const keep = shape.training && cell !== "simpleRnn";
  const rows = B * layout.slots;
  return {
    xh: rows * layout.xhRow * Math.max(1, dropGates),
    raw: dropGates ? rows * layout.Hp * 4 : 0,
    gates: B * (keep ? T : 1) * layout.gateRow,
    c: cell === "lstm" ? B * (keep ? T + 1 : 1) * layout.Hp * 4 : 0,
    ac: cell === "lstm" ? B * (keep ? T : 1) * layout.Hp * 4 : 0,
    drop: B * layout.xhRow * dropGates,
    lanes: layout.Hp * 4,
    mask: shape.masked ? B * T : 0,
    list: shape.masked ? B * BLOCK_LINES : 0,
  };
}
