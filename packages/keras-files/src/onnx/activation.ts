import { type Attribute, addNode, constant, type Graph } from "./graph.ts";

/** A function that ONNX's recurrent operators know, with what it needs. */
export interface RecurrentFunction {
  name: string;
  alpha?: number;
  beta?: number;
}

const recurrentFunctions: Readonly<Record<string, RecurrentFunction>> = {
  tanh: { name: "Tanh" },
  sigmoid: { name: "Sigmoid" },
  relu: { name: "Relu" },
  elu: { name: "Elu", alpha: 1 },
  leakyRelu: { name: "LeakyRelu", alpha: 0.2 },
  softplus: { name: "Softplus" },
  softsign: { name: "Softsign" },
  linear: { name: "Affine", alpha: 1, beta: 0 },
};

/** Keras 3's hard sigmoid is relu6(x + 3)/6, that of Keras 2 and tfjs-layers clip(0.2x + 0.5). */
const hardSigmoids: Record<"keras" | "tfjs", RecurrentFunction> = {
  keras: { name: "HardSigmoid", alpha: 1 / 6, beta: 0.5 },
  tfjs: { name: "HardSigmoid", alpha: 0.2, beta: 0.5 },
};

/** The activations that ONNX's recurrent operators know, as tfjs-layers spells them. */
export const recurrentActivations: readonly string[] = [
  ...Object.keys(recurrentFunctions),
  "hardSigmoid",
  "hardSigmoidKeras2",
];

/** What an activation of a recurrent layer is in ONNX; undefined where it is nothing. */
export function recurrentFunction(
  activation: string,
  hardSigmoid: "keras" | "tfjs",
): RecurrentFunction | undefined {
  if (activation === "hardSigmoid") return hardSigmoids[hardSigmoid];
  if (activation === "hardSigmoidKeras2") return hardSigmoids.tfjs;
  return Object.hasOwn(recurrentFunctions, activation) ? recurrentFunctions[activation] : undefined;
}

/** Adds nodes for f(x), and returns their output. */
type Elementwise = (add: Adder, x: string) => string;

interface Adder {
  node(operator: string, inputs: string[], attributes?: Record<string, Attribute>): string;
  number(value: number): string;
}

const operator =
  (name: string, attributes?: Record<string, Attribute>): Elementwise =>
  (add, x) =>
    add.node(name, [x], attributes);

function slope({ alpha = 1, beta = 0 }: RecurrentFunction): Record<string, Attribute> {
  return { alpha: { float: alpha }, beta: { float: beta } };
}

const hardSilu: Elementwise = (add, x) =>
  add.node("Mul", [x, add.node("HardSigmoid", [x], slope(hardSigmoids.keras))]);

const lastAxis = { axis: { int: -1 } };

/** tfjs-layers' activations by their class names, and Keras's by their names. */
const activations: Readonly<Record<string, Elementwise>> = {
  linear: (_, x) => x,
  tanh: operator("Tanh"),
  sigmoid: operator("Sigmoid"),
  hardSigmoid: operator("HardSigmoid", slope(hardSigmoids.tfjs)),
  hard_sigmoid: operator("HardSigmoid", slope(hardSigmoids.keras)),
  relu: operator("Relu"),
  relu6: (add, x) => add.node("Clip", [x, add.number(0), add.number(6)]),
  elu: operator("Elu", { alpha: { float: 1 } }),
  celu: operator("Elu", { alpha: { float: 1 } }),
  leaky_relu: operator("LeakyRelu", { alpha: { float: 0.2 } }),
  exponential: operator("Exp"),
  hard_silu: hardSilu,
  hard_swish: hardSilu,
  hard_tanh: (add, x) => add.node("Clip", [x, add.number(-1), add.number(1)]),
  // ln(1/(1 + e⁻ˣ)) = -ln(1 + e⁻ˣ)
  log_sigmoid: (add, x) => add.node("Neg", [add.node("Softplus", [add.node("Neg", [x])])]),
  tanh_shrink: (add, x) => add.node("Sub", [x, add.node("Tanh", [x])]),
  selu: operator("Selu"),
  softplus: operator("Softplus"),
  softsign: operator("Softsign"),
  softmax: operator("Softmax", lastAxis),
  logSoftmax: operator("LogSoftmax", lastAxis),
  swish: (add, x) => add.node("Mul", [x, add.node("Sigmoid", [x])]),
  mish: (add, x) => add.node("Mul", [x, add.node("Tanh", [add.node("Softplus", [x])])]),
  // x·Φ(x) = x/2·(1 + erf(x/√2))
  gelu(add, x) {
    const erf = add.node("Erf", [add.node("Mul", [x, add.number(Math.SQRT1_2)])]);
    const half = add.node("Mul", [x, add.number(0.5)]);
    return add.node("Mul", [half, add.node("Add", [erf, add.number(1)])]);
  },
  // x/2·(1 + tanh(√(2/π)·(x + 0.044715x³)))
  gelu_new(add, x) {
    const cube = add.node("Mul", [x, add.node("Mul", [x, x])]);
    const bent = add.node("Add", [x, add.node("Mul", [cube, add.number(0.044715)])]);
    const tanh = add.node("Tanh", [add.node("Mul", [bent, add.number(Math.sqrt(2 / Math.PI))])]);
    const half = add.node("Mul", [x, add.number(0.5)]);
    return add.node("Mul", [half, add.node("Add", [tanh, add.number(1)])]);
  },
};

/** The activations of Dense and Activation that can be written. */
export const activationNames: readonly string[] = Object.keys(activations);

/** Adds **activation** of x to a graph and returns its name; undefined where it has none in ONNX. */
export function addActivation(
  graph: Graph,
  scope: string,
  activation: string,
  x: string,
): string | undefined {
  if (!Object.hasOwn(activations, activation)) return undefined;
  const add: Adder = {
    node: (name, inputs, attributes) => addNode(graph, scope, name, inputs, attributes),
    number: (value) => constant(graph, value, "float"),
  };
  return activations[activation]!(add, x);
}
