// What lstm, gru and simpleRnn share: options, checks, and the choice between engine and composition.

import type { CellKind } from "@rnnkit/core-rnn";
import { checkOptions, shown } from "@rnnkit/core-rnn";
import {
  clone,
  customGrad,
  engine,
  getBackend,
  scalar,
  type Tensor,
  type Tensor2D,
  zerosLike,
} from "@tensorflow/tfjs-core";
import { activationNames, type RecurrentActivationName } from "./activation-names.ts";
import { type CallShape, type FusedActivation, fusedActivations } from "./call.ts";
import { checkFlag, checkOneOf, checkRank, checkTensor } from "./check.ts";
import { composedRecurrence } from "./composed.ts";
import { guideToBackend } from "./tfjs/first-backend.ts";
import {
  engineBackends,
  kernelNames,
  registerRecurrentKernels,
  runRecurrentKernel,
} from "./tfjs/recurrent-kernels.ts";
import { decidedBys, outputsDecidedBy, type TokenSource } from "./token-source.ts";
import { isEngineSupported } from "./wasm/instance.ts";

/** Weights of a recurrence, in Keras's layout. */
export interface RecurrentWeights {
  /** [I, G·H]. */
  kernel: Tensor;
  /** [H, G·H]. */
  recurrentKernel: Tensor;
  /** [G·H], or [2, 3H] for a GRU with resetAfter. Absent: zero. */
  bias?: Tensor | undefined;
}

/** Options of every recurrence. */
export interface RecurrentOptions {
  /** [B, H] each: h, and c for LSTM. Default: zeros. */
  initialState?: readonly Tensor[] | undefined;
  /**
   * [B, T] of bool (or int32): 0 skips the step, which keeps the state and repeats the previous
   * output, or 0 where no step has been kept yet. Any pattern; what a masked step holds, NaN
   * included, reaches nothing. Default: no step is masked.
   */
  mask?: Tensor | undefined;
  /**
   * The tokens that x was made from. Work is then done once: that of what rows have in common from the first step
   * that is read on, such as the padding before short texts, unless a mask or an initial state is given; and where
   * each token decides its own step, as in a lookup, the product of the kernel with each token's vector. The outputs
   * are the same, bit for bit. The gradient of x has sums over such steps in some of them and 0 in the others,
   * which comes to the same in what x was made from, if that is made in the same gradient scope; leave this out
   * where the gradient of x itself is wanted. Without effect under dropout masks. Default: each step for itself.
   */
  source?: TokenSource | undefined;
  /** From the last step to the first; outputs come in that order too. Default *false*. */
  goBackwards?: boolean | undefined;
  /** *true* (default): outputs [B, T, H]; *false*: the last one, [B, H], and half the backward traffic. */
  returnSequences?: boolean | undefined;
  /** The output of a masked step is 0 instead of the previous one. Default *false*. */
  zeroOutputForMask?: boolean | undefined;
  /**
   * Of the candidate and the output. Default *tanh*. Fused: tanh, sigmoid, relu, linear, hard_sigmoid, hard_sigmoid_keras2,
   * elu, selu, softplus, softsign, exponential; the others are composed of tfjs operations, slowly.
   */
  activation?: RecurrentActivationName | undefined;
  /** Multiplies x before the kernel at every step: [B, I], or [G, B, I] with one per gate; scaled. */
  inputDropoutMask?: Tensor | undefined;
  /** Multiplies h before the recurrent kernel at every step: [B, H] or [G, B, H]; scaled. */
  recurrentDropoutMask?: Tensor | undefined;
}

/** Options of the recurrences with gates. */
export interface GatedOptions extends RecurrentOptions {
  /** Of the gates. Default *sigmoid*. */
  recurrentActivation?: RecurrentActivationName | undefined;
}

/** What a recurrence returns. */
export interface RecurrentResult {
  /** [B, T, H], or [B, H] without **returnSequences**. */
  outputs: Tensor;
  /** The state after the last step: h, and c for LSTM, [B, H] each. */
  state: Tensor2D[];
  /** What **outputs** were made from in turn, where x's **source** was given and that is known. */
  source?: TokenSource | undefined;
}

/** A checked call. */
export interface RecurrentCall {
  who: string;
  shape: Omit<CallShape, "training" | "activation" | "recurrentActivation">;
  activation: RecurrentActivationName;
  recurrentActivation: RecurrentActivationName;
  /** x, kernel, recurrentKernel, bias, h0, c0, mask, tokens and the dropout masks, those that are there. */
  inputs: Record<string, Tensor>;
}

const optionNames = [
  "initialState",
  "mask",
  "source",
  "goBackwards",
  "returnSequences",
  "zeroOutputForMask",
  "activation",
  "inputDropoutMask",
  "recurrentDropoutMask",
];

const gatedNames = [...optionNames, "recurrentActivation"];

const weightNames = ["kernel", "recurrentKernel", "bias"];

/** Throws unless the options are known to the cell's operation. */
export function checkRecurrentOptions(
  who: string,
  op: "simpleRnn" | "lstm" | "gru",
  options: object,
): void {
  const names = op === "simpleRnn" ? optionNames : gatedNames;
  const all = op === "gru" ? [...names, "resetAfter"] : names;
  checkOptions(who, options, all, "{ returnSequences: false }");
  guideToBackend();
}

const isFused = (name: string): name is FusedActivation =>
  (fusedActivations as readonly string[]).includes(name);

/** Checks a call and runs it: the op behind lstm, gru and simpleRnn. */
export function recurrent(
  who: string,
  cell: CellKind,
  x: Tensor,
  weights: RecurrentWeights,
  options: GatedOptions,
): RecurrentResult {
  return run(checkCall(who, cell, x, weights, options));
}

function run(call: RecurrentCall): RecurrentResult {
  const inputs = withDetachedMask(call.inputs);
  if (!canFuse(call)) return withSource(call, composedRecurrence({ ...call, inputs }));
  const { cell } = call.shape;
  const kernelName = kernelNames[cell === "simpleRnn" || cell === "lstm" ? cell : "gru"];
  return resultOf(call, runRecurrentKernel(kernelName, fusedShape(call), inputs));
}

/** A mask read off x, as the steps that are not 0, is no function of x that a gradient could go through. */
function withDetachedMask(inputs: RecurrentCall["inputs"]): RecurrentCall["inputs"] {
  const { mask } = inputs;
  if (!mask || !engine().isTapeOn()) return inputs;
  const detach = customGrad((none) => ({
    value: clone(mask),
    gradFunc: () => zerosLike(none as Tensor),
  }));
  return { ...inputs, mask: detach(scalar(0)) };
}

function resultOf(call: RecurrentCall, [outputs, ...state]: Tensor[]): RecurrentResult {
  return withSource(call, { outputs, state: state as Tensor2D[] });
}

function withSource({ shape, inputs }: RecurrentCall, result: RecurrentResult): RecurrentResult {
  const decidedBy = outputsDecidedBy({ ...shape, started: inputs.h0 !== undefined });
  if (!decidedBy || !shape.returnSequences) return result;
  return { ...result, source: { tokens: inputs.tokens, decidedBy } };
}

/**
 * Checks two calls over one sequence, the second the other way round, and runs them as one where the
 * engine runs them and they are alike but for direction and data.
 */
export function recurrentPair(
  who: string,
  cell: CellKind,
  x: Tensor,
  weights: readonly [RecurrentWeights, RecurrentWeights],
  options: readonly [GatedOptions, GatedOptions],
): [RecurrentResult, RecurrentResult] {
  const calls = weights.map((each, i) => checkCall(who, cell, x, each, options[i])) as [
    RecurrentCall,
    RecurrentCall,
  ];
  const [first, second] = calls;
  const { inputs } = second;
  const alike =
    first.activation === second.activation &&
    first.recurrentActivation === second.recurrentActivation &&
    first.inputs.mask === inputs.mask &&
    first.inputs.tokens === inputs.tokens &&
    Object.entries(second.shape).every(
      ([name, value]) =>
        ((first.shape as Record<string, unknown>)[name] === value) === (name !== "goBackwards"),
    );
  if (!alike || !canFuse(first)) return [run(first), run(second)];
  const { x: _x, mask: _mask, tokens: _tokens, ...own } = inputs;
  const renamed = Object.entries(own).map(([name, tensor]) => [`second.${name}`, tensor]);
  const all = { ...withDetachedMask(first.inputs), ...Object.fromEntries(renamed) };
  const results = runRecurrentKernel(kernelNames.bidirectional, fusedShape(first), all);
  const half = results.length / 2;
  return [resultOf(first, results.slice(0, half)), resultOf(second, results.slice(half))];
}

/** Whether the engine runs a call on the current backend; then its kernels are registered there. */
function canFuse({ activation, recurrentActivation }: RecurrentCall): boolean {
  const backend = getBackend();
  if (
    !isEngineSupported() ||
    !engineBackends.includes(backend) ||
    !isFused(activation) ||
    !isFused(recurrentActivation)
  ) {
    return false;
  }
  registerRecurrentKernels(backend);
  return true;
}

function fusedShape({ shape, activation, recurrentActivation }: RecurrentCall): FusedShape {
  return { ...shape, activation, recurrentActivation } as FusedShape;
}

type FusedShape = Omit<CallShape, "training">;

function checkCall(
  who: string,
  cell: CellKind,
  x: Tensor,
  weights: RecurrentWeights,
  options: GatedOptions,
): RecurrentCall {
  const {
    activation = "tanh",
    recurrentActivation = "sigmoid",
    initialState,
    mask,
    source,
  } = options;
  checkOptions(who, weights, weightNames, "{ kernel, recurrentKernel, bias }", "weights");
  const { kernel, recurrentKernel, bias } = weights;
  checkRank(who, "x", x, "BTI");
  checkRank(who, "recurrentKernel", recurrentKernel, "HG");
  const [B, T, I] = x.shape as [number, number, number];
  const H = recurrentKernel.shape[0];
  const G = cell === "simpleRnn" ? 1 : cell === "lstm" ? 4 : 3;
  checkTensor(who, "x", x, [B, T, I]);
  checkTensor(who, "recurrentKernel", recurrentKernel, [H, G * H]);
  checkTensor(who, "kernel", kernel, [I, G * H]);
  if (bias != null) checkTensor(who, "bias", bias, cell === "gruAfter" ? [2, G * H] : [G * H]);
  const states = cell === "lstm" ? ["h0", "c0"] : ["h0"];
  const isList = Array.isArray(initialState) && initialState.length === states.length;
  if (initialState != null && !isList) {
    const expected = cell === "lstm" ? "[h, c]" : "[h]";
    throw new Error(`${who}: expected initialState as ${expected}, got ${shown(initialState)}`);
  }
  if (initialState) {
    for (let k = 0; k < states.length; k++) {
      checkTensor(who, `initialState[${k}]`, initialState[k], [B, H]);
    }
  }
  if (mask != null) checkTensor(who, "mask", mask, [B, T], ["bool", "int32"]);
  if (source != null) {
    checkOptions(who, source, ["tokens", "decidedBy"], "{ tokens, decidedBy }", "source");
    checkTensor(who, "source.tokens", source.tokens, [B, T], ["int32", "float32"]);
    checkOneOf(who, "source.decidedBy", source.decidedBy, decidedBys);
  }
  const { goBackwards, returnSequences, zeroOutputForMask } = options;
  const flags = { goBackwards, returnSequences, zeroOutputForMask };
  for (const [name, flag] of Object.entries(flags)) checkFlag(who, name, flag);
  checkOneOf(who, "activation", activation, activationNames);
  checkOneOf(who, "recurrentActivation", recurrentActivation, activationNames);
  const { inputDropoutMask, recurrentDropoutMask } = options;
  const gates = [
    checkDropout(who, "inputDropoutMask", inputDropoutMask, G, B, I),
    checkDropout(who, "recurrentDropoutMask", recurrentDropoutMask, G, B, H),
  ];
  const inputs: Record<string, Tensor> = { x, kernel, recurrentKernel };
  if (bias) inputs.bias = bias;
  if (initialState) inputs.h0 = initialState[0];
  if (initialState && cell === "lstm") inputs.c0 = initialState[1];
  if (mask) inputs.mask = mask;
  const dropoutVariants = Math.max(...gates);
  if (source) inputs.tokens = source.tokens;
  if (inputDropoutMask) inputs.inputDropoutMask = inputDropoutMask;
  if (recurrentDropoutMask) inputs.recurrentDropoutMask = recurrentDropoutMask;
  return {
    who,
    activation,
    recurrentActivation,
    inputs,
    shape: {
      ...{ cell, B, T, I, H },
      returnSequences: returnSequences ?? true,
      goBackwards: goBackwards ?? false,
      zeroOutputForMask: zeroOutputForMask ?? false,
      masked: mask != null,
      ...{ decidedBy: source?.decidedBy, dropoutVariants },
    },
  };
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
