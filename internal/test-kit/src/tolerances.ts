// How far each engine's numbers may be from what they are compared with, and why so far: every tolerance that
// more than one test or a bench judges by. One that a single test needs, for a reason of its own, stands beside it.

/** Element by element within `atol + rtol·|expected| + ofLargest·max|expected|`; nothing is left to a default. */
export interface Tolerance {
  rtol: number;
  atol: number;
  ofLargest: number;
  /** Why not less. */
  reason: string;
}

/** What an engine promises, compared with core-rnn in float64. */
export interface EngineTolerances {
  /** Outputs and states. */
  outputs: Tolerance;
  /** Gradients in x, weights and states: see `overTerms`. */
  gradients: Tolerance;
}

/** A row an engine, or a pair that is compared, and a quantity. */
export const tolerances = {
  /** The WASM engine beside core-rnn in float64. */
  wasm: {
    outputs: {
      ...{ rtol: 0, atol: 1e-6, ofLargest: 1e-5 },
      reason:
        "a gate is a float32 sum of I + H products in the kernel's order, so what cancels is as exact as the largest is; states hand it on over T steps",
    },
    gradients: {
      ...{ rtol: 0, atol: 1e-6, ofLargest: 2e-5 },
      reason:
        "twice an output's: the steps are run backwards over rounded states; atol by overTerms, as a weight's gradient is a sum over rows and steps that may cancel where the largest element is all there is",
    },
    whole: {
      ...{ rtol: 0, atol: 0, ofLargest: 1e-5 },
      reason:
        "outputs, states and gradients of a few fixed draws whose sums do not cancel: the share of the largest element alone; relaxed SIMD rounds once less and stays in it",
    },
  },
  /** The WebGPU engine beside core-rnn in float64. */
  webgpu: {
    outputs: {
      ...{ rtol: 0, atol: 1e-6, ofLargest: 1e-5 },
      reason:
        "the WASM engine's; of exp and division WGSL promises some 3 units in the last place, which tanh and sigmoid of our own are made of",
    },
    gradients: {
      ...{ rtol: 0, atol: 1e-6, ofLargest: 2e-5 },
      reason: "the WASM engine's: twice an output's, and a sum over rows and steps may cancel",
    },
  },
  /** The recurrences composed of tfjs operations, beside the engine, and their activations beside core-rnn in float64. */
  composed: {
    outputs: {
      ...{ rtol: 0, atol: 1e-8, ofLargest: 1e-5 },
      reason: "two float32 sums of the same products, in tfjs's order and in the engine's",
    },
    gradients: {
      ...{ rtol: 0, atol: 1e-6, ofLargest: 2e-5 },
      reason: "both sides are float32 and add in orders of their own: an engine's gradient",
    },
    activations: {
      ...{ rtol: 2e-6, atol: 1e-6, ofLargest: 0 },
      reason: "tfjs's exp, log and erf are float32's, some by way of a difference that cancels",
    },
  },
  /** A lookup { ids, table } beside the same call on the looked-up vectors, whose outputs are equal bit for bit. */
  lookups: {
    gradients: {
      ...{ rtol: 0, atol: 1e-8, ofLargest: 2e-6 },
      reason: "the table's gradient alone: rows of one token are added in another order",
    },
  },
  /** One call or model on a backend beside another, or on two in turn. */
  backends: {
    calls: {
      ...{ rtol: 0, atol: 1e-6, ofLargest: 1e-5 },
      reason: "the engine on one side, tfjs's own kernels on the other: an engine's output",
    },
    training: {
      ...{ rtol: 0, atol: 2e-5, ofLargest: 0 },
      reason:
        "four training steps, each from weights that differ by the last bits of the step before",
    },
  },
  /** Orthogonal matrices in float32 beside the identity, and beside core-rnn's in float64. */
  orthogonal: {
    matrices: {
      ...{ rtol: 0, atol: 1e-6, ofLargest: 0 },
      reason:
        "elements are at most 1, and a row of QᵀQ is a float32 sum of up to 512 of their products",
    },
    scaled: {
      ...{ rtol: 0, atol: 2e-6, ofLargest: 0 },
      reason: "the same with a gain above 1, or multiplied by tfjs's own float32 product",
    },
  },
  /** Updates of optimizers. */
  optimizers: {
    equations: {
      ...{ rtol: 1e-6, atol: 1e-9, ofLargest: 0 },
      reason: "a few float32 operations on an element, none that cancels",
    },
    steps: {
      ...{ rtol: 1e-6, atol: 1e-6, ofLargest: 0 },
      reason: "a step is subtracted from a weight near 1: the last bits of the weight",
    },
    composed: {
      ...{ rtol: 2e-6, atol: 2e-6, ofLargest: 0 },
      reason:
        "the engine's fused update beside the same of tfjs operations, each rounding for itself",
    },
    longRuns: {
      ...{ rtol: 1e-5, atol: 1e-8, ofLargest: 0 },
      reason: "several steps beside the equations in float64: roundings add up over the steps",
    },
    keras: {
      ...{ rtol: 3e-7, atol: 3e-7, ofLargest: 0 },
      reason: "weights after Keras's own float32 steps, which are ours operation by operation",
    },
    rates: {
      ...{ rtol: 1e-7, atol: 0, ofLargest: 0 },
      reason: "a schedule's rate is float32 in Keras and a number here: one rounding of float32",
    },
  },
  /** One layer or model called in two ways that are the same by definition. */
  layers: {
    calls: {
      ...{ rtol: 0, atol: 1e-6, ofLargest: 0 },
      reason: "values are of order 1, and one of the ways adds or multiplies in another order",
    },
    models: {
      ...{ rtol: 0, atol: 2e-6, ofLargest: 0 },
      reason: "the same through several layers, or step by step",
    },
    wholes: {
      ...{ rtol: 1e-5, atol: 1e-5, ofLargest: 0 },
      reason:
        "a model in the engine beside its layers by tfjs, after seven steps, each from weights that differ by the last bits",
    },
  },
  /** A model beside itself, saved and loaded. */
  saved: {
    predictions: {
      ...{ rtol: 0, atol: 1e-6, ofLargest: 0 },
      reason:
        "weights are the same bits; a layer may be another class, whose kernel adds in another order",
    },
  },
  /** Layers, models and files beside what Keras made of them: float32 there, float64 where the fixtures have it. */
  keras: {
    outputs: {
      ...{ rtol: 2e-6, atol: 2e-6, ofLargest: 0 },
      reason:
        "as the fixtures' README judges float32: relative to max(1, |truth|), and four times Keras's own error where that is more",
    },
    gradients: {
      ...{ rtol: 1e-5, atol: 1e-5, ofLargest: 0 },
      reason: "sums over rows and steps of such outputs",
    },
    losses: {
      ...{ rtol: 0, atol: 5e-6, ofLargest: 0 },
      reason:
        "the losses of several training steps of a tutorial's model, each a step further from the given weights",
    },
    weights: {
      ...{ rtol: 0, atol: 1e-5, ofLargest: 0 },
      reason: "weights and predictions after those steps",
    },
    predictions: {
      ...{ rtol: 1e-5, atol: 1e-6, ofLargest: 0 },
      reason: "a file's model: Keras's float32 through all its layers",
    },
    trainedLosses: {
      ...{ rtol: 0, atol: 2e-6, ofLargest: 0 },
      reason: "losses of a file's model that is trained on: a few steps from Keras's weights",
    },
    training: {
      ...{ rtol: 1e-5, atol: 2e-6, ofLargest: 0 },
      reason:
        "losses and weights after several steps of a file's model or a masked one, in Keras's float32",
    },
    regularizedLosses: {
      ...{ rtol: 2e-6, atol: 1e-8, ofLargest: 0 },
      reason: "a loss of order 1 with the costs of activities, in float32 on both sides",
    },
  },
  /** An exported model in ONNX Runtime beside the model itself. */
  onnx: {
    outputs: {
      ...{ rtol: 0, atol: 1e-5, ofLargest: 0 },
      reason: "ONNX Runtime fuses and approximates as it likes: float32 through a whole recurrence",
    },
  },
  /** A model of fused layers beside the same of tfjs-layers' own, from the same weights. */
  models: {
    predictions: {
      ...{ rtol: 0, atol: 0, ofLargest: 1e-4 },
      reason: "float32 over up to 500 steps, by kernels that add in another order",
    },
  },
  /** core-rnn beside itself in float64. */
  reference: {
    sums: {
      ...{ rtol: 1e-12, atol: 1e-14, ofLargest: 0 },
      reason: "the same products added in another order, over whole sequences",
    },
    equations: {
      ...{ rtol: 1e-14, atol: 1e-8, ofLargest: 0 },
      reason: "one step beside its equations, written out",
    },
  },
} satisfies Record<string, Record<string, Tolerance>>;

/**
 * A gradient's tolerance where it is a sum of **terms** products, B·T of a weight's: rounding errors of a sum
 * grow as its square root, from a hundred terms on.
 *
 *     atol = tolerance.atol · max(10, √terms)
 */
export function overTerms(tolerance: Tolerance, terms: number): Tolerance {
  return { ...tolerance, atol: tolerance.atol * Math.max(10, Math.sqrt(terms)) };
}
