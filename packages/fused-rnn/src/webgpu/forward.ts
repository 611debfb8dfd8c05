// A forward pass on the device.

import { type TensorInfo, util } from "@tensorflow/tfjs-core";
import { isFusedActivation } from "../activation-names.ts";
import { type GradientName, type InputName, initialStates } from "../call.ts";
import type { EngineCall, EngineResult } from "../engine.ts";
import { type CallNumbers, flag, numbersOfCall } from "./call-numbers.ts";
import { type CallPlan, piecesOf, planOf, type Stretch } from "./call-plan.ts";
import { factsOf } from "./device-facts.ts";
import {
  clearNumbers,
  copyNumbers,
  dtypeOnDevice,
  type GpuBackend,
  giveBack,
  newTensor,
  shared,
} from "./gpu-backend.ts";
import { dispatch, floatsOf, inTwo, type Run, runOf } from "./program.ts";
import { projection } from "./projection.ts";
import type { RecurrenceKind } from "./recurrence-text.ts";
import { type ForwardBuffer, rowForward } from "./row-programs.ts";
import { stepForward, stepTile } from "./step-programs.ts";
import { tileFor } from "./tiled-product.ts";
import { areChecked, fetchWrongIds, wrongIdMark } from "./wrong-ids.ts";

/** Tensors of a call that are there. */
export type Inputs = Readonly<Partial<Record<InputName, TensorInfo>>>;

/** What a stretch of steps keeps: the gates' values, and the states before each step and after the last. */
export interface Tape extends Stretch {
  readonly gates: TensorInfo;
  readonly states: TensorInfo;
}

/** What a training call keeps on the device. */
export interface GpuSavedCall {
  readonly backend: GpuBackend;
  readonly call: EngineCall;
  readonly plan: CallPlan;
  readonly numbers: CallNumbers;
  readonly inputs: Inputs;
  readonly tapes: readonly Tape[];
  /** Of the last backward pass: what it made, and gives back. */
  made: TensorInfo[];
  gradients: Partial<Record<GradientName, TensorInfo>>;
}

/** The programs' kind of a call that the engine runs. */
export function kindOf({ shape }: EngineCall): RecurrenceKind {
  const { cell, activation, recurrentActivation } = shape;
  if (isFusedActivation(activation) && isFusedActivation(recurrentActivation)) {
    return { cell, activation, recurrentActivation };
  }
  throw new Error(
    `fused-rnn: expected fused activations, got ${activation}/${recurrentActivation}`,
  );
}

/** What every dispatch of a call is told. */
function numbersOf(
  backend: GpuBackend,
  { shape, inputs }: EngineCall,
  training: boolean,
): CallNumbers {
  const { ids, table, bias, inputDropoutMask, recurrentDropoutMask } = inputs;
  const flags =
    (training ? flag.training : 0) |
    (bias ? flag.bias : 0) |
    (table ? flag.lookup : 0) |
    (ids && dtypeOnDevice(backend, ids) === "float32" ? flag.floatIds : 0);
  const versions = (mask: TensorInfo | undefined) =>
    mask === undefined ? 0 : mask.shape.length === 3 ? (mask.shape[0] as number) : 1;
  return {
    ...numbersOfCall(shape, flags),
    inputVariants: versions(inputDropoutMask),
    recurrentVariants: versions(recurrentDropoutMask),
    tableRows: table ? (table.shape[0] as number) : 0,
  };
}

/** Outputs, final states and, in training, what the backward pass needs. */
export function forwardOnDevice(
  backend: GpuBackend,
  call: EngineCall,
  training: boolean,
): EngineResult<TensorInfo, GpuSavedCall | undefined> {
  const { who, shape } = call;
  const inputs: Inputs = call.inputs;
  const { B, T, H, cell, returnSequences } = shape;
  const { ids, table } = inputs;
  const isChecked = !ids || !table || areChecked(backend, who, ids, table.shape[0]);
  const plan = planOf(shape, factsOf(backend.device));
  const numbers = numbersOf(backend, call, training);
  const outputs = newTensor(backend, returnSequences ? [B, T, H] : [B, H]);
  const tapes: Tape[] = [];
  let states: TensorInfo | undefined;
  const all = plan.S * B * H;
  const slotOf = (s: number, start: number) => (training ? s - start : s & 1);
  for (const { start, end } of plan.tapes) {
    const before = states;
    if (!before || training)
      states = newTensor(backend, [training ? end - start + 1 : 2, plan.S, B, H]);
    const own = states as TensorInfo;
    if (!before) {
      for (const [k, name] of initialStates[cell].entries()) {
        const given = inputs[name];
        if (given) copyState(backend, given, own, k * B * H);
        else clearNumbers(backend, own, k * B * H, B * H);
      }
    } else if (training) {
      const last = tapes[tapes.length - 1];
      copyNumbers(backend, before, (last.end - last.start) * all, own, 0, all);
    }
    const gates = newTensor(backend, [end - start, B, plan.text.planes, H]);
    const stretch = { ...numbers, start, end, tapeStart: start, rows: plan.rows };
    project(backend, call, plan, stretch, gates);
    recur(backend, call, plan, stretch, { gates, states: own, outputs });
    if (training) tapes.push({ start, end, gates, states: own });
    else giveBack(backend, [gates]);
  }
  if (!isChecked) fetchWrongIds(backend, who, numbers.tableRows);
  const last = plan.tapes[plan.tapes.length - 1];
  const final = states as TensorInfo;
  const state = initialStates[cell].map((_, k) => {
    const own = newTensor(backend, [B, H]);
    copyNumbers(backend, final, slotOf(T, last.start) * all + k * B * H, own, 0, B * H);
    return own;
  });
  if (!training) {
    giveBack(backend, [final]);
    return { outputs, state };
  }
  const kept = Object.fromEntries(
    Object.entries(inputs).map(([name, tensor]) => [name, shared(backend, tensor)]),
  );
  const saved = { backend, call, plan, numbers, inputs: kept, tapes, made: [], gradients: {} };
  return { outputs, state, saved };
}

/** Copies a state that was given into **to**, from a place on. */
export function copyState(
  backend: GpuBackend,
  state: TensorInfo,
  to: TensorInfo,
  start: number,
): void {
  const floats = floatsOf(backend, state);
  copyNumbers(backend, floats, 0, to, start, util.sizeFromShape(floats.shape));
  if (floats !== state) giveBack(backend, [floats]);
}

/** The gates' sums over x and their bias. */
function project(
  backend: GpuBackend,
  { shape, inputs }: EngineCall,
  { G }: CallPlan,
  numbers: CallNumbers,
  gates: TensorInfo,
): void {
  const { cell, B, H } = shape;
  const rows = (numbers.end - numbers.start) * B;
  const tile = tileFor(rows, H);
  const { x, table, ids, kernel, bias, mask, inputDropoutMask } = inputs;
  const run = runOf(
    projection(cell, tile, table !== undefined),
    {
      ...{ source: x ?? table, ids, kernel, bias, mask, dropout: inputDropoutMask, gates },
      wrong: table && wrongIdMark(backend),
    },
    [Math.ceil(rows / tile), Math.ceil(H / tile), G],
  );
  dispatch(backend, [run], [numbers]);
}

/** The steps of a stretch. */
function recur(
  backend: GpuBackend,
  call: EngineCall,
  plan: CallPlan,
  numbers: CallNumbers,
  made: Record<"gates" | "states" | "outputs", TensorInfo>,
): void {
  const { B, H } = call.shape;
  const { recurrentKernel, bias, mask, recurrentDropoutMask: dropout } = call.inputs;
  const tensors: Record<ForwardBuffer, TensorInfo | undefined> = {
    ...{ ...made, recurrentKernel, bias, mask, dropout },
  };
  const kind = kindOf(call);
  const pieces = piecesOf(numbers, plan.stepsAtOnce);
  if (plan.way === "rows") {
    const groups = inTwo(Math.ceil(B / plan.rows));
    const run = runOf(rowForward(kind, plan.lanes), tensors, groups);
    for (const piece of pieces) dispatch(backend, [run], [{ ...numbers, ...piece }]);
    return;
  }
  const dropped = numbers.recurrentVariants > 1 ? "gates" : "shared";
  const runs: Run[] = stepForward(kind, dropped).map((program) =>
    runOf(program, tensors, stepGroups(B, H)),
  );
  for (const piece of pieces) dispatch(backend, runs, stepsOf(piece, numbers));
}

/** Workgroups of a program of a step. */
export function stepGroups(B: number, H: number): [number, number, number] {
  return [Math.ceil(H / stepTile.units), Math.ceil(B / stepTile.rows), 1];
}

function stepsOf({ start, end }: Stretch, numbers: CallNumbers): CallNumbers[] {
  return Array.from({ length: end - start }, (_, i) => ({
    ...{ ...numbers, start: start + i, end: start + i + 1 },
  }));
}
