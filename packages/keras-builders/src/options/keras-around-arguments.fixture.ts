// The arguments of what stands around Keras 3.15.1's cells and recurrent layers.

import { type Check, numbers } from "../keras-case.fixture.ts";
import { argumentsOf, type Section } from "./keras-argument.fixture.ts";
import { all, held, zeroStates } from "./keras-definitions.fixture.ts";
import {
  bidirectionalWeights,
  embeddingWeights,
  halfPrecision,
  infiniteMaskValue,
  lora,
  named,
  trainable,
  uniformEmbeddings,
  wrappedTraining,
} from "./keras-layer-definitions.fixture.ts";
import { sequenceArguments } from "./keras-recurrent-arguments.fixture.ts";

const rnn = argumentsOf("RNN");
const stacked = argumentsOf("StackedRNNCells");
const bidirectional = argumentsOf("Bidirectional");
const timeDistributed = argumentsOf("TimeDistributed");
const embedding = argumentsOf("Embedding");
const every = argumentsOf("every layer");
const notHere = { stock: ["ignored"], rnnkit: ["throws", "refused by name"] } as const;
const cases =
  (...names: string[]) =>
  (kind: string): Check =>
    all(...names.map((name) => numbers(kind, name)));

/** Of RNN, stacks, wrappers, Embedding, Masking, and all layers. */
export const aroundSections: readonly Section[] = [
  {
    title: "RNN",
    arguments: [
      rnn("cell, one of your own", "required", {
        check: cases("cell own"),
        note: "step by step, composed; leaks nothing",
      }),
      rnn("cell, a list", "", {
        check: cases("cell list"),
        note: "one fused call for each of this package",
      }),
      rnn("cell.state_size", "", { check: cases("cell.state_size") }),
      rnn("cell.output_size", "state_size[0]", {
        check: cases("cell.output_size"),
        stock: ["throws", "next layer is built for the first state"],
      }),
      rnn("cell.get_initial_state", "zeros", {
        check: cases("cell.get_initial_state"),
        stock: ["ignored"],
      }),
      ...sequenceArguments("RNN"),
    ],
  },
  {
    title: "StackedRNNCells",
    arguments: [
      stacked("cells", "required", {
        stock: ["other numbers", "states last cell first"],
        note: "first cell first; one flat list, Keras nests it",
      }),
      stacked("call: inputs, states", "", {
        check: cases("states"),
        stock: ["throws", "weights set to the wrong cell"],
      }),
      stacked("get_initial_state", "", { check: zeroStates, stock: ["throws", "not there"] }),
    ],
  },
  {
    title: "Bidirectional",
    arguments: [
      bidirectional("layer", "required", {
        check: cases("layer"),
        note: "two fused layers of one kind are one call",
      }),
      bidirectional("layer=RNN(cell)", "", { check: cases("layer RNN"), stock: ["throws"] }),
      bidirectional("layer's regularizers", "", {
        check: cases("layer.regularizers"),
        stock: ["ignored", "never reaches the loss"],
      }),
      bidirectional("layer's constraints", "", {
        check: cases("layer.constraints"),
        stock: ["ignored", "not applied in training"],
      }),
      bidirectional("layer's return_state", "", { check: cases("layer.return_state") }),
      bidirectional("layer's stateful", "", { check: cases("layer.stateful") }),
      bidirectional("merge_mode", "'concat'", {
        check: cases(...["sum", "mul", "ave", "None"].map((mode) => `merge_mode ${mode}`)),
      }),
      bidirectional("weights", "None", {
        check: () => bidirectionalWeights,
        stock: ["throws"],
        note: "Keras 3.15.1 itself takes and forgets them",
      }),
      bidirectional("backward_layer", "None", { stock: ["ignored"] }),
      bidirectional("activity_regularizer", "None", {
        stock: ["ignored", "never reaches the loss"],
      }),
      bidirectional("call: initial_state", "None", { check: cases("states") }),
      bidirectional("call: mask", "None", {
        check: cases("mask"),
        stock: ["other numbers", "masked outputs are not 0"],
      }),
      bidirectional("call: training", "None", { check: () => wrappedTraining("Bidirectional") }),
    ],
  },
  {
    title: "TimeDistributed",
    arguments: [
      timeDistributed("layer", "required", {
        check: cases("layer", "layer LSTM"),
        note: "one call for all steps",
      }),
      timeDistributed("layer's regularizers", "", { check: cases("layer.regularizers") }),
      timeDistributed("activity_regularizer", "None", {
        stock: ["ignored", "never reaches the loss"],
      }),
      timeDistributed("call: mask", "None", {
        check: cases("mask"),
        stock: ["throws", "hands every step the whole mask"],
      }),
      timeDistributed("call: training", "None", {
        check: () => wrappedTraining("TimeDistributed"),
      }),
    ],
  },
  {
    title: "Embedding, Masking",
    arguments: [
      embedding("input_dim", "required"),
      embedding("output_dim", "required"),
      embedding("embeddings_initializer", "'uniform'"),
      embedding("embeddings_initializer, not given", "'uniform'", {
        check: () => uniformEmbeddings,
        bare: true,
      }),
      embedding("embeddings_regularizer", "None"),
      embedding("embeddings_constraint", "None", {
        check: (kind) => all(held(kind, "embeddings"), numbers(kind, "embeddings_constraint")),
        stock: ["ignored", "not applied in training"],
      }),
      embedding("activity_regularizer", "None", { stock: ["throws"] }),
      embedding("mask_zero", "False"),
      embedding("weights", "None", { check: () => embeddingWeights }),
      embedding("lora_rank", "None", { check: () => lora("lora_rank"), ...notHere }),
      embedding("lora_alpha", "None", { check: () => lora("lora_alpha"), ...notHere }),
      embedding("quantization_config", "None", {
        check: () => lora("quantization_config"),
        ...notHere,
      }),
      argumentsOf("Masking")("mask_value", "0.0", {
        check: cases("mask_value", "mask_value default"),
      }),
      argumentsOf("Masking")("mask_value=inf", "", {
        check: () => infiniteMaskValue,
        stock: ["other numbers", "NaN"],
      }),
    ],
  },
  {
    title: "Every layer",
    arguments: [
      every("name", "None", { check: () => named }),
      every("trainable", "True", { check: () => trainable }),
      every("dtype='float16', ...", "None", {
        check: () => halfPrecision,
        ...notHere,
        note: "float32 throughout",
      }),
    ],
  },
];
