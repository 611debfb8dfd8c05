// What the engine makes of ids. That it changes no number is in its conformance suite.

import { cellKinds, seededRandom } from "@rnnkit/core-rnn";
import { afterEach, expect, test } from "vitest";
import type { CallShape } from "../call.ts";
import { cotangentsOf, gathered, numbersOf, plain, shapeOf } from "../conformance/call.fixture.ts";
import { paddedTokens } from "../padded-tokens.fixture.ts";
import type { ForwardArrays } from "./arrays.ts";
import { backward, gradientOf } from "./backward.ts";
import { forward } from "./forward.ts";
import { setThreads } from "./instance.ts";
import { releaseSavedCall } from "./saved-call.ts";
import { tokenPlanOf } from "./token-plan.ts";

afterEach(() => setThreads(2));

const [T, words] = [23, 11];
const padding = [9, 23, 0, 23, 14, 14, 3, 20, 1, 22, 23, 5, 17, 0, 12, 8, 19, 2, 21];
const B = padding.length;

/** The arrays of a call over vectors, and what its ids would be; the padding is met first. */
function callOf(given: Partial<CallShape> = {}) {
  const shape = { ...shapeOf("lstm", { B, T, I: 9, ...given }), training: true };
  const { I, goBackwards } = shape;
  const zeros = Array.from({ length: shape.B }, (_, b) => padding[b % B] % (shape.T + 1));
  const ids = Int32Array.from(paddedTokens(shape.T, zeros, words, goBackwards).flat());
  const random = seededRandom(2);
  const table = Float32Array.from({ length: words * I }, () => random.normal());
  const { x: _, ...weights } = numbersOf(shape, plain);
  const data = { ...gathered(shape, { ...weights, ids, table }) } as unknown as ForwardArrays;
  return { shape, data, lookup: { ids, table } };
}

/** Which of both uses a call makes of ids. */
function usesOf(given: Partial<CallShape>, more: Partial<ForwardArrays>, prefixIds = false) {
  const { shape, data, lookup } = callOf(given);
  const sequence = prefixIds ? { prefixIds: lookup.ids } : { x: undefined, lookup };
  const { prefix, tokens } = tokenPlanOf(shape, { ...data, ...sequence, ...more });
  return [prefix && "prefix", tokens && "tokens"].filter(Boolean);
}
const ones = new Uint8Array(B * T).fill(1);
const state = { initialState: [new Float32Array(B * 6), new Float32Array(B * 6)] };

test("rows of a lookup begin alike in the direction that is read, where nothing is a row's own", () => {
  expect(usesOf({}, {})).toEqual(["prefix", "tokens"]);
  expect(usesOf({ goBackwards: true }, {})).toEqual(["prefix", "tokens"]);
  expect(usesOf({ masked: true }, { mask: ones })).toEqual(["tokens"]);
  expect(usesOf({}, state)).toEqual(["tokens"]);
  expect(usesOf({ goBackwards: true, masked: true }, { ...state, mask: ones })).toEqual(["tokens"]);
});

test("under dropout a lookup is its vectors: a token has another in each row", () => {
  expect(usesOf({ dropoutVariants: 1 }, {})).toEqual([]);
  expect(usesOf({ dropoutVariants: 4 }, {})).toEqual([]);
});

test("of a sequence that was not looked up rows begin alike, and do not end alike", () => {
  expect(usesOf({}, {}, true)).toEqual(["prefix"]);
  expect(usesOf({ goBackwards: true }, {}, true)).toEqual([]);
  expect(usesOf({ masked: true }, { mask: ones }, true)).toEqual([]);
  expect(usesOf({}, state, true)).toEqual([]);
  expect(usesOf({ dropoutVariants: 1 }, {}, true)).toEqual([]);
  const { shape, data } = callOf();
  expect(tokenPlanOf(shape, data)).toEqual({ prefix: undefined });
});

test.each([3, 12])(
  "more than a third of the steps are worked on in another row, %i inputs",
  (I) => {
    const { shape, data, lookup } = callOf({ I });
    const { saved, release } = forward(shape, { ...data, prefixIds: lookup.ids });
    release();
    if (!saved) throw new Error("expected a saved call");
    backward(saved, { outputs: cotangentsOf(shape, 1)[0] }, true);
    const dx = gradientOf(saved, "x").slice();
    releaseSavedCall(saved);
    const silent = lookup.ids.filter((_, k) => {
      return dx.subarray(k * I, (k + 1) * I).every((value) => value === 0);
    });
    expect(silent.length).toBeGreaterThan((B * T) / 3);
  },
);

test.each(cellKinds)("%s: a lookup is the same bits on 1, 2 and 3 threads", (cell) => {
  const { shape, data, lookup } = callOf({ cell, B: 40, T: 60, I: 32, H: 32 });
  const [dOutputs, h, c] = cotangentsOf(shape, 1);
  const results = [1, 2, 3].map((count) => {
    setThreads(count);
    const {
      outputs,
      state: last,
      saved,
      release,
    } = forward(shape, {
      ...data,
      x: undefined,
      lookup,
    });
    const values = [outputs, ...last].map((numbers) => numbers.slice());
    release();
    if (!saved) throw new Error("expected a saved call");
    expect(saved.plan.tokens).toBeDefined();
    backward(saved, { outputs: dOutputs, h, c }, true);
    for (const name of ["x", "kernel", "recurrentKernel", "bias"] as const) {
      values.push(gradientOf(saved, name).slice());
    }
    releaseSavedCall(saved);
    return values;
  });
  expect(results[1]).toEqual(results[0]);
  expect(results[2]).toEqual(results[0]);
});
