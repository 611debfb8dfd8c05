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
  /** The recurrences composed of tfjs operations beside the engine. */
  composed: {
    outputs: {
      ...{ rtol: 0, atol: 1e-8, ofLargest: 1e-5 },
      reason: "two float32 sums of the same products, in tfjs's order and in the engine's",
    },
    gradients: {
      ...{ rtol: 0, atol: 1e-6, ofLargest: 2e-5 },
      reason: "both sides are float32 and add in orders of their own: an engine's gradient's",
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
