import { inflateRawSync } from "node:zlib";
import fc from "fast-check";
import { inflateSync, zipSync } from "fflate";
import { expect, test } from "vitest";
import { DatasetError } from "./dataset-error.ts";
import { readImdbFile } from "./imdb-file.ts";
import { type Inflate, openNpz } from "./npz.ts";
import {
  bytesOf,
  labels,
  npy,
  pickledLists,
  tinyImdb,
  tinyMembers,
  tinyTrain,
} from "./tiny-imdb.fixture.ts";

// The two that `node.ts` and `browser.ts` use.
const inflates: [string, Inflate][] = [
  ["zlib", (data, limit) => inflateRawSync(data, { maxOutputLength: Math.max(1, limit) })],
  ["fflate", (data, limit) => inflateSync(data, { out: new Uint8Array(limit + 1) })],
];
const [[, inflate]] = inflates as [[string, Inflate]];

const patched = (bytes: Uint8Array, at: number, ...values: number[]) => {
  const copy = bytes.slice();
  copy.set(values, at);
  return copy;
};

for (const [name, inflate] of inflates) {
  test(`a whole file is read, deflated and stored, by ${name}`, () => {
    for (const level of [0, 6] as const) {
      const bytes = zipSync(tinyMembers(), { level });
      const { train, test } = readImdbFile("imdb", bytes, inflate);
      const { values, starts, ends } = train.lists;
      const lists = Array.from(starts, (start, i) => Array.from(values.subarray(start, ends[i])));
      expect(lists).toEqual(tinyTrain);
      expect(Array.from(test.labels)).toEqual([1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0]);
    }
  });

  test(`a member larger or smaller than declared is refused, by ${name}`, () => {
    const data = new Uint8Array(50_000).fill(65);
    const bytes = zipSync({ "x.npy": data }, { level: 9 });
    const open = (low: number, high: number) => () =>
      openNpz("imdb", patched(bytes, 22, low, high, 0, 0), inflate)("x.npy");
    expect(Buffer.compare(open(0x50, 0xc3)(), data)).toBe(0);
    expect(open(0x4f, 0xc3)).toThrow(DatasetError);
    expect(open(0x00, 0x01)).toThrow(DatasetError);
    expect(open(0x51, 0xc3)).toThrow("expected 50001 bytes in x.npy, got 50000");
  });
}

test("a declared size that no deflate stream can reach is refused before memory is taken", () => {
  const bytes = zipSync({ "x.npy": new Uint8Array(1000) }, { level: 9 });
  expect(() => openNpz("imdb", patched(bytes, 22, 0, 0, 0, 8), inflate)).toThrow("a size that");
  expect(() => openNpz("imdb", patched(bytes, 22, 0, 0, 0, 255), inflate)).toThrow(
    "at most 268435456",
  );
});

// zipfile of Python 3 with force_zip64, as today's numpy.savez writes: {"a.npy": 40 times "b"}.
const zip64 =
  "UEsDBC0AAAAIAAAAIQBaQBtz//////////8FABQAYS5ucHkBABAAKAAAAAAAAAAGAAAAAAAAAEtKIg4AAFBLAQItAy0A" +
  "AAAIAAAAIQBaQBtzBgAAACgAAAAFAAAAAAAAAAAAAACAAQAAAABhLm5weVBLBQYAAAAAAQABADMAAAA9AAAAAAA=";

test("the zip64 members of numpy.savez are read", () => {
  const bytes = new Uint8Array(Buffer.from(zip64, "base64"));
  expect(String.fromCharCode(...openNpz("imdb", bytes, inflate)("a.npy"))).toBe("b".repeat(40));
});

test.each<[string, Record<string, Uint8Array>, string]>([
  ["a missing member", { "x_train.npy": new Uint8Array(0) }, "other bytes"],
  ["no label for a review", { ...tinyMembers(), "y_train.npy": labels([1, 0]) }, "got 2"],
  [
    "numbers in place of lists",
    { ...tinyMembers(), "x_train.npy": labels([1]) },
    "expected an object array (|O), got <i8",
  ],
  [
    "lists in place of labels",
    { ...tinyMembers(), "y_test.npy": npy("|O", 1, pickledLists([[1]])) },
    "expected integers",
  ],
  [
    "a header that lies about lists",
    { ...tinyMembers(), "x_train.npy": npy("|O", 13, pickledLists(tinyTrain)) },
    "expected 13 lists",
  ],
  [
    "a header that lies about labels",
    { ...tinyMembers(), "y_test.npy": npy("<i8", 999_999_999, new Uint8Array(8)) },
    "got 8 bytes",
  ],
  [
    "two dimensions",
    { ...tinyMembers(), "y_test.npy": npy("<i8", "(2, 6)", new Uint8Array(96)) },
    "one-dimensional",
  ],
  [
    "a label of 2^40",
    { ...tinyMembers(), "y_test.npy": labels([2 ** 40]) },
    "got 1099511627776 at 0",
  ],
  [
    "a header beyond the end",
    { ...tinyMembers(), "y_test.npy": bytesOf("\x93NUMPY\x01\0\xff\xff{}") },
    "65535",
  ],
  [
    "a header of 4 GB",
    { ...tinyMembers(), "y_test.npy": bytesOf("\x93NUMPY\x02\0\xff\xff\xff\xff{}") },
    "4294967295",
  ],
  [
    "a header without shape",
    { ...tinyMembers(), "y_test.npy": bytesOf("\x93NUMPY\x01\0\x02\0{}") },
    "'descr' and 'shape'",
  ],
])("%s is refused", (_, members, message) => {
  const { bytes } = tinyImdb(members);
  expect(() => readImdbFile("imdb", bytes, inflate)).toThrow(DatasetError);
  expect(() => readImdbFile("imdb", bytes, inflate)).toThrow(message);
});

test("a zip without the members says which ones it has", () => {
  const { bytes } = tinyImdb({ "weights.npy": labels([1]) });
  expect(() => readImdbFile("imdb", bytes, inflate)).toThrow(
    'expected a member x_train.npy in the zip, got "weights.npy"',
  );
  expect(() => readImdbFile("imdb", bytesOf("<html>not found</html>"), inflate)).toThrow(
    "got none",
  );
});

test("more than 64 members are refused", () => {
  const many = Object.fromEntries(
    Array.from({ length: 65 }, (_, i) => [`${i}.npy`, new Uint8Array(1)]),
  );
  expect(() => openNpz("imdb", zipSync(many), inflate)).toThrow("at most 64 members");
});

test("whatever is done to a file, it is read or refused with this package's error", () => {
  const { bytes } = tinyImdb();
  const edit = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255));
  const property = fc.property(
    fc.array(edit, { minLength: 1, maxLength: 5 }),
    fc.nat(bytes.length),
    (edits, length) => {
      const broken = bytes.slice(0, length % 3 === 0 ? length : bytes.length);
      for (const [at, value] of edits) if (at < broken.length) broken[at] = value;
      for (const [, inflate] of inflates)
        try {
          readImdbFile("imdb", broken, inflate);
        } catch (error) {
          expect(error).toBeInstanceOf(DatasetError);
        }
    },
  );
  fc.assert(property, { numRuns: 1000 });
});
