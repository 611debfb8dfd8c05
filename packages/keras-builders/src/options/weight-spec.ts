import { cellTable } from "@rnnkit/core-rnn";
import {
  add,
  addN,
  concat,
  mul,
  neg,
  ones,
  relu,
  type Scalar,
  scalar,
  type serialization,
  square,
  sum,
  type Tensor,
  tidy,
  type Variable,
} from "@tensorflow/tfjs-core";
import {
  type constraints,
  initializers,
  type LayerVariable,
  regularizers,
  layers as stock,
} from "@tensorflow/tfjs-layers";
import { orthogonal } from "./orthogonal.ts";

export type Initializer = ReturnType<typeof initializers.zeros>;
export type Regularizer = ReturnType<typeof regularizers.l1l2>;
export type Constraint = ReturnType<typeof constraints.nonNeg>;

type DenseArgs = Parameters<typeof stock.dense>[0];
/** A name, a config, or an object that tf.initializers made; *null* and undefined for the default. @inline */
export type InitializerArg = DenseArgs["kernelInitializer"] | null;
/** *"l1"*, *"l2"* or *"l1l2"* (0.01), a config, or an object that tf.regularizers made. @inline */
export type RegularizerArg = DenseArgs["kernelRegularizer"] | null;
/** A name, a config, or an object that tf.constraints made. @inline */
export type ConstraintArg = DenseArgs["kernelConstraint"] | null;

/** How one weight starts, what it costs, and what it is held to. @inline */
export interface WeightSpec {
  initializer: Initializer;
  regularizer: Regularizer | null;
  constraint: Constraint | null;
}

/**
 * Reads what a layer was told about a weight. tfjs-layers exports nothing that reads names and configs,
 * but its Dense keeps what it has read.
 */
export function weightSpec(
  initializer: InitializerArg | undefined,
  fallback: Initializer,
  regularizer?: RegularizerArg,
  constraint?: ConstraintArg,
): WeightSpec {
  const read = stock.dense({
    units: 1,
    name: "reader",
    kernelInitializer: initializer ?? fallback,
    kernelRegularizer: ofKeras(regularizer) as RegularizerArg & object,
    kernelConstraint: constraint as ConstraintArg & object,
  }) as unknown as Record<string, unknown>;
  const given = read.kernelInitializer as Initializer;
  return {
    initializer: given.getClassName() === "Orthogonal" ? orthogonal(given.getConfig()) : given,
    regularizer: kerasL1L2(read.kernelRegularizer as Regularizer | null),
    constraint: read.kernelConstraint as Constraint | null,
  };
}

/** Keras has L1 and L2 beside L1L2, the only one that tfjs-layers can read. */
function ofKeras(given: RegularizerArg | undefined): unknown {
  const { className, config } = (
    typeof given === "string" ? { className: given } : (given ?? {})
  ) as {
    className?: string;
    config?: { l1: number; l2: number };
  };
  if (className === "l1" || className === "L1") return regularizers.l1(config);
  if (className === "l2" || className === "L2") return regularizers.l2(config);
  return given;
}

/**
 * L1L2 with Keras's gradient of |w| at 0, which is 0: tfjs's is -1, and would drive a weight that starts
 * there, as biases do, or is held there, away.
 */
function kerasL1L2(given: Regularizer | null): Regularizer | null {
  if (given?.getClassName() !== "L1L2") return given;
  const { l1, l2 } = given.getConfig() as { l1: number; l2: number };
  const made = regularizers.l1l2({ l1, l2 });
  made.apply = (w) =>
    tidy(() => {
      const costs = [scalar(0)];
      if (l1) costs.push(mul(l1, sum(add(relu(w), relu(neg(w))))));
      if (l2) costs.push(mul(l2, sum(square(w))));
      return addN(costs) as Scalar;
    });
  return made;
}

/** Reads a regularizer given by name, config or object. */
export function regularizer(given: RegularizerArg | undefined): Regularizer | null {
  return given == null ? null : weightSpec("zeros", initializers.zeros(), given).regularizer;
}

/** What a weight of **layer** costs: nothing while the layer is frozen, as in Keras. */
export function whileTrained(
  layer: { readonly trainable: boolean },
  regularizer: Regularizer | null,
): Pick<Regularizer, "apply"> | null {
  return regularizer && { apply: (w) => (layer.trainable ? regularizer.apply(w) : scalar(0)) };
}

/**
 * Holds a weight to its constraint after every step of an optimizer, where tfjs-layers forgets it. As in
 * Keras, weights that are set or loaded are left as they are.
 */
export function constrained(
  weight: LayerVariable,
  { constraint }: Pick<WeightSpec, "constraint">,
): LayerVariable {
  if (!constraint) return weight;
  const value = weight.read() as Variable;
  const assign = value.assign.bind(value);
  const assignConstrained: typeof assign = (next) =>
    void tidy(() => assign(constraint.apply(next) as typeof next));
  value.assign = assignConstrained;
  const write = weight.write.bind(weight);
  weight.write = (next) => {
    value.assign = assign;
    try {
      return write(next);
    } finally {
      value.assign = assignConstrained;
    }
  };
  return weight;
}

/** Holds a layer's weights to the constraints given to addWeight, which tfjs-layers applies when they are set. */
export function constrainWeights(layer: { readonly weights: LayerVariable[] }): void {
  for (const weight of layer.weights) {
    const owned = weight as unknown as { constraint: Constraint | null };
    constrained(weight, owned);
    owned.constraint = null;
  }
}

/** As saved models hold it: class name and config. */
export function serialized(
  part: serialization.Serializable | null,
): serialization.ConfigDict | null {
  return part && { className: part.getClassName(), config: part.getConfig() };
}

/** The LSTM's bias: **initializer** for the gates i, c and o, 1 for the forget gate. */
export function unitForgetBias(initializer: Initializer, units: number): Initializer {
  const { gates } = cellTable.lstm;
  const before = gates.indexOf("f") * units;
  const after = gates.length * units - before - units;
  const apply = (): Tensor =>
    concat([initializer.apply([before]), ones([units]), initializer.apply([after])]);
  return { apply } as unknown as Initializer;
}

/** Those of Keras 3: glorot uniform for kernels, orthogonal for recurrent ones, zero for biases. */
export function defaultInitializers(
  seed: number | undefined,
): Record<"kernel" | "recurrent" | "bias", Initializer> {
  return {
    kernel: initializers.glorotUniform({ seed: seed as number }),
    recurrent: orthogonal({ seed }),
    bias: initializers.zeros(),
  };
}
