import { testOptions } from "@rnnkit/test-kit/options";
import { expect, test } from "vitest";
import * as core from "./index.ts";

const { initialParams, runBidirectional, runSequence, simpleRnnCell } = core;
const { SimpleRNN, seededRandom } = core;

const cell = simpleRnnCell({ inputSize: 1, units: 1 });
const params = initialParams(cell);
const [cells, both] = [
  { forward: cell, backward: cell },
  { forward: params, backward: params },
];
const x = { data: Float64Array.of(1, 2), shape: [1, 2, 1] };
const { tape } = runSequence(cell, params, x);
const { tape: bothTapes } = runBidirectional(cells, both, x);
const masks = ["inputDropoutMask", "recurrentDropoutMask", "cellDropout"];
const sequence = [
  ...["initialState", "mask", "goBackwards", "reverseOutputs", "returnSequences"],
  ...["zeroOutputForMask", "truncation"],
  ...masks,
];

const cellFactories: Pick<typeof core, `${core.CellName}Cell`> = core;

/** What a cell's function takes, by its rows in the table. */
const namesOf = (name: core.CellName) => {
  const rows = core.cellKinds
    .map((kind) => core.cellTable[kind])
    .filter((row) => row.name === name);
  return [
    ...["inputSize", "units", "activation"],
    ...(rows.some(({ gates }) => gates.length > 1) ? ["recurrentActivation"] : []),
    ...new Set(rows.flatMap(({ options }) => Object.keys(options))),
  ];
};

function trained(): core.SimpleRNN {
  const rnn = new SimpleRNN({ inputSize: 1, hiddenSize: 1, outputSize: 1 });
  rnn.forward([[1]]);
  rnn.backward([[1]]);
  return rnn;
}

testOptions(core, {
  cellOf: {
    who: "cellOf",
    required: { inputSize: 1, units: 1 },
    names: ["inputSize", "units", "activation", "recurrentActivation"],
    call: (options) => core.cellOf("lstm", options),
  },
  ...Object.fromEntries(
    core.cellNames.map((name) => {
      const make = cellFactories[`${name}Cell`];
      return [
        `${name}Cell`,
        [
          {
            who: name,
            required: { inputSize: 1, units: 1 },
            names: namesOf(name),
            call: make,
          },
          {
            who: name,
            kind: "parameters",
            required: initialParams(make({ inputSize: 1, units: 1 })),
            names: ["kernel", "recurrentKernel", "bias"],
            call: (options: core.CellParams) =>
              make({ inputSize: 1, units: 1 }).checkParams(options),
          },
        ],
      ];
    }),
  ),
  runSequence: [
    {
      who: "runSequence",
      names: sequence,
      call: (options) => runSequence(cell, params, x, options),
    },
    {
      who: "runSequence",
      kind: "dropout masks",
      names: masks,
      call: (options) => {
        const stack = core.stackedCells([cell]);
        return runSequence(stack, [params], x, { cellDropout: [options] });
      },
      // As undefined: none.
      takesNull: true,
    },
  ],
  runSequenceBackward: {
    who: "runSequenceBackward",
    kind: "cotangents",
    names: ["dOutputs", "dState"],
    call: (options) => core.runSequenceBackward(cell, params, tape, options),
  },
  runBidirectional: [
    {
      who: "runBidirectional",
      names: [
        ...["mergeMode", "initialState", "mask", "returnSequences", "goBackwards"],
        ...["truncation", "zeroOutputForMask", "dropout"],
      ],
      call: (options) => runBidirectional(cells, both, x, options),
    },
    {
      who: "runBidirectional",
      kind: "dropout masks",
      names: ["forward", "backward"],
      call: (dropout) => runBidirectional(cells, both, x, { dropout }),
      takesNull: true,
    },
    {
      who: "runBidirectional",
      kind: "dropout masks",
      names: masks,
      call: (backward) => runBidirectional(cells, both, x, { dropout: { backward } }),
      takesNull: true,
    },
    {
      who: "runBidirectional",
      kind: "cells",
      required: cells,
      names: ["forward", "backward"],
      call: (options) => runBidirectional(options, both, x),
    },
  ],
  runBidirectionalBackward: {
    who: "runBidirectionalBackward",
    kind: "cotangents",
    names: ["dOutputs", "dForward", "dBackward", "dState"],
    call: (options) => core.runBidirectionalBackward(cells, both, bothTapes, options),
  },
  SimpleRNN: [
    {
      who: "SimpleRNN",
      required: { inputSize: 1, hiddenSize: 1, outputSize: 1 },
      names: ["inputSize", "hiddenSize", "outputSize", "activation", "stddev", "seed"],
      call: (options) => new SimpleRNN(options),
    },
    {
      who: "SimpleRNN.step",
      names: ["clipNorm"],
      call: (options) => trained().step(0.1, options),
    },
  ],
  checkGradients: {
    who: "checkGradients",
    names: ["tolerance", "step"],
    call: (options) => core.checkGradients(() => 0, {}, {}, options),
  },
  initialParams: {
    who: "initialParams",
    names: ["seed", "useBias", "unitForgetBias"],
    call: (options) => initialParams(cell, options),
  },
  uniform: {
    who: "uniform",
    names: ["min", "max"],
    call: (options) => core.uniform([1], seededRandom(1), options),
  },
  cellKinds: null,
  cellNames: null,
  cellTable: null,
  weightShapes: null,
  checkKinds: null,
  checkOptions: null,
  optionsFault: null,
  nearest: null,
  optionKinds: null,
  didYouMean: null,
  shown: null,
  bytesOf: null,
  bytesOfBlob: null,
  isAbortSignal: null,
  isArrayBuffer: null,
  isBlob: null,
  isSharedBuffer: null,
  isUrl: null,
  isWasmMemory: null,
  isWasmModule: null,
  ownArray: null,
  typedArrayName: null,
  activationNames: null,
  activations: null,
  glorotUniform: null,
  ones: null,
  orthogonal: null,
  rowActivationNames: null,
  rowActivations: null,
  seededRandom: null,
  stackedCells: null,
  unitForgetBias: null,
  zeros: null,
});

test("what stands in the place of a cell, an input, a shape or a generator is refused by name", () => {
  const calls: [() => unknown, string][] = [
    [
      () => runSequence({ inputSize: 1 } as never, params, x),
      "runSequence: expected a cell such as lstmCell gives, got an object",
    ],
    [
      () => runSequence(cell, params, [[[1]]] as never),
      "runSequence: expected x as { data, shape }, got [[[1]]]",
    ],
    [
      () => runSequence(cell, params, { data: x.data, shape: [1, null, 2] } as never),
      "runSequence: expected x of shape [B, T, 1], got [1, null, 2]",
    ],
    [
      () => runSequence(cell, params, x, { mask: true } as never),
      "runSequence: expected mask of shape [1, 2], got true",
    ],
    [
      () => core.stackedCells({ cells: [cell] } as never),
      "stackedCells: expected a list of cells, got an object",
    ],
    [
      () => core.stackedCells([{}] as never),
      "stackedCells: expected a list of cells, got [an object]",
    ],
    [
      () => core.orthogonal(4 as never, seededRandom(1)),
      "orthogonal: expected a shape, a list of 2 lengths, got 4",
    ],
    [
      () => core.orthogonal([2, 2], 1 as never),
      "orthogonal: expected a generator such as seededRandom(1), got 1",
    ],
    [
      () => core.glorotUniform([2] as never, seededRandom(1)),
      "glorotUniform: expected a shape, a list of 2 lengths, got [2]",
    ],
    [() => core.zeros(3 as never), "zeros: expected a shape, a list of lengths, got 3"],
    [
      () => trained().forward(5 as never),
      "SimpleRNN.forward: expected inputs as rows of numbers or { data, shape }, got 5",
    ],
    [
      () => trained().forward([null] as never),
      "SimpleRNN.forward: expected inputs of 1 features, got null in row 0",
    ],
    [
      () => trained().step({ learningRate: 0.1 } as never),
      "SimpleRNN.step: expected a finite learning rate, got an object",
    ],
  ];
  for (const [call, message] of calls) expect(call).toThrow(message);
});
