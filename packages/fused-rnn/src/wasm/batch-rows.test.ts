import { cellKinds, seededRandom } from "@rnnkit/core-rnn";
import fc from "fast-check";
import { expect, test } from "vitest";
import { drawnShape, numbersOf, plain, shapeOf } from "../conformance/call.fixture.ts";
import type { ForwardArrays } from "./arrays.ts";
import { forward } from "./forward.ts";

const TOKENS = 5;

/** A call's outputs, row after row. */
function outputsOf(shape: ReturnType<typeof shapeOf>, data: ForwardArrays): Float32Array {
  const { outputs, release } = forward({ ...shape, training: false }, data);
  const copy = outputs.slice();
  release();
  return copy;
}

/** The rows first..last of a batch of B. */
function rowsOf(data: ForwardArrays, B: number, first: number, last: number): ForwardArrays {
  const cut = <A extends Float32Array | Int32Array | Uint8Array>(all: A) => {
    const row = all.length / B;
    return all.slice(first * row, last * row) as A;
  };
  const { x, lookup, mask, initialState } = data;
  return {
    ...data,
    x: x && cut(x),
    lookup: lookup && { ...lookup, ids: cut(lookup.ids) },
    mask: mask && cut(mask),
    initialState: initialState?.map(cut),
  };
}

// Rows are multiplied in twos and threes, one is multiplied by two panels at a time, and which rows are together
// changes with the batch: none of it may show.
test.each(cellKinds)("%s: a row's bits are the same in whichever batch it comes", (cell) => {
  const call = fc.record({
    B: fc.integer({ min: 1, max: 21 }),
    I: fc.integer({ min: 1, max: 40 }),
    H: fc.integer({ min: 1, max: 50 }),
    masked: fc.boolean(),
    looksUp: fc.boolean(),
    hasState: fc.boolean(),
    seed: fc.nat(),
  });
  const check = fc.property(
    call,
    fc.nat(),
    fc.nat(),
    ({ B, I, H, masked, looksUp, hasState, seed }, a, b) => {
      const drawn = { ...plain, initialState: hasState, mask: masked ? "random" : "none", seed };
      const shape = drawnShape(shapeOf(cell, { B, T: 6, I, H }), drawn as typeof plain);
      const { x, h0, c0, ...rest } = numbersOf(shape, drawn as typeof plain);
      const random = seededRandom(seed);
      const ids = Int32Array.from({ length: B * 6 }, () => Math.floor(random.uniform() * TOKENS));
      const table = Float32Array.from({ length: TOKENS * I }, () => random.normal());
      const states = [h0, c0].filter((state) => state !== undefined);
      const data = {
        ...rest,
        ...(looksUp ? { lookup: { ids, table } } : { x }),
        ...(hasState && { initialState: states }),
      } as unknown as ForwardArrays;
      const first = a % B;
      const last = first + 1 + (b % (B - first));
      const some = outputsOf({ ...shape, B: last - first }, rowsOf(data, B, first, last));
      expect(some).toEqual(outputsOf(shape, data).slice(first * 6 * H, last * 6 * H));
    },
  );
  fc.assert(check, { numRuns: 150 });
});
