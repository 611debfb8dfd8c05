import fc from "fast-check";
import { expect, test } from "vitest";
import { paddedTokens } from "../padded-tokens.fixture.ts";
import { commonPrefix } from "./common-prefix.ts";
import { distinctTokens } from "./distinct-tokens.ts";
import { blocksOf } from "./layout.ts";

const call = {
  ...{ cell: "lstm" as const, B: 2, T: 4, I: 8, H: 5, goBackwards: false },
};
const cut = blocksOf(call);
const rows = 10;

test("a block's distinct tokens are numbered in the order in which it meets them", () => {
  const distinct = distinctTokens(
    Int32Array.of(7, 7, 0, 7, 0, 7, 7, 7),
    rows,
    call,
    cut,
    undefined,
    undefined,
  )!;
  expect([...distinct.tokenOf]).toEqual([0, 0, 1, 0, 1, 0, 0, 0]);
  expect([...distinct.ids]).toEqual([7, 0]);
  expect([...distinct.firstTokens]).toEqual([0, 2]);
});

test("a step that is masked has no token", () => {
  const mask = Uint8Array.of(0, 1, 1, 1, 1, 1, 1, 1);
  const distinct = distinctTokens(
    Int32Array.of(9, 1, 1, 1, 1, 1, 1, 1),
    rows,
    call,
    cut,
    undefined,
    mask,
  )!;
  expect([...distinct.ids]).toEqual([1]);
});

test("nothing is gained, and no tokens are told apart, where many differ, inputs are few or the table is huge", () => {
  const none = (ids: number[], shape = call, size = rows) =>
    expect(
      distinctTokens(Int32Array.from(ids), size, shape, cut, undefined, undefined),
    ).toBeUndefined();
  none([1, 2, 3, 4, 5, 6, 7, 8]);
  none([1, 1, 1, 1, 1, 1, 1, 1], { ...call, I: 7 });
  none([1, 1, 1, 1, 1, 1, 1, 1], call, 2 ** 30);
});

test("every step that is worked on has its id's token, of its own block", () => {
  const padding = fc.array(fc.nat(12), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(padding, fc.integer({ min: 2, max: 6 }), fc.boolean(), (zeros, n, goBackwards) => {
      const shape = { ...call, B: zeros.length, T: 12, goBackwards };
      const layout = blocksOf(shape);
      const ids = Int32Array.from(paddedTokens(12, zeros, n, goBackwards).flat());
      const shared = commonPrefix(ids, { ...shape, ...layout });
      const distinct = distinctTokens(ids, n, shape, layout, shared, undefined);
      if (!distinct) return;
      for (const [position, b] of (shared?.order ?? zeros.map((_, row) => row)).entries()) {
        const block = Math.floor(position / layout.R);
        for (let t = shared?.firstSteps[b] ?? 0; t < 12; t++) {
          const step = b * 12 + (goBackwards ? 11 - t : t);
          const token = distinct.tokenOf[step]!;
          expect(distinct.ids[token]).toBe(ids[step]);
          expect(token).toBeGreaterThanOrEqual(distinct.firstTokens[block]!);
          expect(token).toBeLessThan(distinct.firstTokens[block + 1]!);
        }
      }
    }),
    { numRuns: 200 },
  );
});
