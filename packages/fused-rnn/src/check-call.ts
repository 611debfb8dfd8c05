// What a recurrence refuses before any work, and what it has understood of the others.

import { type CellKind, cellTable, checkOptions, shown, weightShapes } from "@rnnkit/core-rnn";
import { Tensor } from "@tensorflow/tfjs-core";
import { activationNames } from "./activation-names.ts";
import { type CallShape, type InputName, initialStates } from "./call.ts";
import { checkFlag, checkOneOf, checkRank, checkTensor } from "./check.ts";
import type { GatedOptions, RecurrentInput, RecurrentWeights } from "./options.ts";

/** A checked call. */
export interface RecurrentCall {
  who: string;
  shape: CallShape;
  inputs: Partial<Record<InputName, Tensor>>;
}

const weightNames = ["kernel", "recurrentKernel", "bias"];

/**
 * Reads a call of the recurrence **cell**.
 *
 * @throws Error that begins with **who**, for a tensor of another shape or type, and an option of another kind
 */
export function checkCall(
  who: string,
  cell: CellKind,
  x: RecurrentInput,
  weights: RecurrentWeights,
  options: GatedOptions,
): RecurrentCall {
  const { activation = "tanh", recurrentActivation = "sigmoid", initialState, mask } = options;
  checkOptions(who, weights, weightNames, "{ kernel, recurrentKernel, bias }", "weights");
  const { kernel, recurrentKernel, bias } = weights;
  const sequence = checkSequence(who, x);
  checkRank(who, "recurrentKernel", recurrentKernel, "HG");
  const [B, T, I] = sequence.sizes;
  const H = recurrentKernel.shape[0];
  const G = cellTable[cell].gates.length;
  const shapes = weightShapes(cell, I, H);
  checkTensor(who, "recurrentKernel", recurrentKernel, shapes.recurrentKernel);
  checkTensor(who, "kernel", kernel, shapes.kernel);
  if (bias != null) checkTensor(who, "bias", bias, shapes.bias);
  const states = cellTable[cell].states;
  const isList = Array.isArray(initialState) && initialState.length === states.length;
  if (initialState != null && !isList) {
    const expected = `[${states.join(", ")}]`;
    throw new Error(`${who}: expected initialState as ${expected}, got ${shown(initialState)}`);
  }
  initialState?.forEach((state, k) => {
    checkTensor(who, `initialState[${k}]`, state, [B, H]);
  });
  if (mask != null) checkTensor(who, "mask", mask, [B, T], ["bool", "int32"]);
  const { goBackwards, reverseOutputs, returnSequences, zeroOutputForMask } = options;
  checkFlag(who, "goBackwards", goBackwards);
  checkFlag(who, "reverseOutputs", reverseOutputs);
  checkFlag(who, "returnSequences", returnSequences);
  checkFlag(who, "zeroOutputForMask", zeroOutputForMask);
  checkOneOf(who, "activation", activation, activationNames);
  checkOneOf(who, "recurrentActivation", recurrentActivation, activationNames);
  const { inputDropoutMask, recurrentDropoutMask } = options;
  const dropoutVariants = Math.max(
    checkDropout(who, "inputDropoutMask", inputDropoutMask, G, B, I),
    checkDropout(who, "recurrentDropoutMask", recurrentDropoutMask, G, B, H),
  );
  const inputs: RecurrentCall["inputs"] = { ...sequence.inputs, kernel, recurrentKernel };
  if (bias) inputs.bias = bias;
  initialState?.forEach((state, k) => {
    inputs[initialStates[cell][k]] = state;
  });
  if (mask) inputs.mask = mask;
  if (inputDropoutMask) inputs.inputDropoutMask = inputDropoutMask;
  if (recurrentDropoutMask) inputs.recurrentDropoutMask = recurrentDropoutMask;
  return {
    who,
    inputs,
    shape: {
      cell,
      B,
      T,
      I,
      H,
      activation,
      recurrentActivation,
      returnSequences: returnSequences ?? true,
      goBackwards: goBackwards ?? false,
      reverseOutputs: reverseOutputs ?? false,
      zeroOutputForMask: zeroOutputForMask ?? false,
      masked: mask != null,
      dropoutVariants,
    },
  };
}

interface Sequence {
  sizes: [B: number, T: number, I: number];
  inputs: Pick<RecurrentCall["inputs"], "x" | "ids" | "table">;
}

function checkSequence(who: string, x: RecurrentInput): Sequence {
  if (x instanceof Tensor || !isLookup(x)) {
    checkRank(who, "x", x as Tensor, "BTI");
    const sizes = x.shape as Sequence["sizes"];
    checkTensor(who, "x", x, sizes);
    return { sizes, inputs: { x } };
  }
  checkOptions(who, x, ["ids", "table"], "{ ids, table }", "x");
  const { ids, table } = x;
  checkRank(who, "x.ids", ids, "BT");
  checkTensor(who, "x.ids", ids, ids.shape, ["int32", "float32"]);
  checkRank(who, "x.table", table, "VI");
  checkTensor(who, "x.table", table, table.shape);
  const [B, T] = ids.shape as [number, number];
  return { sizes: [B, T, table.shape[1] as number], inputs: { table, ids } };
}

/** Whether a value is meant as a lookup; of two copies of tfjs, the other's tensor is not. */
function isLookup(x: RecurrentInput): x is Exclude<RecurrentInput, Tensor> {
  return typeof x === "object" && x !== null && ("ids" in x || "table" in x);
}

function checkDropout(
  who: string,
  name: string,
  mask: Tensor | undefined,
  G: number,
  B: number,
  width: number,
): number {
  if (mask == null) return 0;
  if (mask.rank === 3) checkTensor(who, name, mask, [G, B, width]);
  else checkTensor(who, name, mask, [B, width]);
  return mask.rank === 3 ? G : 1;
}
