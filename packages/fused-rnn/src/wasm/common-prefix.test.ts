import fc from "fast-check";
import { expect, test } from "vitest";
import { paddedTokens } from "../padded-tokens.fixture.ts";
import { commonPrefix } from "./common-prefix.ts";

const cut = { B: 5, T: 6, R: 3, blocks: 2, goBackwards: false };

test("a block's first row stands for the others until each has parted from it", () => {
  const tokens = paddedTokens(6, [2, 5, 0, 6, 3], 9);
  const shared = commonPrefix(tokens.flat(), cut)!;
  // Dealt from the most padding to the least: 3 4 2 and 1 0.
  expect([...shared.order]).toEqual([3, 2, 4, 1, 0]);
  expect([...shared.activeBefore.slice(0, 7)]).toEqual([0, 2, 4, 6, 9, 12, 15]);
  expect([...shared.activeBefore.slice(7)]).toEqual([0, 1, 2, 4, 6, 8, 10]);
  expect([...shared.firstSteps]).toEqual([2, 0, 0, 0, 3]);
  expect(shared.work).toBe(25);
});

test("read backwards, the padding behind counts", () => {
  const tokens = paddedTokens(6, [2, 5, 0, 6, 3], 9, true);
  expect(commonPrefix(tokens.flat(), cut)).toBeUndefined();
  const turned = tokens.map((row) => [...row].reverse());
  expect(commonPrefix(tokens.flat(), { ...cut, goBackwards: true })).toEqual(
    commonPrefix(turned.flat(), cut),
  );
});

test("little in common is not shared", () => {
  expect(commonPrefix(paddedTokens(6, [0, 0, 0, 0, 1], 9).flat(), cut)).toBeUndefined();
  expect(commonPrefix([1, 2, 3], { ...cut, B: 1, T: 3, R: 1, blocks: 1 })).toBeUndefined();
});

test("rows stand only for rows whose tokens so far are theirs, and each row is there once", () => {
  const sizes = fc.record({
    B: fc.integer({ min: 1, max: 20 }),
    T: fc.integer({ min: 1, max: 9 }),
  });
  const run = sizes.chain(({ B, T }) =>
    fc.record({
      ...{ B: fc.constant(B), T: fc.constant(T), R: fc.integer({ min: 1, max: B }) },
      goBackwards: fc.boolean(),
      tokens: fc.array(fc.constantFrom(0, 0, 0, 1), { minLength: B * T, maxLength: B * T }),
    }),
  );
  fc.assert(
    fc.property(run, ({ B, T, R, goBackwards, tokens }) => {
      const blocks = Math.ceil(B / R);
      const shared = commonPrefix(tokens, { B, T, R, blocks, goBackwards });
      if (!shared) return;
      expect([...shared.order].sort((a, b) => a - b)).toEqual([...Array(B).keys()]);
      const read = (b: number, t: number) => tokens[b * T + (goBackwards ? T - 1 - t : t)];
      for (let block = 0; block < blocks; block++) {
        const rows = shared.order.slice(block * R, Math.min(B, (block + 1) * R));
        const starts = shared.activeBefore.slice(block * (T + 1), (block + 1) * (T + 1));
        let before = 1;
        for (let t = 0; t < T; t++) {
          const active = starts[t + 1]! - starts[t]!;
          expect(active).toBeGreaterThanOrEqual(before);
          expect(active).toBeLessThanOrEqual(rows.length);
          for (const asleep of rows.slice(active)) {
            expect(read(asleep, t)).toBe(read(rows[0]!, t));
          }
          before = active;
        }
      }
    }),
    { numRuns: 300 },
  );
});
