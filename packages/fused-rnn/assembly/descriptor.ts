// One call of a recurrent layer, as the host describes it: the one source of its fields. From this file
// scripts/build-wasm.mjs generates their names, numbers and types for TypeScript (src/generated/descriptor.ts),
// so it holds nothing but enums of numbers and one class of 32-bit fields.
//
// B batch, T time, I input, H units, Hp units rounded up to 4. The batch is cut into blocks of R
// rows; a block owns its rows of every buffer, so blocks run on any thread in any order. Buffers
// that are kept per time step are [block][step][row of block]; a "slot" is a step, or, where
// inference reuses the buffer, step & mask.

/** What a reset gate works on: there is none; the product of the state; the state before its product. */
export const enum ResetMode {
  NONE = 0,
  AFTER = 1,
  BEFORE = 2,
}

/** Bits of `flags`. */
export const enum Flag {
  GO_BACKWARDS = 1,
  RETURN_SEQUENCES = 2,
  ZERO_OUTPUT = 4,
  NEED_DX = 8,
  REVERSE_OUTPUTS = 16,
}

/** Functions of the gates and of the candidate (activations.ts). */
export const enum Activation {
  LINEAR = 0,
  TANH = 1,
  SIGMOID = 2,
  RELU = 3,
  HARD_SIGMOID = 4,
  ELU = 5,
  SELU = 6,
  SOFTPLUS = 7,
  SOFTSIGN = 8,
  EXPONENTIAL = 9,
  HARD_SIGMOID_KERAS2 = 10,
}

/** Addresses are `usize`; a name that ends in Row or Gate is a distance in bytes. */
@unmanaged
export class Descriptor {
  /** A CellNumber. */
  cell: i32;
  T: i32;
  B: i32;
  I: i32;
  H: i32;
  Hp: i32;
  /** Rows of a block. */
  R: i32;
  /** Bits of Flag. */
  flags: i32;
  /** Each an Activation. */
  activation: i32;
  recurrentActivation: i32;

  /** G, and of the cell's facts (cells.ts) those that packing and products need to know; columns.ts draws them. */
  gateCount: i32;
  panelUnits: i32;
  jointGates: i32;
  gateVectors: i32;
  /** A ResetMode. */
  resetMode: i32;
  /** Gradient columns of a row. */
  dzColumns: i32;

  /** x [B, T, I]. */
  x: usize;
  /** Mask bytes [B, T], or 0. */
  mask: usize;
  /** Initial states [B, H], or 0. */
  h0: usize;
  c0: usize;
  /** Outputs [B, T, H] or [B, H]; final states [B, H]. */
  out: usize;
  hT: usize;
  cT: usize;

  /** Packed weights, their biases, and the transposed weights of the backward pass. */
  weights: usize;
  biases: usize;
  transposed: usize;

  /** Rows [x | h] (reset before: [x | h | r·h]); between dropout variants lie `xhGate` bytes. */
  xh: usize;
  xhRow: i32;
  xhGate: i32;
  /** Slots of xh and hidden, and the mask that turns a step into a slot. */
  slots: i32;
  slotMask: i32;
  /** h before dropout; without dropout it is the h part of xh. */
  hidden: usize;
  hiddenRow: i32;
  /** Gate values; kept per step when training (keepMask -1, else 0). */
  gates: usize;
  gateRow: i32;
  keepMask: i32;
  /** Cell states c [slots or 1][Hp] and activation(c); 0 for a cell without c. */
  c: usize;
  ac: usize;

  /** Dropout: 0 none, 1 shared by the gates, G one per gate; rows [G, B] as wide as xh. */
  dropoutVariants: i32;
  dropout: usize;

  /** Gradients that come in: of the outputs, of the final states; 0 where there is none. */
  dOut: usize;
  dhT: usize;
  dcT: usize;
  /** Gradients that go out: x [B, T, I], or `tokenVectorRow` bytes a distinct token; initial states [B, H]. */
  dx: usize;
  dh0: usize;
  dc0: usize;

  /** Pre-activation gradients of a chunk of steps: [block][step of chunk][row]. */
  dz: usize;
  dzRow: i32;
  /** Steps of a chunk. */
  timeChunk: i32;
  /** Gradient rows [dx | dh] of the step at hand, one a position. */
  dxh: usize;
  dxhRow: i32;
  /** dc, the part of dh that skips the product, the output gradient carried over masked steps: [B, Hp] each. */
  dc: usize;
  dhBypass: usize;
  dOutputCarry: usize;
  /** Weight gradients of each block: [I + H] rows and one row of bias gradients. */
  dw: usize;
  dwRow: i32;
  /** Hp floats: all bits set for a unit, zero for padding. */
  unitMask: usize;
  /** Where Keras-shaped weights lie (packing) or their gradients go (unpacking). */
  kernel: usize;
  recurrent: usize;
  bias: usize;
  /** Room for 16 columns of a chunk's gradients, 64 bytes a row; [block][row of chunk]. */
  panel: usize;
  /** Under a mask, room for the numbers of the rows that a step works on; lines of its own for each block. */
  activeList: usize;

  /**
   * Where rows begin alike (src/wasm/common-prefix.ts): the batch row at each position [B], and, for each
   * block, how many rows are worked on before each step [T + 1]; both 0 where none do.
   */
  order: usize;
  activeBefore: usize;

  /**
   * Where the kernel is multiplied by distinct tokens (src/wasm/distinct-tokens.ts): the token of each step
   * [B, T]; each token's vector, and its sums; the first token of each block [blocks + 1]; and where the sums
   * of each position's token at the step at hand lie, in lines of its own for each block. All 0 where x is
   * multiplied.
   */
  tokenOf: usize;
  tokenVectors: usize;
  tokenSums: usize;
  tokenSumRow: i32;
  tokenVectorRow: i32;
  firstTokens: usize;
  initialSums: usize;
}
