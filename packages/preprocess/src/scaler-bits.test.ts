import { readFixture } from "@rnnkit/fixtures";
import { expect, test } from "vitest";
import { MinMaxScaler } from "./min-max-scaler.ts";
import type { NdArray } from "./nd-array.ts";
import { StandardScaler } from "./standard-scaler.ts";

// Every number of scikit-learn 1.9.1 to its last bit: no tolerance. scaler_bits.py made the file.

const classes = { float32: Float32Array, float64: Float64Array, int32: Int32Array };

interface Batch {
  dtype: keyof typeof classes;
  rows: number;
  columns: number;
  seed?: number;
  nan?: number;
  constant?: boolean;
}

interface Numbers {
  dtype: "float32" | "float64";
  data: (number | "NaN")[];
}

interface Case {
  scaler: "MinMaxScaler" | "StandardScaler";
  options: object;
  batches: Batch[];
  /** What it learned and gave, by name. */
  numbers: Record<string, Numbers | null>;
}

const learned = {
  MinMaxScaler: {
    n_samples_seen: "nSamplesSeen",
    data_min: "dataMin",
    data_max: "dataMax",
    data_range: "dataRange",
    scale: "scale",
    min: "min",
  },
  StandardScaler: { n_samples_seen: "nSamplesSeen", mean: "mean", var: "var", scale: "scale" },
};

const cases = readFixture("preprocess/scaler_bits.json") as Case[];

test.each(
  cases.map((golden) => {
    const batches = golden.batches.map((batch) => JSON.stringify(batch)).join(" ");
    return [`${golden.scaler} ${JSON.stringify(golden.options)} ${batches}`, golden] as const;
  }),
)("%s", (_, golden) => {
  const Scaler = golden.scaler === "MinMaxScaler" ? MinMaxScaler : StandardScaler;
  const scaler = new Scaler(golden.options);
  let restored = new Scaler(golden.options);
  for (const batch of golden.batches) {
    scaler.partialFit(matrix(batch));
    restored = Scaler.fromJSON(JSON.stringify(restored.partialFit(matrix(batch))) as never);
  }
  for (const each of [scaler, restored]) {
    for (const [name, ours] of Object.entries(learned[golden.scaler])) {
      const got = each[ours as keyof typeof each] as unknown;
      const expected = golden.numbers[name] && numbers(golden.numbers[name]);
      expect([name, typeof got === "number" ? Float64Array.of(got) : got]).toEqual([
        name,
        expected,
      ]);
    }
    const { columns } = golden.batches[0]!;
    for (const dtype of ["float32", "float64"] as const) {
      const x = matrix({ dtype, rows: 3, columns, seed: 7 });
      expect(each.transform(x).data).toEqual(numbers(golden.numbers[`transform ${dtype}`]!));
      expect(each.inverseTransform(x).data).toEqual(numbers(golden.numbers[`inverse ${dtype}`]!));
    }
  }
});

function numbers({ dtype, data }: Numbers): ArrayLike<number> {
  return classes[dtype].from(Float64Array.from(data, Number));
}

// As scaler_bits.py makes them.
function number(i: number, seed: number): number {
  const k = i + 1000 * seed;
  return ((((k * 7919) % 10007) - 5003) / 3) * 2 ** (((k * 31) % 48) - 24);
}

function matrix({ dtype, rows, columns, seed = 1, nan = 0, constant = false }: Batch): NdArray {
  const values = Float64Array.from({ length: rows * columns }, (_, i) => {
    if (nan && i % nan === 0) return Number.NaN;
    const x = number(constant && i % columns === 0 ? 0 : i, seed);
    return dtype === "int32" ? Math.min(Math.max(Math.trunc(x), -(2 ** 31)), 2 ** 31 - 1) : x;
  });
  return { data: classes[dtype].from(values), shape: [rows, columns] };
}
