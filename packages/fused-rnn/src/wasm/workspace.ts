// Where a call lies in the engine's memory: how large its buffers are, and at which addresses. In oneDNN's words the workspace is what training keeps for the backward pass, scratch what only a pass itself needs.

import type { CallShape } from "../call.ts";
import { cellLayouts } from "./cell-layouts.ts";
import {
  DESCRIPTOR_BYTES,
  descriptorTemplate,
  type Field,
  fieldIndex,
  shapeFields,
} from "./descriptor.ts";
import type { Heap } from "./heap.ts";
import { type Layout, layoutOf, up, type WorkspaceShape } from "./layout.ts";

/** Bytes for each row of what threads write at every step, each to its blocks' own cache lines. */
const BLOCK_LINES = 16;

/** A buffer by the descriptor's field that holds its address; the descriptor itself. */
type Buffer = Field | "descriptor";

/** Bytes of buffers by name; one of 0 bytes is left out. */
export type Sizes<Name extends Buffer> = Readonly<Record<Name, number>>;

/** What a forward pass works in; training keeps it for the backward pass. The descriptor comes first. */
function workspaceSizes(shape: WorkspaceShape, layout: Layout): Partial<Sizes<Buffer>> {
  const { B, T, I, H, cell, dropoutVariants, masked } = shape;
  const { Hp, G, slots, keepsGates } = layout;
  const rows = B * slots;
  const { carriesCell } = cellLayouts[cell];
  return {
    descriptor: DESCRIPTOR_BYTES,
    xh: rows * layout.xhRow * Math.max(1, dropoutVariants),
    hidden: dropoutVariants ? rows * Hp * 4 : 0,
    gates: B * (keepsGates ? T : 1) * layout.gateRow,
    c: carriesCell ? B * (keepsGates ? T + 1 : 1) * Hp * 4 : 0,
    ac: carriesCell ? B * (keepsGates ? T : 1) * Hp * 4 : 0,
    dropout: B * layout.xhRow * dropoutVariants,
    unitMask: Hp * 4,
    mask: masked ? B * T : 0,
    activeList: masked ? B * BLOCK_LINES : 0,
    kernel: I * G * H * 4,
    recurrent: H * G * H * 4,
  };
}

/** What only the forward pass itself needs. */
function scratchSizes(
  shape: WorkspaceShape,
  layout: Layout,
  hasBias: boolean,
  hasState: boolean,
): Partial<Sizes<Buffer>> {
  const { B, T, I, H, cell, returnSequences, byToken } = shape;
  const state = B * H * 4;
  const { carriesCell } = cellLayouts[cell];
  return {
    x: byToken ? 0 : B * T * I * 4,
    h0: hasState ? state : 0,
    c0: hasState && carriesCell ? state : 0,
    out: (returnSequences ? T : 1) * state,
    hT: state,
    cT: carriesCell ? state : 0,
    weights: layout.Hp * (I + H) * layout.G * 4,
    biases: layout.Hp * 4 * 4,
    bias: hasBias ? layout.bias * 4 : 0,
  };
}

type TokenBuffer =
  | ("order" | "activeBefore" | "tokenOf" | "tokenVectors")
  | ("tokenSums" | "firstTokens" | "initialSums");

/** What tells the kernels of rows that begin alike, and of **tokens** distinct ones to multiply. */
export function tokenSizes(
  { B, T }: CallShape,
  { blocks, tokenSumRow, tokenVectorRow }: Layout,
  sharesPrefix: boolean,
  tokens: number | undefined,
): Sizes<TokenBuffer> {
  const count = tokens ?? 0;
  const byToken = tokens !== undefined;
  return {
    order: sharesPrefix ? B * 4 : 0,
    activeBefore: sharesPrefix ? blocks * (T + 1) * 4 : 0,
    tokenOf: byToken ? B * T * 4 : 0,
    tokenVectors: count * tokenVectorRow,
    tokenSums: count * tokenSumRow,
    firstTokens: byToken ? (blocks + 1) * 4 : 0,
    initialSums: byToken ? B * BLOCK_LINES : 0,
  };
}

type BackwardBuffer =
  | ("dOut" | "dhT" | "dcT" | "dz" | "panel" | "dxh")
  | ("dc" | "dhBypass" | "dOutputCarry" | "dw" | "transposed");

/** What only the backward pass itself needs. */
export function backwardSizes(
  shape: WorkspaceShape,
  layout: Layout,
  given: { outputs: boolean; h: boolean; c: boolean },
  needsInput: boolean,
): Sizes<BackwardBuffer> {
  const { B, T, I, H, returnSequences } = shape;
  const { Hp, timeChunk, blocks, dzRow, dxhRow, dwRow } = layout;
  const state = B * H * 4;
  return {
    dOut: given.outputs ? (returnSequences ? T : 1) * state : 0,
    dhT: given.h ? state : 0,
    dcT: given.c ? state : 0,
    dz: B * timeChunk * dzRow,
    // Behind dz, of whose last row copying a panel may read a little too much.
    panel: B * timeChunk * 64,
    dxh: B * dxhRow,
    ...{ dc: B * Hp * 4, dhBypass: B * Hp * 4, dOutputCarry: B * Hp * 4 },
    dw: blocks * (I + H + 1) * dwRow,
    transposed: ((needsInput ? I : 0) + 3 + (H + 3) * 2) * dwRow,
  };
}

/** Gradients as the descriptor names them: **dx**, **dh0** and **dc0**, and those of the weights. */
export type GradientBuffer = "dx" | "dh0" | "dc0" | "kernel" | "recurrent" | "bias";

/** The gradients that a backward pass makes: of x, or of **tokens** distinct ones' vectors, and of the rest. */
export function gradientSizes(
  { B, T, I, H, cell }: CallShape,
  layout: Layout,
  given: { bias: boolean; state: boolean; needsInput: boolean; tokens: number | undefined },
): Sizes<GradientBuffer> {
  const state = given.state ? B * H * 4 : 0;
  const { tokens } = given;
  const input = tokens === undefined ? B * T * I * 4 : tokens * layout.tokenVectorRow;
  return {
    dx: given.needsInput ? input : 0,
    dh0: state,
    dc0: cellLayouts[cell].carriesCell ? state : 0,
    kernel: I * layout.G * H * 4,
    recurrent: H * layout.G * H * 4,
    bias: given.bias ? layout.bias * 4 : 0,
  };
}

/** Several buffers laid out in one region, each on a cache line of its own. */
export interface Region {
  bytes: number;
  /** From the region's address, by name; a buffer of 0 bytes is left out. */
  offsets: Partial<Record<Buffer, number>>;
}

function regionOf(sizes: Partial<Sizes<Buffer>>): Region {
  const region: Region = { bytes: 0, offsets: {} };
  for (const [name, bytes] of Object.entries(sizes) as [Buffer, number][]) {
    if (bytes === 0) continue;
    region.offsets[name] = region.bytes;
    region.bytes += up(bytes, 64);
  }
  return region;
}

/** A region allocated: its address, and those of its buffers, 0 for one of 0 bytes. */
export interface Placed<Name extends Buffer> {
  address: number;
  at: Record<Name, number>;
}

/** Allocates buffers of so many bytes. */
export function reserve<Name extends Buffer>(heap: Heap, sizes: Sizes<Name>): Placed<Name> {
  const { bytes, offsets } = regionOf(sizes);
  const address = heap.allocate(bytes);
  const at = {} as Record<Name, number>;
  for (const name of Object.keys(sizes) as Name[]) {
    const offset = offsets[name];
    at[name] = offset === undefined ? 0 : address + offset;
  }
  return { address, at };
}

/** A region, and the descriptor's fields that hold its addresses: index and offset in turn. */
interface FieldRegion extends Region {
  fields: number[];
}

/** Everything about the memory of a forward call that follows from its shape. */
export interface Plan {
  layout: Layout;
  workspace: FieldRegion;
  scratch: FieldRegion;
  /** The descriptor's fields; addresses are 0. */
  template: Int32Array;
}

const plans = new Map<string, Plan>();
/** Shapes that are remembered: a streaming call of one step takes less time than planning it does. */
const MOST = 64;

/** The plan of a call. */
export function planOf(shape: WorkspaceShape, hasBias: boolean, hasState: boolean): Plan {
  const key = keyOf(shape, hasBias, hasState);
  let plan = plans.get(key);
  if (!plan) {
    const layout = layoutOf(shape);
    plan = {
      layout,
      workspace: fieldRegionOf(workspaceSizes(shape, layout)),
      scratch: fieldRegionOf(scratchSizes(shape, layout, hasBias, hasState)),
      template: descriptorTemplate(shapeFields(shape, layout)),
    };
    if (plans.size >= MOST) plans.clear();
    plans.set(key, plan);
  }
  return plan;
}

/** By name: two shapes may hold the same values in another order. */
function keyOf(shape: WorkspaceShape, hasBias: boolean, hasState: boolean): string {
  const { cell, B, T, I, H, activation, recurrentActivation, masked, dropoutVariants } = shape;
  const { returnSequences, goBackwards, reverseOutputs, zeroOutputForMask, ...rest } = shape;
  const { training, byToken } = rest;
  return [
    ...[cell, B, T, I, H, activation, recurrentActivation, masked, dropoutVariants],
    ...[returnSequences, goBackwards, reverseOutputs, zeroOutputForMask],
    ...[training, byToken, hasBias, hasState],
  ].join();
}

function fieldRegionOf(sizes: Partial<Sizes<Buffer>>): FieldRegion {
  const region = regionOf(sizes);
  const fields = Object.entries(region.offsets).flatMap(([name, offset]) =>
    name === "descriptor" ? [] : [fieldIndex(name as Field), offset as number],
  );
  return { ...region, fields };
}

/** Writes the descriptor of a call whose regions lie at **workspace** and **scratch**, and its unit mask. */
export function writePlan(
  heap: Heap,
  plan: Plan,
  { H, dropoutVariants }: CallShape,
  workspace: number,
  scratch: number,
): void {
  const { layout, template } = plan;
  const i32 = heap.i32();
  const { xh = 0, unitMask = 0 } = plan.workspace.offsets;
  const at = workspace / 4;
  i32.set(template, at);
  const regions = [
    [plan.workspace, workspace],
    [plan.scratch, scratch],
  ] as const;
  for (const [{ fields }, address] of regions) {
    for (let i = 0; i < fields.length; i += 2) i32[at + fields[i]] = address + fields[i + 1];
  }
  // Without dropout the state lives in the rows [x | h] alone.
  if (!dropoutVariants) i32[at + HIDDEN] = workspace + xh + layout.rowInputs * 4;
  i32[at + HIDDEN_ROW] = dropoutVariants ? layout.Hp * 4 : layout.xhRow;
  const units = (workspace + unitMask) / 4;
  i32.fill(-1, units, units + H);
  i32.fill(0, units + H, units + layout.Hp);
}

const HIDDEN = fieldIndex("hidden");
const HIDDEN_ROW = fieldIndex("hiddenRow");
