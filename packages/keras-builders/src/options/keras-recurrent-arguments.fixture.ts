// The arguments of Keras 3.15.1's recurrent layers and cells, in the order of its signatures.

import { fusedActivations } from "@rnnkit/fused-rnn";
import { type Check, numbers } from "../keras-case.fixture.ts";
import { type Argument, argumentsOf, type Section } from "./keras-argument.fixture.ts";
import {
  all,
  dropout,
  glorotUniform,
  held,
  maskedNaN,
  oneState,
  orthogonal,
  recurrentDropout,
  seed,
  silently,
  trainingOf,
  zeroStates,
} from "./keras-definitions.fixture.ts";

/** The others have rows of their own. */
const fused = fusedActivations.filter(
  (name) => name !== "tanh" && name !== "exponential" && !name.startsWith("hard_sigmoid"),
);
const weights = ["kernel", "recurrent", "bias"] as const;
const composed = "composed: step by step, slow, and says so";
const stepwise = { limit: composed };

const activations =
  (names: readonly string[], option = "activation") =>
  (kind: string): Check =>
    all(...names.map((name) => numbers(kind, `${option} ${name}`)));

/** What the options of a cell are, in a layer of its own and in one around it. */
function cellArguments(kinds: readonly string[], dropoutInStock: Partial<Argument>): Argument[] {
  const [simple, lstm, gru] = kinds as [string, string, string];
  const every = argumentsOf(...kinds);
  const gated = argumentsOf(lstm, gru);
  const hardSigmoid = ["other numbers", "its own is 0.2x + 0.5"] as const;
  return [
    every("units", "required"),
    every("activation", "'tanh'", {
      check: (kind) => silently(activations(fused)(kind)),
      note: `fused: tanh, ${fused.join(", ")}, and the next three`,
    }),
    every("activation=None", "", {
      check: activations(["None"]),
      stock: { [simple]: ["ignored", "null is tanh"] },
      note: "_null_, fused",
    }),
    every("activation='hard_sigmoid'", "", {
      check: activations(["hard_sigmoid"]),
      stock: hardSigmoid,
      note: "relu6(x + 3) / 6, fused",
    }),
    every("activation='exponential'", "", {
      check: activations(["exponential"]),
      stock: ["throws"],
      note: "fused",
    }),
    every("activation='gelu', 'silu'", "", {
      check: activations(["gelu", "silu"]),
      ...stepwise,
    }),
    every("activation='leaky_relu'", "", {
      check: activations(["leaky_relu"]),
      stock: ["throws"],
      ...stepwise,
    }),
    every("activation='mish'", "", {
      check: activations(["mish"]),
      ...stepwise,
    }),
    gated("recurrent_activation", "'sigmoid'", {
      check: activations(["relu"], "recurrent_activation"),
      note: "fused and composed as activation",
    }),
    gated("recurrent_activation='hard_sigmoid'", "", {
      check: activations(["hard_sigmoid"], "recurrent_activation"),
      stock: hardSigmoid,
    }),
    gated("recurrent_activation='silu'", "", {
      check: activations(["silu"], "recurrent_activation"),
      ...stepwise,
    }),
    gated("recurrent_activation, not given", "'sigmoid'", {
      check: (kind) => numbers(kind, "recurrent_activation default"),
      bare: true,
      stock: ["other numbers", "its hard sigmoid"],
    }),
    every("use_bias", "True"),
    every("kernel_initializer", "'glorot_uniform'"),
    every("kernel_initializer, not given", "'glorot_uniform'", {
      check: glorotUniform,
      bare: true,
      stock: ["other numbers", "glorot normal"],
    }),
    every("recurrent_initializer", "'orthogonal'"),
    every("recurrent_initializer, not given", "'orthogonal'", {
      check: orthogonal,
      bare: true,
      note: "without tfjs's slow QR",
    }),
    every("bias_initializer", "'zeros'"),
    argumentsOf(lstm)("unit_forget_bias", "True"),
    argumentsOf(lstm)("unit_forget_bias, not given", "True", {
      check: (kind) => numbers(kind, "unit_forget_bias default"),
      bare: true,
      stock: ["other numbers", "off"],
    }),
    ...weights.map((weight) =>
      every(`${weight}_regularizer`, "None", { stock: ["ignored", "never reaches the loss"] }),
    ),
    ...weights.map((weight) =>
      every(`${weight}_constraint`, "None", {
        check: (kind) => all(held(kind, weight), numbers(kind, `${weight}_constraint`)),
        stock: ["ignored", "not applied in training"],
      }),
    ),
    every("dropout", "0.0", {
      check: dropout,
      ...dropoutInStock,
      note: "Keras's masks, other random numbers",
    }),
    every("recurrent_dropout", "0.0", {
      check: recurrentDropout,
      stock: {
        [lstm]: ["other numbers", "one mask for all gates"],
        [gru]: ["other numbers", "reaches z·h as well"],
      },
      note: "a mask for each gate, fused",
      ...dropoutInStock,
    }),
    every("seed", "None", { check: seed, stock: ["ignored"], note: "of default weights, too" }),
    argumentsOf(gru)("reset_after", "True", {
      stock: ["throws"],
      note: "_true_ by default, bias [2, 3·units]",
    }),
    gated("implementation", "2", { note: "no effect on numbers" }),
  ];
}

const inferredFirst = ["ignored", "off for ever after a call without"] as const;

/** What the loop over time takes, whatever the cell. */
export function sequenceArguments(...kinds: readonly string[]): Argument[] {
  const every = argumentsOf(...kinds);
  return [
    every("activity_regularizer", "None", {
      stock: Object.fromEntries(
        kinds
          .filter((kind) => kind !== "SimpleRNN")
          .map((kind) => [kind, ["ignored", "never reaches the loss"]]),
      ),
      ...(kinds.includes("SimpleRNN") && { note: "Keras's SimpleRNN takes it and forgets it" }),
    }),
    every("return_sequences", "False"),
    every("return_state", "False"),
    every("go_backwards", "False"),
    every("stateful", "False", {
      check: (kind) => all(numbers(kind, "stateful"), oneState(kind)),
      stock: ["leaks", "keeps every old state until reset"],
      note: "one state; reset_state() is there",
    }),
    every("unroll", "False", {
      check: (kind) => silently(numbers(kind, "unroll")),
      stock: ["warns", "in every call"],
      note: "accepted, nothing to unroll",
    }),
    every("zero_output_for_mask", "False", { stock: ["ignored"] }),
    every("call: sequences", "", { check: (kind) => numbers(kind, "sequences") }),
    every("call: initial_state", "None", { check: (kind) => numbers(kind, "states") }),
    every("call: mask", "None", { check: (kind) => numbers(kind, "mask") }),
    every("call: mask, NaN in masked steps", "", {
      check: maskedNaN,
      stock: ["other numbers", "NaN"],
    }),
    every("call: training", "False", {
      check: trainingOf,
      stock: { RNN: inferredFirst },
    }),
  ];
}

const layers = ["SimpleRNN", "LSTM", "GRU"];
const cells = layers.map((name) => `${name}Cell`);
const oneStep = argumentsOf(...cells);

/** Of the layers and of their cells. */
export const recurrentSections: readonly Section[] = [
  {
    title: "SimpleRNN, LSTM, GRU",
    arguments: [
      ...cellArguments(layers, {}),
      argumentsOf("LSTM", "GRU")("use_cudnn", "'auto'"),
      ...sequenceArguments(...layers),
    ],
  },
  {
    title: "SimpleRNNCell, LSTMCell, GRUCell",
    arguments: [
      ...cellArguments(cells, { stock: ["other numbers", "one mask for ever"] }),
      oneStep("call: inputs, states", "", { check: (kind) => numbers(kind, "states") }),
      oneStep("call: training", "False", { check: trainingOf, stock: inferredFirst }),
      oneStep("get_initial_state", "", { check: zeroStates, stock: ["throws", "not there"] }),
    ],
  },
];
