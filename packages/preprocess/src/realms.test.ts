// Arguments made in another realm (an iframe, jsdom, node:vm) give what the same ones of this realm give.
import vm from "node:vm";
import fc from "fast-check";
import { expect, test } from "vitest";
import * as preprocess from "./index.ts";

const there = vm.createContext();

const kinds = [
  ...["Float64Array", "Float32Array", "Int32Array", "Uint32Array", "Int16Array", "Uint16Array"],
  ...["Int8Array", "Uint8Array", "Uint8ClampedArray"],
];
const [rows, columns] = [12, 2];
const forms: Record<string, string> = {
  shaped: `{ data: array, shape: [${rows}, ${columns}] }`,
  shared: `{ data: shared(array), shape: [${rows}, ${columns}] }`,
  nested: `Array.from({ length: ${rows} }, (_, i) => array.slice(2 * i, 2 * i + 2))`,
  plain: `Array.from({ length: ${rows} }, (_, i) => [...array.slice(2 * i, 2 * i + 2)])`,
};

/** Code that gives a matrix [12, 2] of the numbers, in the form, its typed arrays of the kind. */
function matrix(form: string, kind: string, numbers: readonly number[]): string {
  return `(() => {
    const array = ${kind}.from([${numbers}]);
    const shared = (array) => {
      const copy = new ${kind}(new SharedArrayBuffer(array.byteLength));
      copy.set(array);
      return copy;
    };
    return ${forms[form]};
  })()`;
}

const p = preprocess;
const yTrain = [
  [0, 9],
  [5, 1],
];
const uses: Record<string, (x: never, y: never) => unknown> = {
  MinMaxScaler: (x) => {
    const scaler = new p.MinMaxScaler();
    const scaled = scaler.fitTransform(x);
    return [scaled, scaler.partialFit(x).inverseTransform(x), scaler.toJSON(), scaler.dataMin];
  },
  StandardScaler: (x) => {
    const scaler = new p.StandardScaler();
    return [scaler.fitTransform(x), scaler.inverseTransform(x), scaler.toJSON(), scaler.mean];
  },
  slidingWindows: (x, y) => [
    p.slidingWindows(x, { windowLength: 3 }),
    p.slidingWindows(x, { windowLength: 3, targets: y }),
  ],
  createSequences: (x) => p.createSequences(x, 2),
  prepareData: (x) => p.prepareData(x, 2, 3),
  trainTestSplit: (x, y) => [
    p.trainTestSplit(x, y, { testSize: 0.25 }),
    p.trainTestSplit(x, y, { shuffle: true, seed: 1 }),
  ],
  timeSeriesSplit: (x, y) => p.timeSeriesSplit(x, y, { nSplits: 2, gap: 1 }),
  seasonalNaive: (x) => p.seasonalNaive(x, 5, { season: 3 }),
  toFloat32: (x) => p.toFloat32(x),
  oneHot: (x) => p.oneHot(x, 4),
  binaryAccuracy: (x, y) => p.binaryAccuracy(x, y),
  binaryCrossentropy: (x, y) => p.binaryCrossentropy(x, y, { fromLogits: true }),
  categoricalAccuracy: (x, y) => p.categoricalAccuracy(x, y),
  sparseCategoricalAccuracy: (x, y) => {
    const { data } = p.toFloat32(x);
    return p.sparseCategoricalAccuracy(data.subarray(0, rows), y);
  },
  meanSquaredError: (x, y) => p.meanSquaredError(x, y, { multioutput: "raw_values" }),
  rootMeanSquaredError: (x, y) => p.rootMeanSquaredError(x, y),
  meanAbsoluteError: (x, y) => p.meanAbsoluteError(x, y),
  pinballLoss: (x, y) => p.pinballLoss(x, y, { alpha: 0.1 }),
  meanAbsoluteScaledError: (x, y) => p.meanAbsoluteScaledError(x, y, yTrain),
};
const sequences: Record<string, string> = {
  ragged: "{ values: array, offsets: Int32Array.of(0, 3, 3, 8, 24) }",
  "of typed arrays": "[array, array.slice(0, 3), new array.constructor(0)]",
  "of vectors": "[[array.slice(0, 2), array.slice(2, 4)], [array.slice(4, 6)]]",
};

/** Every typed array of this realm's class under its name: what another realm's is not equal to. */
function told(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) {
    const kind = Object.entries(globalKinds).find(([, Kind]) => value instanceof Kind);
    return [kind?.[0] ?? "of another realm", [...(value as Float32Array)]];
  }
  if (Array.isArray(value)) return value.map(told);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, told(each)]));
}
const globalKinds = Object.fromEntries(
  kinds.map((kind) => [kind, globalThis[kind as "Float32Array"]]),
);

const integer = fc.integer({ min: 0, max: 3 });
const numbers = fc.array(integer, { minLength: rows * columns, maxLength: rows * columns });
const made = fc.record({
  form: fc.constantFrom(...Object.keys(forms)),
  kind: fc.constantFrom(...kinds),
  x: numbers,
  y: numbers,
});
const here = (code: string) => new Function(`return ${code}`)();
const elsewhere = (code: string) => vm.runInContext(code, there);

test("every function that takes numbers is among those tried", () => {
  const others = ["TextVectorization", "generateTimeSeries", "padSequences"];
  expect([...Object.keys(uses), ...others].sort()).toEqual(Object.keys(preprocess).sort());
});

test.each(Object.keys(uses))("%s gives the same for arguments of another realm", (name) => {
  fc.assert(
    fc.property(made, ({ form, kind, x, y }) => {
      // Rows of a plain array are the caller's own objects, and stay it.
      if (name.endsWith("Split") && form === "nested") return;
      const result = (from: (code: string) => unknown) =>
        told(
          uses[name](from(matrix(form, kind, x)) as never, from(matrix(form, kind, y)) as never),
        );
      expect(result(elsewhere)).toEqual(result(here));
    }),
    { numRuns: 60 },
  );
});

test.each(Object.keys(sequences))("padSequences pads sequences %s of another realm", (form) => {
  fc.assert(
    fc.property(fc.constantFrom(...kinds), numbers, (kind, values) => {
      const code = `((array) => (${sequences[form]}))(${kind}.from([${values}]))`;
      const padded = (from: (code: string) => unknown) =>
        told(p.padSequences(from(code) as never, { maxLen: 4, dtype: "float32" }));
      expect(padded(elsewhere)).toEqual(padded(here));
    }),
    { numRuns: 60 },
  );
});

test("texts, options and vocabularies of another realm are taken", () => {
  const code = `({ vocabulary: ["a", "b"], outputSequenceLength: 3 })`;
  const told = (from: (code: string) => never) =>
    new p.TextVectorization(from(code)).transform(from(`["b a", "c"]`));
  expect(told(elsewhere as never)).toEqual(told(here as never));
});

test("buffers and DataViews are refused by name, in any realm", () => {
  for (const from of [here, elsewhere]) {
    for (const kind of ["DataView", "ArrayBuffer", "SharedArrayBuffer", "BigInt64Array"]) {
      const value = from(
        kind === "DataView" ? "new DataView(new ArrayBuffer(8))" : `new ${kind}(8)`,
      );
      expect(() => p.toFloat32(value)).toThrow(`got an instance of ${kind}`);
      expect(() => p.toFloat32({ data: value, shape: [1] })).toThrow(`got an instance of ${kind}`);
    }
  }
});
