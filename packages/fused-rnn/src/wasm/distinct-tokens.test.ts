import fc from "fast-check";
import { expect, test } from "vitest";
import type { CallShape } from "../call.ts";
import { paddedTokens } from "../padded-tokens.fixture.ts";
import { commonPrefix } from "./common-prefix.ts";
import { distinctTokens } from "./distinct-tokens.ts";
import { layoutOf } from "./workspace.ts";

const call: CallShape = {
  ...{ cell: "lstm", B: 2, T: 4, I: 8, H: 5, activation: "tanh", recurrentActivation: "sigmoid" },
  ...{ returnSequences: true, goBackwards: false, zeroOutputForMask: false, masked: false },
  ...{ decidedBy: "step", dropoutVariants: 0, training: true },
};
const cut = layoutOf(call);

test("the words of a block are its distinct tokens in the order in which it meets them", () => {
  const words = distinctTokens([7, 7, 0, 7, 0, 7, 7, 7], call, cut, undefined, undefined)!;
  expect([...words.of]).toEqual([0, 0, 1, 0, 1, 0, 0, 0]);
  expect([...words.at]).toEqual([0, 2]);
  expect([...words.starts]).toEqual([0, 2]);
});

test("float32 tokens count as the numbers that a lookup makes of them", () => {
  const words = distinctTokens(
    Float32Array.of(7.4, 7, 0, 7.9, 0.5, 7, 7, 7),
    ...([call, cut, undefined, undefined] as const),
  )!;
  expect([...words.of]).toEqual([0, 0, 1, 0, 1, 0, 0, 0]);
});

test("a step that is masked has no word", () => {
  const mask = Uint8Array.of(0, 1, 1, 1, 1, 1, 1, 1);
  const words = distinctTokens([9, 1, 1, 1, 1, 1, 1, 1], call, cut, undefined, mask)!;
  expect([...words.at]).toEqual([1]);
});

test("nothing is gained, and no words are made, of many or few or strange tokens", () => {
  const none = (tokens: number[], shape = call) =>
    expect(distinctTokens(tokens, shape, cut, undefined, undefined)).toBeUndefined();
  none([1, 2, 3, 4, 5, 6, 7, 8]);
  none([1, 1, 1, 1, 1, 1, 1, 1], { ...call, I: 7 });
  none([1, 1, 1, 1, 1, 1, 1, -1]);
  none([1, 1, 1, 1, 1, 1, 1, Number.NaN]);
  none([1, 1, 1, 1, 1, 1, 1, 2 ** 30]);
});

test("every step that is worked on has its token's word, of its own block", () => {
  const padding = fc.array(fc.nat(12), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(padding, fc.integer({ min: 2, max: 6 }), fc.boolean(), (zeros, n, goBackwards) => {
      const shape = { ...call, B: zeros.length, T: 12, goBackwards };
      const layout = layoutOf(shape);
      const tokens = paddedTokens(12, zeros, n, goBackwards).flat();
      const shared = commonPrefix(tokens, { ...shape, ...layout });
      const words = distinctTokens(tokens, shape, layout, shared, undefined);
      if (!words) return;
      for (const [position, b] of (shared?.order ?? zeros.map((_, row) => row)).entries()) {
        const block = Math.floor(position / layout.R);
        for (let t = shared?.firstSteps[b] ?? 0; t < 12; t++) {
          const step = b * 12 + (goBackwards ? 11 - t : t);
          const word = words.of[step]!;
          expect(tokens[words.at[word]!]).toBe(tokens[step]);
          expect(word).toBeGreaterThanOrEqual(words.starts[block]!);
          expect(word).toBeLessThan(words.starts[block + 1]!);
        }
      }
    }),
    { numRuns: 200 },
  );
});
