import fc from "fast-check";
import { expect, test } from "vitest";
import { DatasetError, decodeReview, encodeReview, reviewDecoder } from "./index.ts";

const index = new Map([
  ["the", 1],
  ["film", 2],
  ["isn't", 3],
  ["constructor", 4],
  ["__proto__", 5],
  ["Álvaro", 6],
  ["été", 7],
]);

test("a review is decoded with loadData's defaults, padding left out", () => {
  expect(decodeReview([0, 0, 1, 4, 5, 2, 7], index)).toBe("[START] the film [OOV] constructor");
  expect(decodeReview(Int32Array.of(3, 99), index)).toBe("[OOV] [OOV]");
  expect(decodeReview([], index)).toBe("");
});

test("decodeReview follows other numbers and other tokens", () => {
  const options = {
    indexFrom: 10,
    startChar: 8,
    oovChar: 9,
    padChar: 7,
    startToken: "^",
    oovToken: "?",
  };
  expect(decodeReview([7, 8, 9, 11, 10], index, options)).toBe("^ ? the ?");
  expect(
    decodeReview([1, 2, 0], index, { indexFrom: 0, startChar: null, oovChar: null, padChar: null }),
  ).toBe("the film [OOV]");
});

test("encodeReview: lower case, punctuation apart, apostrophes kept, unknown words out", () => {
  const ids = [1, 4, 5, 6, 2];
  expect(Array.from(encodeReview("The film -- isn't... GOOD?", index))).toEqual(ids);
  expect(Array.from(encodeReview("\tthe,film\nisn't (good)\r\n", index))).toEqual(ids);
  expect(Array.from(encodeReview("", index))).toEqual([1]);
});

test("words of an object's prototype are words like others", () => {
  expect(Array.from(encodeReview("constructor toString", index))).toEqual([1, 7, 2]);
});

test("letters beyond ASCII are found as the index has them, or else in lower case", () => {
  expect(Array.from(encodeReview("Álvaro ÁLVARO Été", index))).toEqual([1, 9, 9, 10]);
});

test("encodeReview cuts by numWords and skipTop as loadData does, the start token too", () => {
  const text = "the film isn't constructor";
  expect(Array.from(encodeReview(text, index, { numWords: 6, skipTop: 5 }))).toEqual([
    2, 2, 5, 2, 2,
  ]);
  expect(Array.from(encodeReview(text, index, { numWords: 6, oovChar: null }))).toEqual([1, 4, 5]);
  expect(Array.from(encodeReview(text, index, { startChar: null, indexFrom: 0 }))).toEqual([
    1, 2, 3, 4,
  ]);
});

test("encodeReview undoes decodeReview", () => {
  const known = fc.constantFrom(2, 4, 5, 6, 7, 9, 10);
  const property = fc.property(fc.array(known), (ids) => {
    const review = Int32Array.from([1, ...ids]);
    expect(encodeReview(decodeReview(review, index), index)).toEqual(review);
  });
  fc.assert(property);
});

test("one decoder serves many reviews", () => {
  const decode = reviewDecoder(index);
  expect([[4], [5]].map(decode)).toEqual(["the", "film"]);
});

test.each([
  [() => decodeReview([-1], index), "decodeReview: expected ids of 0 or more, got -1 at 0"],
  [() => decodeReview([1.5], index), "got 1.5"],
  [() => decodeReview([1], index, { numWords: 3 } as object), "got numWords"],
  [() => decodeReview([1], index, { startToken: "a b" }), "startToken without spaces"],
  [() => encodeReview(5 as never, index), "encodeReview: expected a text, got 5"],
  [() => encodeReview("a", index, { skipTop: -1 }), "skipTop"],
  [() => encodeReview("a", index, { padChar: 0 } as object), "got padChar"],
])("bad input %# is refused", (act, message) => {
  expect(act).toThrow(DatasetError);
  expect(act).toThrow(message);
});
