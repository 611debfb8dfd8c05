import { lowered, shownNumber } from "./numbers.ts";

const n = (value: number) => shownNumber("en", value);

/** What the page says of the unrolled network. */
export const unrolledEnglish = {
  "unrolled.title": "The network, unrolled",
  "unrolled.intro":
    "One cell, drawn once for every time step: the weights are the same in all of them. The network reads a sequence and is to say at the end what it read at the beginning. Watch the states being computed from left to right, then the gradient of the loss flowing back from right to left.",
  "unrolled.cell": "Cell",
  "unrolled.stepCount": "Time steps",
  "unrolled.recurrentScale": "Recurrent weights",
  "unrolled.recurrentScale.hint": "times an orthogonal matrix, so this is its norm",
  "unrolled.inputScale": "Input weights",
  "unrolled.inputScale.hint": "large inputs push tanh to where it is flat",
  "unrolled.gateBias": "Bias of the gate that keeps",
  "unrolled.gateBias.hint": (kept: number) =>
    `LSTM: f, GRU: z; at rest the gate lets ${n(kept)} through`,
  "unrolled.seed": "Other numbers",
  "unrolled.presets": "Settings to look at",
  "unrolled.preset.vanishing": "Vanishing",
  "unrolled.preset.initial": "Keras's initial weights",
  "unrolled.preset.exploding": "Exploding",

  "unrolled.toStart": "To the start",
  "unrolled.back": "One step back",
  "unrolled.play": "Play",
  "unrolled.pause": "Pause",
  "unrolled.forth": "One step on",
  "unrolled.toEnd": "To the end",
  "unrolled.position": "Place in the two passes",
  "unrolled.at.start": "Before the first step",
  "unrolled.at.forward": (t: number, steps: number) =>
    `Forward, step ${n(t)} of ${n(steps)}: the state reads x${lowered(t)}`,
  "unrolled.at.loss": (loss: string) => `The loss of the last output: L = ${loss}`,
  "unrolled.at.backward": (t: number, norm: string) =>
    `Backward, at step ${n(t)}: |∂L/∂h${lowered(t)}| = ${norm}`,

  "unrolled.picture": (cell: string, steps: number) =>
    `${cell} unrolled over ${n(steps)} time steps; all numbers are in the table below`,
  "unrolled.scroll": "The picture; scroll it sideways",
  "unrolled.target": "target",
  "unrolled.unit": (t: number, unit: number, value: string) =>
    `h${lowered(t)}, unit ${n(unit)}: ${value}`,
  "unrolled.unit.c": (t: number, unit: number, value: string) =>
    `c${lowered(t)}, unit ${n(unit)}: ${value}`,
  "unrolled.key.forward":
    "forward: weights; the bars in a state are its units, those to the left negative",
  "unrolled.key.backward":
    "backward: the wider the arrow, the larger the gradient (on a logarithmic scale)",

  "unrolled.chart": "The gradient at every time step",
  "unrolled.chart.caption":
    "The norm of the gradient against the time step, on a logarithmic axis, all cells at the same sequence and settings. A straight line downwards to the left is exponential vanishing.",
  "unrolled.chart.x": "time step t",
  "unrolled.chart.y": "norm of the gradient",

  "unrolled.fading.ratio": "|∂L/∂h₁| / |∂L/∂h_T|",
  "unrolled.fading.factor": "factor a step",
  "unrolled.fading.keeping": "what a step keeps, on average",
  "unrolled.fading.loss": "loss L",
  "unrolled.keeping.simpleRnn": (slope: string, product: string) =>
    `slope of tanh ${slope}; times the recurrent weights ${product}`,
  "unrolled.keeping.lstm": (gate: string) => `forget gate f ${gate}`,
  "unrolled.keeping.gru": (gate: string) => `update gate z ${gate}`,
  "unrolled.why":
    "On its way back through SimpleRNN the gradient is multiplied at every step by the slopes of tanh, at most 1, and by the recurrent weights: with a norm below 1 it can only vanish. Above 1 it may explode, until the states grow so large that tanh is flat. An LSTM's cell state has a way back that passes its forget gate alone, a GRU's state one through its update gate: what such a gate lets through is learned, and may be close to 1. Nothing protects them where the gate is not open: with the bias 1 of Keras the forget gate begins at 0.73, and over many steps that vanishes too.",

  "unrolled.equations": "The equations",
  "unrolled.equations.forward": "Forward",
  "unrolled.equations.backward": "Backward",
  "unrolled.equations.hat": "A hat marks the sum inside σ or tanh.",
  "unrolled.numbers": "All numbers as a table",
  "unrolled.numbers.caption": (cell: string) => `${cell}, step by step`,
  "unrolled.numbers.step": "step t",
  "unrolled.numbers.all": "The gradients of all cells as a table",
};
