// A backward pass on the device: the gradients of the gates' sums step by step, at once; from them those of weights
// and inputs when they are asked for.

import { weightShapes } from "@rnnkit/core-rnn";
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { type GradientName, initialStates } from "../call.ts";
import type { Cotangents, GradientOf } from "../engine.ts";
import { type CallNumbers, flag } from "./call-numbers.ts";
import { partsOf, piecesOf } from "./call-plan.ts";
import { recurrentRows } from "./cell-text.ts";
import { copyState, type GpuSavedCall, kindOf, stepGroups, type Tape } from "./forward.ts";
import { clearNumbers, copyNumbers, giveBack, newTensor, shared } from "./gpu-backend.ts";
import {
  inputGradient,
  kernelGradient,
  recurrentGradient,
  sumOfParts,
  transposition,
} from "./gradient-programs.ts";
import { dispatch, inTwo, runOf } from "./program.ts";
import { type BackwardBuffer, rowBackward } from "./row-programs.ts";
import { stepBackward } from "./step-programs.ts";
import { tableGradient } from "./table-gradient.ts";
import { tileFor } from "./tiled-product.ts";

/** Gives back what the last backward pass made. */
export function forgetBackward(saved: GpuSavedCall): void {
  giveBack(saved.backend, saved.made);
  saved.made = [];
  saved.gradients = {};
}

/** Runs the steps backwards; the gradients that come of it are made when they are asked for. */
export function backwardOnDevice(saved: GpuSavedCall, { outputs, state }: Cotangents): GradientOf {
  forgetBackward(saved);
  const { backend, call, plan, inputs } = saved;
  const { cell, B, H } = call.shape;
  const { S, G } = plan;
  const carry = newTensor(backend, [S + 1, B, H]);
  for (const [k, dState] of state.entries()) copyState(backend, dState, carry, k * B * H);
  clearNumbers(backend, carry, S * B * H, B * H);
  const transposed = newTensor(backend, [G * H, H]);
  dispatch(
    backend,
    [
      runOf(transposition(cell), { recurrentKernel: inputs.recurrentKernel, transposed }, [
        Math.ceil((G * H) / 16),
        Math.ceil(H / 16),
        1,
      ]),
    ],
    [saved.numbers],
  );
  const dzs = new Map<Tape, TensorInfo>();
  for (const tape of [...saved.tapes].reverse()) {
    const dz = newTensor(backend, tape.gates.shape);
    recurBack(saved, tape, { dz, carry, dOutputs: outputs, transposed });
    dzs.set(tape, dz);
  }
  giveBack(backend, [transposed]);
  saved.made.push(carry, ...dzs.values());
  return (name) => gradientOf(saved, name, carry, dzs);
}

/** The steps of a tape, the last first. */
function recurBack(
  { backend, call, plan, numbers, inputs }: GpuSavedCall,
  tape: Tape,
  made: Record<"dz" | "carry" | "dOutputs" | "transposed", TensorInfo>,
): void {
  const { B, H } = call.shape;
  const kind = kindOf(call);
  const { gates, states } = tape;
  const tensors: Record<BackwardBuffer, TensorInfo | undefined> = {
    ...{ gates, states, ...made, mask: inputs.mask, dropout: inputs.recurrentDropoutMask },
  };
  const own = { ...numbers, tapeStart: tape.start, rows: plan.rows };
  const pieces = piecesOf(tape, plan.stepsAtOnce).reverse();
  if (plan.way === "rows") {
    const run = runOf(rowBackward(kind, plan.lanes), tensors, inTwo(Math.ceil(B / plan.rows)));
    for (const piece of pieces) dispatch(backend, [run], [{ ...own, ...piece }]);
    return;
  }
  const runs = stepBackward(kind).map((program) => runOf(program, tensors, stepGroups(B, H)));
  for (const { start, end } of pieces) {
    const steps = Array.from({ length: end - start }, (_, i): CallNumbers => {
      const s = end - 1 - i;
      const product = s + 1 < tape.end ? flag.product : 0;
      return { ...own, start: s, flags: own.flags | flag.step | product };
    });
    dispatch(backend, runs, steps);
  }
  // What the first step gives back to the state before it; that state's number wraps around to -1 where it is the first.
  dispatch(
    backend,
    [runs[0]],
    [{ ...own, start: tape.start - 1, flags: own.flags | flag.product }],
  );
}

function gradientOf(
  saved: GpuSavedCall,
  name: GradientName,
  carry: TensorInfo,
  dzs: ReadonlyMap<Tape, TensorInfo>,
): TensorInfo {
  const { backend, call } = saved;
  const { cell, B, H } = call.shape;
  const state = initialStates[cell].indexOf(name as "h0");
  if (state >= 0) {
    const gradient = newTensor(backend, [B, H]);
    copyNumbers(backend, carry, state * B * H, gradient, 0, B * H);
    return gradient;
  }
  if (name === "x") return gradientOfInput(saved, dzs);
  if (name === "table") return gradientOfTable(saved, dzs);
  if (!saved.gradients[name]) gradientsOfWeights(saved, dzs);
  return shared(backend, saved.gradients[name] as TensorInfo);
}

/** Those of kernel, recurrent kernel and bias, which are made together. */
function gradientsOfWeights(saved: GpuSavedCall, dzs: ReadonlyMap<Tape, TensorInfo>): void {
  const { backend, call, plan, numbers, inputs } = saved;
  const { shape } = call;
  const { cell, I, H } = shape;
  const { G } = plan;
  const cuts = saved.tapes.map(({ start, end }) => partsOf(shape, plan, end - start, tileFor));
  // No tape has more steps than the first.
  const [{ parts }] = cuts;
  const kernelParts = newTensor(backend, [parts, I + 1, G * H]);
  const rowsOfRecurrent = recurrentRows(cell, H);
  const recurrentParts = newTensor(backend, [parts, rowsOfRecurrent, G * H]);
  const { x, table, ids, mask, inputDropoutMask, recurrentDropoutMask } = inputs;
  for (const [i, tape] of saved.tapes.entries()) {
    const { start, end, gates, states } = tape;
    const dz = dzs.get(tape);
    const flags = numbers.flags | (i > 0 ? flag.adds : 0);
    const own = { ...numbers, flags, start, end, tapeStart: start, partRows: cuts[i].partRows };
    const groups = (rows: number, tile: number): [number, number, number] => [
      ...([Math.ceil(rows / tile), Math.ceil(H / tile)] as const),
      cuts[i].parts * G,
    ];
    const [ofKernel, ofRecurrent] = [tileFor(I + 1, H), tileFor(H, H)];
    const source = x ?? table;
    const runs = [
      runOf(
        kernelGradient(cell, ofKernel),
        { source, ids, mask, dropout: inputDropoutMask, dz, partials: kernelParts },
        groups(I + 1, ofKernel),
      ),
      runOf(
        recurrentGradient(cell, ofRecurrent),
        { states, gates, mask, dropout: recurrentDropoutMask, dz, partials: recurrentParts },
        groups(rowsOfRecurrent, ofRecurrent),
      ),
    ];
    dispatch(backend, runs, [own]);
  }
  const shapes = weightShapes(cell, I, H);
  const kernel = newTensor(backend, shapes.kernel);
  const recurrentKernel = newTensor(backend, shapes.recurrentKernel);
  const bias = newTensor(backend, shapes.bias);
  const count = (I + H + shapes.bias.length) * G * H;
  const sum = runOf(
    sumOfParts(cell),
    { kernelParts, recurrentParts, kernel, recurrentKernel, bias },
    inTwo(Math.ceil(count / 64)),
  );
  dispatch(backend, [sum], [{ ...numbers, parts }]);
  giveBack(backend, [kernelParts, recurrentParts]);
  saved.made.push(kernel, recurrentKernel, bias);
  saved.gradients = { kernel, recurrentKernel, bias };
}

/** [B, T, I], of x or of the vectors that were looked up. */
function gradientOfInput(saved: GpuSavedCall, dzs: ReadonlyMap<Tape, TensorInfo>): TensorInfo {
  const { backend, call, numbers, inputs } = saved;
  const { cell, B, T, I } = call.shape;
  const dx = newTensor(backend, [B, T, I]);
  for (const tape of saved.tapes) {
    const { start, end } = tape;
    const rows = (end - start) * B;
    const tile = tileFor(rows, I);
    const { kernel, mask, inputDropoutMask: dropout } = inputs;
    const run = runOf(inputGradient(cell, tile), { dz: dzs.get(tape), kernel, mask, dropout, dx }, [
      Math.ceil(rows / tile),
      Math.ceil(I / tile),
      1,
    ]);
    dispatch(backend, [run], [{ ...numbers, start, end, tapeStart: start }]);
  }
  return dx;
}

/** [V, I]. */
function gradientOfTable(saved: GpuSavedCall, dzs: ReadonlyMap<Tape, TensorInfo>): TensorInfo {
  const { backend, call, numbers, inputs } = saved;
  const dx = gradientOfInput(saved, dzs);
  const table = newTensor(backend, [numbers.tableRows, call.shape.I]);
  const { ids, mask } = inputs;
  const run = runOf(tableGradient, { dx, ids, mask, table }, inTwo(numbers.tableRows));
  dispatch(backend, [run], [numbers]);
  giveBack(backend, [dx]);
  return table;
}
