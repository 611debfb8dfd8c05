import { type CellName, cellNames, shown } from "@rnnkit/core-rnn";
import { checkFlag, checkOneOf } from "./check.ts";
import type { GruOptions } from "./gru.ts";
import {
  checkRecurrentOptions,
  type RecurrentInput,
  type RecurrentResult,
  type RecurrentWeights,
} from "./options.ts";
import { recurrentPair } from "./recurrent.ts";

/** What `bidirectional` can run twice. */
export type BidirectionalCell = CellName;

/**
 * One recurrence forwards in time and one of the same kind backwards, over the same sequence, as one
 * operation:
 *
 *     y = cell(x; weights₀)        z = cell(x reversed; weights₁)
 *
 * The rows of both directions are shared out over the threads together, so a batch too small to be cut
 * (8 rows or fewer) still keeps two of them busy. **options** are those of `lstm`, `gru` or `simpleRnn`
 * for each direction; the second's **goBackwards** is by default the opposite of the first's. As there,
 * the outputs of a reversed direction come in the order in which it reads. Where the two differ in more
 * than direction, weights, states and dropout masks, they run one after the other: the same numbers.
 *
 * Reference: Schuster & Paliwal 1997; https://keras.io/api/layers/recurrent_layers/bidirectional/
 *
 * @throws Error, before any work, for a tensor of another shape or type than the cell's.
 * @example
 * const [forwards, backwards] = bidirectional("lstm", x, [weights, otherWeights]);
 */
export function bidirectional(
  cell: BidirectionalCell,
  x: RecurrentInput,
  weights: readonly [RecurrentWeights, RecurrentWeights],
  options: readonly [GruOptions?, GruOptions?] = [],
): [RecurrentResult, RecurrentResult] {
  const who = "bidirectional";
  checkOneOf(who, "cell", cell, cellNames);
  if (!Array.isArray(weights) || weights.length !== 2) {
    throw new TypeError(`${who}: expected weights as a list of 2, got ${shown(weights)}`);
  }
  if (!Array.isArray(options) || options.length > 2) {
    throw new TypeError(`${who}: expected options as a list of 2, got ${shown(options)}`);
  }
  for (const each of options) if (each !== undefined) checkRecurrentOptions(who, cell, each);
  const [{ resetAfter = true, ...first } = {}, { resetAfter: other = resetAfter, ...rest } = {}] =
    options;
  checkFlag(who, "resetAfter", resetAfter);
  if (cell === "gru" && other !== resetAfter) {
    throw new Error(
      `bidirectional: expected both directions to have resetAfter ${resetAfter}, got ${other}`,
    );
  }
  const second = { ...rest, goBackwards: rest.goBackwards ?? !first.goBackwards };
  const kind = cell !== "gru" ? cell : resetAfter ? "gruAfter" : "gruBefore";
  return recurrentPair(who, kind, x, weights, [first, second]);
}
