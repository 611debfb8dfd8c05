import { loadPreprocess } from "@rnnkit/fixtures";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type PadSequencesOptions, padSequences, type Sequences } from "./pad-sequences.ts";

interface PadCase {
  sequences: Sequences;
  args: Record<string, unknown>;
  shape: number[];
  dtype: string;
  output: number[][];
  raises?: string;
}

const { cases } = loadPreprocess("pad_sequences") as { cases: PadCase[] };
const argNames = ["maxlen", "dtype", "padding", "truncating", "value"];

for (const [i, golden] of cases.entries()) {
  const { sequences, args, raises } = golden;
  test(`pad_sequences case ${i}: ${JSON.stringify(args)}${raises ? ` raises ${raises}` : ""}`, () => {
    expect(argNames).toEqual(expect.arrayContaining(Object.keys(args)));
    const { maxlen, ...rest } = args;
    const options = { ...rest, ...(maxlen === undefined ? {} : { maxLen: maxlen }) };
    const pad = () => padSequences(sequences, options as PadSequencesOptions);
    if (raises) {
      expect(pad).toThrow("padSequences: ");
      return;
    }
    const { data, shape } = pad();
    expect(shape).toEqual(golden.shape);
    expect(data.constructor.name.toLowerCase()).toBe(`${golden.dtype}array`);
    expect([...data]).toEqual(golden.output.flat());
  });
}

/** The ragged form of nested sequences. */
function ragged(sequences: number[][]): { values: Int32Array; offsets: Int32Array } {
  const offsets = new Int32Array(sequences.length + 1);
  for (const [i, { length }] of sequences.entries()) offsets[i + 1] = offsets[i] + length;
  return { values: Int32Array.from(sequences.flat()), offsets };
}

const sides = fc.constantFrom("pre" as const, "post" as const);
const lists = fc.array(fc.array(fc.integer({ min: -99, max: 99 }), { maxLength: 9 }), {
  minLength: 1,
  maxLength: 6,
});

test("each row is its sequence's kept part and padding, on the sides asked for", () => {
  fc.assert(
    fc.property(
      lists,
      fc.option(fc.integer({ min: 1, max: 12 }), { nil: undefined }),
      sides,
      sides,
      fc.integer({ min: -5, max: 5 }),
      (sequences, maxLen, padding, truncating, value) => {
        const { data, shape } = padSequences(sequences, { maxLen, padding, truncating, value });
        const length = maxLen ?? Math.max(...sequences.map((s) => s.length));
        expect(shape).toEqual([sequences.length, length]);
        for (const [i, sequence] of sequences.entries()) {
          const kept = Math.min(sequence.length, length);
          const part =
            truncating === "pre" ? sequence.slice(sequence.length - kept) : sequence.slice(0, kept);
          const pads = new Array(length - kept).fill(value);
          const row = padding === "pre" ? [...pads, ...part] : [...part, ...pads];
          expect([...data.subarray(i * length, (i + 1) * length)]).toEqual(row);
        }
      },
    ),
  );
});

test("ragged = nested = typed rows, for every option and dtype", () => {
  const dtypes = fc.constantFrom(
    "int32" as const,
    "float32" as const,
    "int8" as const,
    "float64" as const,
  );
  fc.assert(
    fc.property(
      lists,
      fc.integer({ min: 1, max: 12 }),
      sides,
      sides,
      dtypes,
      (sequences, ...rest) => {
        const [maxLen, padding, truncating, dtype] = rest;
        const options = { maxLen, padding, truncating, dtype };
        const nested = padSequences(sequences, options);
        expect(padSequences(ragged(sequences), options)).toEqual(nested);
        expect(
          padSequences(
            sequences.map((s) => Int32Array.from(s)),
            options,
          ),
        ).toEqual(nested);
        expect(
          padSequences(
            sequences.map((s) => Float64Array.from(s)),
            options,
          ),
        ).toEqual(nested);
      },
    ),
  );
});

test("vector steps of any rank keep their shape", () => {
  expect(
    padSequences([
      [[1, 2]],
      [
        [3, 4],
        [5, 6],
      ],
      [],
    ]),
  ).toEqual({
    data: Int32Array.of(0, 0, 1, 2, 3, 4, 5, 6, 0, 0, 0, 0),
    shape: [3, 2, 2],
  });
  const typed = padSequences([[Float32Array.of(0.5, 1)]], {
    maxLen: 2,
    dtype: "float32",
    value: 9,
  });
  expect(typed).toEqual({ data: Float32Array.of(9, 9, 0.5, 1), shape: [1, 2, 2] });
  expect(padSequences([[[[1], [2]]]], { maxLen: 2 })).toEqual({
    data: Int32Array.of(0, 0, 1, 2),
    shape: [1, 2, 2, 1],
  });
});

test("steps of another shape are refused where they are kept", () => {
  const wrong = "of sequence at position 1 is different from expected shape [2]";
  expect(() => padSequences([[[1, 2]], [3]])).toThrow(`Shape of sample [] ${wrong}`);
  expect(() => padSequences([[[1, 2]], [[3]]])).toThrow(`Shape of sample [1] ${wrong}`);
  expect(() => padSequences([[[1, 2]], Int32Array.of(3)])).toThrow(`Shape of sample [] ${wrong}`);
  expect(() => padSequences([[1], [[2, 3]]])).toThrow("different from expected shape []");
  // As in Keras the shape is looked at after truncation.
  expect(padSequences([[[1, 2]], [[3], [4, 5]]], { maxLen: 1 }).data).toEqual(
    Int32Array.of(1, 2, 4, 5),
  );
});

test("numbers become the dtype as in numpy: fractions cut toward zero, nothing wraps around", () => {
  expect(padSequences([[1.9, -1.9]], { maxLen: 3, value: 0.7 }).data).toEqual(
    Int32Array.of(0, 1, -1),
  );
  expect(padSequences([[1.9]], { maxLen: 2, dtype: "float32", value: 0.5 }).data).toEqual(
    Float32Array.of(0.5, 1.9),
  );
  expect(() => padSequences([[2 ** 31]])).toThrow(
    "numbers that an Int32Array holds, got 2147483648",
  );
  expect(() => padSequences([[Number.NaN]])).toThrow("got NaN");
  expect(() => padSequences([Float64Array.of(300)], { dtype: "uint8" })).toThrow("got 300");
  expect(() => padSequences([[1]], { value: 1e12 })).toThrow("got 1000000000000");
});

test("strings are padded as strings, and only then", () => {
  const tokens = padSequences([["a"], ["b", "c"]], { dtype: "string" });
  expect(tokens).toEqual({ data: ["", "a", "b", "c"], shape: [2, 2] });
  const named = padSequences([["a"]], { dtype: "string", maxLen: 2, value: "<pad>" });
  expect(named.data).toEqual(["<pad>", "a"]);
  expect(() => padSequences([[1]], { value: "<pad>" })).toThrow('dtype int32 holds, got "<pad>"');
  expect(() => padSequences([["a"]])).toThrow('expected numbers, got "a"');
  expect(() => padSequences([[1]], { dtype: "string" })).toThrow("expected strings, got 1");
});

test("Keras's edges of maxLen, empty lists and empty sequences", () => {
  expect(padSequences([], { maxLen: 3 }).shape).toEqual([0, 3]);
  expect(() => padSequences([])).toThrow("expected at least one sequence, or maxLen");
  expect(() => padSequences({ values: new Int32Array(0), offsets: Int32Array.of(0) })).toThrow(
    "at least one",
  );
  expect(padSequences([[], []]).shape).toEqual([2, 0]);
  expect(padSequences([[]], { maxLen: 2, value: 7 }).data).toEqual(Int32Array.of(7, 7));
  expect(() => padSequences([[1, 2]], { maxLen: 0 })).toThrow(
    'maxLen of at least 1 with truncating "pre"',
  );
  expect(padSequences([[1, 2]], { maxLen: 0, truncating: "post" }).shape).toEqual([1, 0]);
  for (const maxLen of [-1, 1.5, Number.NaN]) {
    expect(() => padSequences([[1]], { maxLen })).toThrow(
      "expected maxLen to be a non-negative integer",
    );
  }
});

// What Keras 3.15.1 does: s[-0:] is all of s, numpy spreads one step over none, and a list cut to nothing
// has lost the shape of its steps.
test.each([
  [[[1, 2], [3]], "pre", null],
  [[[1, 2], [3]], "post", [2, 0]],
  [[[], []], "pre", [2, 0]],
  [[[], []], "post", [2, 0]],
  [[[], [1]], "pre", [2, 0]],
  [[[], [1]], "post", [2, 0]],
  [[], "pre", [0, 0]],
  [[], "post", [0, 0]],
  [
    [
      [[1, 2]],
      [
        [3, 4],
        [5, 6],
      ],
    ],
    "pre",
    null,
  ],
  [
    [
      [[1, 2]],
      [
        [3, 4],
        [5, 6],
      ],
    ],
    "post",
    null,
  ],
  [[[[1, 2]], []], "pre", [2, 0, 2]],
  [[[[1, 2]], []], "post", null],
  [[[[1, 2]], [[3]]], "pre", null],
  [[[[1, 2]], [3]], "pre", null],
  [[[1], [[3, 4]]], "pre", null],
  [[[1], [[3, 4]]], "post", [2, 0]],
  [[[], [[1, 2]]], "pre", [2, 0, 2]],
] as [Sequences, "pre" | "post", number[] | null][])(
  "%j padded to no step, truncating %s: %j",
  (sequences, truncating, shape) => {
    for (const padding of ["pre", "post"] as const) {
      const pad = () => padSequences(sequences, { maxLen: 0, truncating, padding });
      if (shape === null) expect(pad).toThrow(/maxLen of at least 1|Shape of sample/);
      else expect(pad()).toEqual({ data: new Int32Array(0), shape });
    }
  },
);

test("what is no list of sequences is refused, with Keras's words", () => {
  const refuses = (sequences: unknown, message: string) =>
    expect(() => padSequences(sequences as Sequences)).toThrow(`padSequences: ${message}`);
  refuses(5, "`sequences` must be iterable");
  refuses(null, "`sequences` must be iterable");
  refuses([[1], 2], "`sequences` must be a list of iterables. Found non-iterable: 2 at position 1");
  refuses(Int32Array.of(1, 2), "`sequences` must be a list of iterables");
  refuses(["abc"], '`sequences` must be a list of iterables. Found non-iterable: "abc"');
  refuses([[1, null]], "expected numbers, got null at position 0");
  refuses({ values: [1], offsets: [0, 1] }, "expected { values, offsets } to be typed arrays");
  const values = Int32Array.of(1, 2);
  refuses(
    { values, offsets: Int32Array.of(0, 3) },
    "expected offsets to rise from 0 to at most 2, got 3 at 1",
  );
  refuses(
    { values, offsets: Int32Array.of(0, 2, 1) },
    "expected offsets to rise from 0 to at most 2, got 1 at 2",
  );
  const dtype = "float16" as "float32";
  expect(() => padSequences([[1]], { dtype })).toThrow(
    "expected dtype to be one of int32, float32",
  );
});
