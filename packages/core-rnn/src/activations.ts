// Keras 3's activations, each next to its derivative. A derivative is written in the output y where
// that is shorter, else in the input x; at a kink it is what TensorFlow's gradient gives.

/** A function of one real variable and its derivative. */
export interface Activation {
  /** y = f(x). */
  apply(x: number): number;
  /** f′(x), where `y` is f(x), already known. */
  derivative(x: number, y: number): number;
}

/**
 * The name of an activation, spelled as in Keras 3, and *hard_sigmoid_keras2*: what Keras 1 and 2 called
 * hard_sigmoid.
 */
export type ActivationName =
  | "tanh"
  | "sigmoid"
  | "relu"
  | "linear"
  | "hard_sigmoid"
  | "hard_sigmoid_keras2"
  | "elu"
  | "selu"
  | "softplus"
  | "softsign"
  | "exponential"
  | "leaky_relu"
  | "gelu"
  | "silu"
  | "relu6"
  | "celu"
  | "hard_silu"
  | "hard_tanh"
  | "log_sigmoid"
  | "mish"
  | "tanh_shrink";

const seluScale = 1.0507009873554805;
const seluAlpha = 1.6732632423543772;
const leakySlope = 0.2;

const elu: Activation = {
  apply: (x) => (x > 0 ? x : Math.expm1(x)),
  derivative: (x, y) => (x > 0 ? 1 : y + 1),
};

/**
 * Every activation by its name.
 *
 *     tanh          (eˣ − e⁻ˣ)/(eˣ + e⁻ˣ)
 *     sigmoid       1/(1 + e⁻ˣ)
 *     relu          max(0, x)
 *     linear        x
 *     hard_sigmoid  min(max(x + 3, 0), 6)/6
 *     hard_sigmoid_keras2  min(max(0.2·x + 0.5, 0), 1), the hard_sigmoid of Keras 1 and 2
 *     elu           x if x > 0, else eˣ − 1
 *     selu          1.0507·x if x > 0, else 1.0507·1.6733·(eˣ − 1)
 *     softplus      ln(1 + eˣ)
 *     softsign      x/(1 + |x|)
 *     exponential   eˣ
 *     leaky_relu    x if x > 0, else 0.2·x
 *     gelu          x·Φ(x) with the normal distribution's Φ (not the tanh approximation)
 *     silu          x·sigmoid(x)
 *     relu6         min(max(0, x), 6)
 *     celu          x if x > 0, else eˣ − 1
 *     hard_silu     x·hard_sigmoid(x)
 *     hard_tanh     min(max(x, −1), 1)
 *     log_sigmoid   log(1/(1 + e⁻ˣ))
 *     mish          x·tanh(log(1 + eˣ))
 *     tanh_shrink   x − tanh(x)
 *
 * Reference: https://keras.io/api/layers/activations/
 *
 * @example
 * activations.hard_sigmoid.apply(1.5); // => 0.75
 */
export const activations: Readonly<Record<ActivationName, Activation>> = {
  tanh: {
    apply: Math.tanh,
    derivative: (_x, y) => 1 - y * y,
  },
  sigmoid: {
    apply: sigmoid,
    derivative: (_x, y) => y * (1 - y),
  },
  relu: {
    apply: (x) => Math.max(x, 0),
    derivative: (x) => (x > 0 ? 1 : 0),
  },
  linear: {
    apply: (x) => x,
    derivative: () => 1,
  },
  hard_sigmoid: {
    apply: (x) => (x <= -3 ? 0 : x >= 3 ? 1 : (x + 3) / 6),
    derivative: (x) => (x > -3 && x < 3 ? 1 / 6 : 0),
  },
  hard_sigmoid_keras2: {
    apply: (x) => (x <= -2.5 ? 0 : x >= 2.5 ? 1 : 0.2 * x + 0.5),
    derivative: (x) => (x > -2.5 && x < 2.5 ? 0.2 : 0),
  },
  elu,
  selu: {
    apply: (x) => seluScale * (x > 0 ? x : seluAlpha * Math.expm1(x)),
    // At 0 that of above, as Keras on TensorFlow.
    derivative: (x, y) => (x >= 0 ? seluScale : y + seluScale * seluAlpha),
  },
  softplus: {
    apply: softplus,
    derivative: sigmoid,
  },
  softsign: {
    apply: (x) => x / (1 + Math.abs(x)),
    derivative: (x) => 1 / (1 + Math.abs(x)) ** 2,
  },
  exponential: {
    apply: Math.exp,
    derivative: (_x, y) => y,
  },
  leaky_relu: {
    apply: (x) => (x > 0 ? x : leakySlope * x),
    derivative: (x) => (x > 0 ? 1 : leakySlope),
  },
  gelu: {
    apply: (x) => x * normalDistribution(x),
    derivative: (x) =>
      normalDistribution(x) + x * Math.exp(-0.5 * x * x) * Math.sqrt(0.5 / Math.PI),
  },
  silu: {
    apply: (x) => x * sigmoid(x),
    derivative: (x) => sigmoid(x) * (1 + x * sigmoid(-x)),
  },
  relu6: {
    apply: (x) => Math.min(Math.max(x, 0), 6),
    derivative: (x) => (x > 0 && x < 6 ? 1 : 0),
  },
  // Keras's α is 1.
  celu: elu,
  hard_silu: {
    apply: (x) => (x <= -3 ? 0 : x >= 3 ? x : (x * (x + 3)) / 6),
    derivative: (x) => (x <= -3 ? 0 : x >= 3 ? 1 : (2 * x + 3) / 6),
  },
  hard_tanh: {
    apply: (x) => Math.min(Math.max(x, -1), 1),
    derivative: (x) => (x >= -1 && x <= 1 ? 1 : 0),
  },
  log_sigmoid: {
    apply: (x) => -softplus(-x),
    derivative: (x) => sigmoid(-x),
  },
  mish: {
    apply: (x) => x * Math.tanh(softplus(x)),
    derivative: (x) => {
      const t = Math.tanh(softplus(x));
      return t + x * sigmoid(x) * (1 - t * t);
    },
  },
  tanh_shrink: {
    apply: (x) => x - Math.tanh(x),
    derivative: (x) => Math.tanh(x) ** 2,
  },
};

/** Every name in `activations`. */
export const activationNames: readonly ActivationName[] = Object.keys(
  activations,
) as ActivationName[];

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

/**
 * Φ(x) to full relative accuracy in both tails. Inside ±3 by a series whose terms have one sign, so
 * that nothing cancels; outside by Laplace's continued fraction for the tail.
 *
 *     Φ(x) = ½ + φ(x)·Σₙ x²ⁿ⁺¹/(1·3·5⋯(2n+1))
 *     1 − Φ(x) = φ(x)/(x + 1/(x + 2/(x + 3/(x + ⋯))))
 *
 * Reference: Abramowitz & Stegun 26.2.11, 26.2.14.
 */
function normalDistribution(x: number): number {
  const density = Math.exp(-0.5 * x * x) * Math.sqrt(0.5 / Math.PI);
  if (Math.abs(x) > 3) {
    let fraction = Math.abs(x);
    for (let k = 100; k > 0; k--) fraction = Math.abs(x) + k / fraction;
    return x < 0 ? density / fraction : 1 - density / fraction;
  }
  let term = x;
  let sum = x;
  for (let odd = 3; Math.abs(term) > Math.abs(sum) * 1e-17; odd += 2) {
    term *= (x * x) / odd;
    sum += term;
  }
  return 0.5 + sum * density;
}
