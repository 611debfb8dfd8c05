import "@tensorflow/tfjs-backend-cpu";
import { cellNames, seededRandom, weightShapes } from "@rnnkit/core-rnn";
import { testOptions } from "@rnnkit/test-kit/options";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import * as fused from "./index.ts";

beforeAll(() => tf.setBackend("cpu"));

const { engineBytes, setEngineModule } = fused;
const { adamUpdate, bidirectional, gru, lstm, orthogonal, rmspropUpdate, setThreads } = fused;
const { sgdUpdate, simpleRnn } = fused;
const sgdNumbers = { learningRate: 0.1, momentum: 0.9, nesterov: 0 };
const adamNumbers = { stepSize: 0.1, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };
const rmspropNumbers = { learningRate: 0.1, rho: 0.9, momentum: 0, epsilon: 1e-7 };
const ops = { simpleRnn, lstm, gru };
type Op = keyof typeof ops;
const kinds = { simpleRnn: "simpleRnn", lstm: "lstm", gru: "gruAfter" } as const;
const [B, T, I, H] = [2, 3, 4, 5];

const x = tf.ones<tf.Rank.R3>([B, T, I]);
const weightsOf = (op: Op): fused.RecurrentWeights => {
  const { kernel, recurrentKernel, bias } = weightShapes(kinds[op], I, H);
  return {
    kernel: tf.ones(kernel),
    recurrentKernel: tf.ones(recurrentKernel),
    bias: tf.ones(bias),
  };
};
const weights = {
  simpleRnn: weightsOf("simpleRnn"),
  lstm: weightsOf("lstm"),
  gru: weightsOf("gru"),
};
const disposed = (...shape: number[]): tf.Tensor => {
  const tensor = tf.ones(shape);
  tensor.dispose();
  return tensor;
};

const recurrent = [
  ...["initialState", "mask", "goBackwards", "reverseOutputs", "returnSequences"],
  ...["zeroOutputForMask", "activation", "inputDropoutMask", "recurrentDropoutMask"],
];
const names = {
  simpleRnn: recurrent,
  lstm: [...recurrent, "recurrentActivation"],
  gru: [...recurrent, "recurrentActivation", "resetAfter"],
};
const weightNames = ["kernel", "recurrentKernel", "bias"];
const both = (op: Op) => [
  {
    who: op,
    names: names[op],
    call: (options: never) => ops[op](x, weights[op], options),
  },
  {
    who: op,
    kind: "weights",
    names: weightNames,
    required: weights[op],
    call: (options: never) => ops[op](x, options),
  },
];

testOptions(fused, {
  toTensor: {
    who: "toTensor",
    names: ["dtype"],
    call: (options) => fused.toTensor([1], options),
  },
  fromTensor: {
    who: "fromTensor",
    names: ["dtype"],
    call: (options) => fused.fromTensor(tf.scalar(1), options),
  },
  simpleRnn: both("simpleRnn"),
  lstm: both("lstm"),
  gru: both("gru"),
  bidirectional: [
    {
      who: "bidirectional",
      names: names.gru,
      call: (options) => bidirectional("gru", x, [weights.gru, weights.gru], [undefined, options]),
    },
    {
      who: "bidirectional",
      kind: "weights",
      names: weightNames,
      required: weights.lstm,
      call: (options) => bidirectional("lstm", x, [weights.lstm, options]),
    },
  ],
  stepThrough: {
    who: "stepThrough",
    names: [
      ...["initialState", "mask", "goBackwards", "reverseOutputs", "returnSequences"],
      "zeroOutputForMask",
    ],
    required: { initialState: [] },
    call: (options) => fused.stepThrough((step) => [step], x, options),
  },
  activationOps: null,
  createTensorNotes: null,
  stepLoop: null,
  fusedActivations: null,
  adamUpdate: [
    {
      who: "adamUpdate",
      kind: "tensors",
      names: ["value", "gradient", "m", "v", "vHat"],
      required: { value: x, gradient: x, m: x, v: x },
      call: (tensors) => adamUpdate(tensors, adamNumbers),
    },
    {
      who: "adamUpdate",
      kind: "numbers",
      names: ["stepSize", "beta1", "beta2", "epsilon"],
      required: adamNumbers,
      call: (numbers) => adamUpdate({ value: x, gradient: x, m: x, v: x }, numbers),
    },
  ],
  rmspropUpdate: [
    {
      who: "rmspropUpdate",
      kind: "tensors",
      names: ["value", "gradient", "meanSquare", "moment", "meanGradient"],
      required: { value: x, gradient: x, meanSquare: x },
      call: (tensors) => rmspropUpdate(tensors, rmspropNumbers),
    },
    {
      who: "rmspropUpdate",
      kind: "numbers",
      names: ["learningRate", "rho", "momentum", "epsilon"],
      required: rmspropNumbers,
      call: (numbers) => rmspropUpdate({ value: x, gradient: x, meanSquare: x }, numbers),
    },
  ],
  sgdUpdate: [
    {
      who: "sgdUpdate",
      kind: "tensors",
      names: ["value", "gradient", "moment"],
      required: { value: x, gradient: x },
      call: (tensors) => sgdUpdate(tensors, sgdNumbers),
    },
    {
      who: "sgdUpdate",
      kind: "numbers",
      names: ["learningRate", "momentum", "nesterov"],
      required: sgdNumbers,
      call: (numbers) => sgdUpdate({ value: x, gradient: x }, numbers),
    },
  ],
  hasOwnSteps: null,
  stepOps: null,
  sgdSteps: null,
  // Of numbers and weights by hand: gradients of a chain, which were checked where they were made.
  adamSteps: null,
  rmspropSteps: null,
  bidirectionalStage: null,
  chainRefusal: null,
  denseStage: null,
  dropoutFactors: null,
  dropoutStage: null,
  lookupStage: null,
  maskingStage: null,
  chosen: null,
  readNumbers: null,
  readableBackends: null,
  recurrentStage: null,
  reshapeStage: null,
  runChain: null,
  takeRows: null,
  engineMemory: null,
  getThreads: null,
  isEngineSupported: null,
  orthogonal: null,
  registerKernels: null,
  setThreads: null,
  setEngineModule: null,
  engineBytes: null,
});

test("a missing argument, or one that is no tensor, is refused by name", () => {
  const { kernel, recurrentKernel } = weights.gru;
  const calls: [() => unknown, string][] = [
    [() => gru(undefined as never, {} as never), "gru: expected x as a tensor"],
    [
      () => gru(x, {} as never),
      "gru: expected recurrentKernel as a tensor of shape [H, G], got undefined",
    ],
    [
      () => gru(undefined as never, weights.gru),
      "gru: expected x as a tensor of shape [B, T, I], got undefined",
    ],
    [
      () => gru([[[1]]] as never, weights.gru),
      "gru: expected x as a tensor of shape [B, T, I], got [[[1]]]",
    ],
    [
      () => (gru as (x: tf.Tensor) => unknown)(x),
      "gru: expected an object of weights such as { kernel, recurrentKernel, bias }, got undefined",
    ],
    [
      () => gru(x, [kernel, recurrentKernel] as never),
      "gru: expected an object of weights such as { kernel, recurrentKernel, bias }, got [an instance of Tensor",
    ],
    [
      () => gru(x, { kernel: [[1]], recurrentKernel } as never),
      "gru: expected kernel as a tensor of shape [4, 15], got [[1]]",
    ],
    [
      () => gru(x, { kernel, recurrentKernel, bias: [0] } as never),
      "gru: expected bias as a tensor of shape [2, 15], got [0]",
    ],
    [
      () => gru(x, weights.gru, { initialState: tf.ones([B, H]) as never }),
      "gru: expected initialState as [h], got an instance of Tensor of shape [2, 5]",
    ],
    [
      () => gru(x, weights.gru, { initialState: [[tf.ones([B, H])]] as never }),
      "gru: expected initialState[0] as a tensor of shape [2, 5], got [an instance of Tensor of shape [2, 5]]",
    ],
    [
      () => gru(x, weights.gru, { mask: [[1, 1, 0]] as never }),
      "gru: expected mask as a tensor of shape [2, 3], got [[1, 1, 0]]",
    ],
    [
      () => gru(x, weights.gru, { inputDropoutMask: 0.5 as never }),
      "gru: expected inputDropoutMask as a tensor of shape [2, 4], got 0.5",
    ],
    [
      () => gru(x, weights.gru, { returnSequences: "no" as never }),
      'gru: expected returnSequences to be true or false, got "no"',
    ],
    [
      () => gru(x, weights.gru, { resetAfter: 0 as never }),
      "gru: expected resetAfter to be true or false, got 0",
    ],
    [
      () => gru(x, weights.gru, { activation: "hardSigmoid" as never }),
      "did you mean hard_sigmoid?",
    ],
    [
      () => bidirectional("LSTM" as never, x, [weights.lstm, weights.lstm]),
      `bidirectional: expected cell to be one of ${cellNames.join(", ")}, got "LSTM"; did you mean lstm?`,
    ],
    [
      () => bidirectional("lstm", x, weights.lstm as never),
      "bidirectional: expected weights as a list of 2, got an object",
    ],
    [
      () => bidirectional("lstm", x, [weights.lstm, weights.lstm], {} as never),
      "bidirectional: expected options as a list of 2, got an object",
    ],
    [
      () => adamUpdate({ value: x, gradient: x, m: x } as never, adamNumbers),
      "adamUpdate: expected v as a tensor of shape [2, 3, 4], got undefined",
    ],
    [
      () => adamUpdate({ value: [1], gradient: x, m: x, v: x } as never, adamNumbers),
      "adamUpdate: expected value as a tensor of shape [...], got [1]",
    ],
    [
      () => rmspropUpdate({ value: x, gradient: tf.ones([2]), meanSquare: x }, rmspropNumbers),
      "rmspropUpdate: expected gradient of shape [2, 3, 4], got [2]",
    ],
    [
      () => rmspropUpdate({ value: x, gradient: x, meanSquare: disposed(2) }, rmspropNumbers),
      "rmspropUpdate: expected meanSquare as a tensor of shape [2, 3, 4], got one that was disposed",
    ],
    [
      () => adamUpdate({ value: x, gradient: x, m: x, v: x }, { stepSize: 0.1 } as never),
      "adamUpdate: expected beta1 to be a number, got undefined",
    ],
    [
      () => setEngineModule(engineBytes() as never),
      "setEngineModule: expected engineBytes() of this version as a WebAssembly.Module, got an instance of Uint8Array",
    ],
    [
      () => setEngineModule(new WebAssembly.Module(engineBytes().slice(0, 8))),
      "WebAssembly.Module, got one without heapBase, activateBuffer, forwardStep",
    ],
    [() => setThreads("2" as never), 'setThreads: expected an integer from 1 to 256, got "2"'],
    [
      () => orthogonal(4 as never, seededRandom(1)),
      "orthogonal: expected a shape [rows, columns], got 4",
    ],
    [
      () => orthogonal([2, 2], 1 as never),
      "orthogonal: expected a generator such as seededRandom(1), got 1",
    ],
  ];
  for (const [call, message] of calls) expect(call).toThrow(message);
});

test("whatever stands where a tensor belongs is refused by name before any work", () => {
  const places = fc.constantFrom(
    ...["x", "kernel", "recurrentKernel", "bias", "initialState[0]", "mask", "x.ids", "x.table"],
    ...["inputDropoutMask", "recurrentDropoutMask"],
  );
  const none = fc.oneof(
    fc.constant("disposed"),
    fc.anything().filter((value) => value !== undefined && value !== null),
  );
  fc.assert(
    fc.property(
      fc.constantFrom(...(Object.keys(ops) as Op[])),
      places,
      none,
      (op, place, value) => {
        const wrong = value === "disposed" ? disposed(B, T, I) : value;
        const put = (name: string, right: unknown) => (name === place ? wrong : right);
        const given = Object.fromEntries(
          Object.entries(weights[op]).map(([name, tensor]) => [name, put(name, tensor)]),
        );
        const options = place.startsWith("initialState")
          ? { initialState: op === "lstm" ? [wrong, tf.ones([B, H])] : [wrong] }
          : weightNames.includes(place) || place.startsWith("x")
            ? {}
            : { [place]: wrong };
        const lookup = { ids: tf.zeros([B, T], "int32"), table: tf.ones([2, I]) };
        const sequence = place.startsWith("x.")
          ? { ...lookup, [place.slice(2)]: wrong }
          : put("x", x);
        const before = tf.memory().numTensors;
        expect(() => ops[op](sequence as never, given as never, options as never)).toThrow(
          `${op}: expected ${place} as a tensor of shape [`,
        );
        expect(tf.memory().numTensors).toBe(before);
      },
    ),
    { numRuns: 500 },
  );
});
