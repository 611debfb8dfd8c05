import { seededRandom } from "@rnnkit/core-rnn";

/** A row for each number in **padding**: so many steps of 0, then ids from 1 to below **words**; or turned round. */
export function paddedTokens(
  T: number,
  padding: readonly number[],
  words: number,
  after = false,
): number[][] {
  const random = seededRandom(3);
  return padding.map((zeros) => {
    const id = (t: number) => (t < zeros ? 0 : 1 + Math.floor(random.uniform() * (words - 1)));
    const row = Array.from({ length: T }, (_, t) => id(t));
    return after ? row.reverse() : row;
  });
}
