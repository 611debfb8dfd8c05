// Every recorded Keras layer call, forward and backward: outputs, states and all gradients in
// float64. A case that this file cannot build throws, so none is skipped in silence.

import {
  type Call,
  caseIds,
  type GoldenTensor,
  type LayerCase,
  loadLayerCase,
  numbers,
  truth,
} from "@rnnkit/fixtures";
import { expect, test } from "vitest";
import { type MergeMode, runBidirectional, runBidirectionalBackward } from "./bidirectional.ts";
import type { Cell, CellParams } from "./cell.ts";
import { gruCell } from "./gru-cell.ts";
import { lstmCell } from "./lstm-cell.ts";
import { runSequence, runSequenceBackward } from "./sequence.ts";
import type { DropoutMasks, SequenceOptions } from "./sequence-options.ts";
import { simpleRnnCell } from "./simple-rnn-cell.ts";
import { stackedCells } from "./stacked-cells.ts";

type Serialized = LayerCase["layer"];

interface Observed {
  outputs: Float64Array[];
  state: Float64Array[];
  gradients(cotangents: Float64Array[]): {
    dx: Float64Array;
    dWeights: Float64Array[];
    dInitialState: Float64Array[];
  };
}

for (const id of caseIds("layer")) {
  const golden = loadLayerCase(id);
  let stored: Float64Array[] | undefined;
  for (const [index, call] of golden.calls.entries()) {
    const kind = call.training ? "training" : "inference";
    test(`${id}, call ${index} (${kind}), has Keras's outputs, states and gradients`, () => {
      if (call.reset_state_before) stored = undefined;
      const initialState = call.initial_state?.map(numbers) ?? stored;
      const observed = run(golden, call, initialState);
      const tolerance = toleranceOf(golden, call);
      const compare = (got: Float64Array[], want: GoldenTensor[]) => {
        expect(got.length).toBe(want.length);
        for (const [k, tensor] of want.entries()) {
          expect(got[k]).toBeAllclose(truth(tensor), { atol: tolerance, rtol: tolerance });
        }
      };

      compare(observed.outputs, call.outputs);
      const cotangents = call.cotangents.map(numbers);
      const loss = observed.outputs
        .flatMap((output, k) => Array.from(output, (y, i) => y * cotangents[k][i]))
        .reduce((a, b) => a + b);
      expect(loss).toBeAllclose(call.loss64, { atol: tolerance, rtol: tolerance });

      const { dx, dWeights, dInitialState } = observed.gradients(cotangents);
      compare([dx], [call.gradients.input]);
      compare(dWeights, call.gradients.weights);
      if (call.gradients.initial_state) compare(dInitialState, call.gradients.initial_state);
      expectMaskedStepsUntouched(call, dx);

      if (golden.layer.config.stateful) {
        stored = observed.state;
        compare(stored, call.states_after ?? []);
      }
    });
  }
}

test("the golden set exercises every cell, direction, mask kind and dropout", () => {
  const text = caseIds("layer")
    .map((id) => JSON.stringify(loadLayerCase(id), (k, v) => (k === "data" ? undefined : v)))
    .join();
  for (const needed of ["SimpleRNN", "LSTM", "GRU", "Bidirectional", "StackedRNNCells"]) {
    expect(text).toContain(`"class_name":"${needed}"`);
  }
  for (const kind of ["left", "right", "holes", "fullrow"]) {
    expect(text).toContain(`"mask_kind":"${kind}"`);
  }
  for (const flag of ["go_backwards", "zero_output_for_mask", "stateful", "training"]) {
    expect(text).toContain(`"${flag}":true`);
  }
});

function run(golden: LayerCase, call: Call, initialState: Float64Array[] | undefined): Observed {
  const { layer } = golden;
  const weights = golden.weights.map(numbers);
  const x = { data: numbers(call.input), shape: call.input.shape };
  const mask = call.mask ? numbers(call.mask) : undefined;
  if (layer.class_name === "Bidirectional") {
    return runBoth(layer, weights, x, { mask, initialState }, call);
  }
  const cell = build(layer, call.input.shape[2]);
  const params = take(cell, leaves(layer), weights);
  const { config } = layer;
  const { outputs, state, tape } = runSequence(cell, params, x, {
    mask,
    initialState,
    goBackwards: config.go_backwards,
    returnSequences: config.return_sequences,
    zeroOutputForMask: config.zero_output_for_mask,
    ...dropout(layer, call, 0),
  });
  return {
    outputs: config.return_state ? [outputs.data, ...state] : [outputs.data],
    state,
    gradients([dOutputs, ...dState]) {
      const cotangents = { dOutputs, dState: config.return_state ? dState : undefined };
      const { dx, dParams, dInitialState } = runSequenceBackward(cell, params, tape, cotangents);
      return { dx, dWeights: flat(dParams), dInitialState };
    },
  };
}

function runBoth(
  { config }: Serialized,
  weights: Float64Array[],
  x: { data: Float64Array; shape: number[] },
  options: Pick<SequenceOptions, "mask" | "initialState">,
  call: Call,
): Observed {
  const inner: Serialized = config.layer;
  const other: Serialized = config.backward_layer;
  const cells = { forward: build(inner, x.shape[2]), backward: build(other, x.shape[2]) };
  const params = {
    forward: take(cells.forward, leaves(inner), weights),
    backward: take(cells.backward, leaves(other), weights),
  };
  const merges = config.merge_mode as MergeMode | null;
  const result = runBidirectional(cells, params, x, {
    ...options,
    mergeMode: merges ?? "concat",
    goBackwards: inner.config.go_backwards,
    returnSequences: inner.config.return_sequences,
    dropout: { forward: dropout(inner, call, 0), backward: dropout(other, call, 1) },
  });
  const merged = merges ? [result.outputs] : [result.forward, result.backward];
  const outputs = merged.map(({ data }) => data);
  return {
    outputs: inner.config.return_state ? [...outputs, ...result.state] : outputs,
    state: result.state,
    gradients(cotangents) {
      const dState = inner.config.return_state ? cotangents.slice(merged.length) : undefined;
      const { dx, dParams, dInitialState } = runBidirectionalBackward(cells, params, result.tape, {
        dState,
        ...(merges
          ? { dOutputs: cotangents[0] }
          : { dForward: cotangents[0], dBackward: cotangents[1] }),
      });
      const dWeights = [...flat(dParams.forward), ...flat(dParams.backward)];
      return { dx, dWeights, dInitialState };
    },
  };
}

type AnyCell = Cell<CellParams | CellParams[]>;

function build(layer: Serialized, inputSize: number): AnyCell {
  const { config } = layer;
  const inner = leaves(layer);
  if (layer.class_name === "RNN" && config.cell.class_name === "StackedRNNCells") {
    const sizes = [inputSize, ...inner.map((cell) => cell.config.units)];
    return stackedCells(inner.map((cell, k) => buildCell(cell, sizes[k]))) as AnyCell;
  }
  return buildCell(inner[0], inputSize) as AnyCell;
}

function buildCell({ class_name, config }: Serialized, inputSize: number): Cell {
  const { units, activation, recurrent_activation: recurrentActivation } = config;
  const options = { inputSize, units, activation, recurrentActivation };
  switch (class_name.replace(/Cell$/, "")) {
    case "SimpleRNN":
      return simpleRnnCell(options);
    case "GRU":
      return gruCell({ ...options, resetAfter: config.reset_after });
    case "LSTM":
      return lstmCell(options);
    default:
      throw new Error(`golden case with a layer this test cannot build: ${class_name}`);
  }
}

function leaves(layer: Serialized): Serialized[] {
  if (layer.class_name !== "RNN") return [layer];
  const { cell } = layer.config;
  return cell.class_name === "StackedRNNCells" ? cell.config.cells : [cell];
}

// The next weights of a list in Keras's order, as the cell's parameters.
function take(cell: AnyCell, inner: Serialized[], weights: Float64Array[]) {
  const sets = inner.map(({ config }): CellParams => {
    const [kernel, recurrentKernel] = weights.splice(0, 2);
    const bias = config.use_bias ? weights.shift() : undefined;
    return { kernel, recurrentKernel, bias };
  });
  return cell.kind === "stacked" ? sets : sets[0];
}

function flat(params: CellParams | CellParams[]): Float64Array[] {
  return [params]
    .flat()
    .flatMap(({ kernel, recurrentKernel, bias }) =>
      bias ? [kernel, recurrentKernel, bias] : [kernel, recurrentKernel],
    );
}

function dropout(layer: Serialized, call: Call, first: number): SequenceOptions {
  if (!call.training) return {};
  const masks = leaves(layer).map(({ config }, k): DropoutMasks => {
    const drawn = call.dropout_masks?.find(({ cell }) => cell === first + k);
    return {
      inputDropoutMask: joined(drawn?.input, config.dropout),
      recurrentDropoutMask: joined(drawn?.recurrent, config.recurrent_dropout),
    };
  });
  return layer.class_name === "RNN" ? { cellDropout: masks } : masks[0];
}

// [B, width] or [G, B, width]. The float64 run used exactly 1/(1 − rate) where a mask is not 0.
function joined(masks: GoldenTensor[] | null | undefined, rate: number): Float64Array | undefined {
  if (!masks) return undefined;
  return Float64Array.from(
    masks.flatMap((mask) => [...numbers(mask)]),
    (m) => (m === 0 ? 0 : 1 / (1 - rate)),
  );
}

// Keras itself rounds gelu and the masks' scale to float32 in its float64 run.
function toleranceOf(golden: LayerCase, call: Call): number {
  const leaky = JSON.stringify(golden.layer).includes('"gelu"');
  return leaky || (call.training && call.dropout_masks?.length) ? 1e-6 : 1e-9;
}

function expectMaskedStepsUntouched(call: Call, dx: Float64Array): void {
  if (!call.mask) return;
  const width = call.input.shape[2];
  for (const [at, kept] of numbers(call.mask).entries()) {
    if (!kept) expect(dx.slice(at * width, (at + 1) * width)).toEqual(new Float64Array(width));
  }
}
