import type { Shape } from "./recurrent-ops.ts";

/** What a recurrence is timed doing; *train* is forward and backward together. */
export const passes = ["inference", "forward", "backward", "train"] as const;

export type Pass = (typeof passes)[number];

/** The count below in words, printed above the tables. */
export const flopFormula: string =
  "forward 2·B·T·(I+H)·G·H; backward 2·B·T·(I+H)·G·H for the weights + 2·B·T·H·G·H for the state" +
  " + 2·B·T·I·G·H for dx; activations and gate arithmetic are not counted";

/**
 * Floating-point operations in the matrix products of one pass over a recurrence with **gates** G.
 *
 *     forward, inference   [x h]·[W; U]                 2·B·T·(I + H)·G·H
 *     backward             [x h]ᵀ·dz                    2·B·T·(I + H)·G·H
 *                          dz·Uᵀ, and dz·Wᵀ with dx     2·B·T·(H + I)·G·H
 *
 * Activations and gate arithmetic, some 5 % for LSTM 32, are not counted.
 */
export function recurrentFlops({ B, T, I, H, dx }: Shape, gates: number, pass: Pass): number {
  const perColumn = 2 * B * T * gates * H;
  const forward = perColumn * (I + H);
  const backward = perColumn * (I + H) + perColumn * (H + (dx ? I : 0));
  if (pass === "train") return forward + backward;
  return pass === "backward" ? backward : forward;
}
