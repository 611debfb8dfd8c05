import { loadPreprocess } from "@rnnkit/fixtures";
import fc from "fast-check";
import { expect, test } from "vitest";
import { MinMaxScaler } from "./min-max-scaler.ts";
import type { NdArray } from "./nd-array.ts";
import { StandardScaler } from "./standard-scaler.ts";

// Golden numbers of scikit-learn 1.9.1; NaN and infinities are strings there.
type Rows = (number | string)[][];

interface ScalerCase {
  name: string;
  scaler: "MinMaxScaler" | "StandardScaler";
  params: Record<string, unknown>;
  dtype: "float32" | "float64";
  fit: Rows;
  partial_fit_batches?: Rows[];
  transformed: Rows;
  transformed_dtype: "float32" | "float64";
  inverse: Rows;
  attributes: Record<string, number | number[]>;
  other?: Rows;
  other_transformed?: Rows;
  other_inverse_of_raw?: Rows;
}

const { cases } = loadPreprocess("scalers") as { cases: ScalerCase[] };
const attributeNames: Record<string, string> = {
  data_min_: "dataMin",
  data_max_: "dataMax",
  data_range_: "dataRange",
  scale_: "scale",
  min_: "min",
  mean_: "mean",
  var_: "var",
  n_samples_seen_: "nSamplesSeen",
};
const paramNames: Record<string, string> = {
  feature_range: "featureRange",
  clip: "clip",
  with_mean: "withMean",
};

function rename(object: Record<string, unknown>, names: Record<string, string>): object {
  return Object.fromEntries(
    Object.entries(object).map(([name, value]) => {
      if (!(name in names)) throw new Error(`no name for ${name} of the golden file`);
      return [names[name], value];
    }),
  );
}

for (const golden of cases) {
  test(`${golden.scaler} ${golden.name} gives scikit-learn's numbers`, () => {
    const Floats = golden.dtype === "float32" ? Float32Array : Float64Array;
    const matrix = (rows: Rows): NdArray<Float32Array | Float64Array> => ({
      data: new Floats(rows.flat().map(Number)),
      shape: [rows.length, rows[0].length],
    });
    const tolerance =
      golden.dtype === "float32" ? { rtol: 1e-6, atol: 1e-7 } : { rtol: 1e-12, atol: 1e-15 };
    const Scaler = { MinMaxScaler, StandardScaler }[golden.scaler];
    const scaler = new Scaler(rename(golden.params, paramNames));
    if (golden.partial_fit_batches) {
      for (const batch of golden.partial_fit_batches) scaler.partialFit(matrix(batch));
    } else scaler.fit(matrix(golden.fit));

    for (const [name, value] of Object.entries(rename(golden.attributes, attributeNames))) {
      const learned = (scaler as unknown as Record<string, number>)[name];
      expect(learned).toBeAllclose(value, tolerance);
    }
    const transformed = scaler.transform(matrix(golden.fit));
    expect(transformed.shape).toEqual([golden.fit.length, golden.fit[0].length]);
    expect(transformed.data.constructor.name.toLowerCase()).toBe(
      `${golden.transformed_dtype}array`,
    );
    expect(transformed.data).toBeAllclose(matrix(golden.transformed).data, tolerance);
    expect(scaler.inverseTransform(transformed).data).toBeAllclose(
      matrix(golden.inverse).data,
      tolerance,
    );
    if (golden.other) {
      const other = matrix(golden.other);
      expect(scaler.transform(other).data).toBeAllclose(
        matrix(golden.other_transformed as Rows).data,
        tolerance,
      );
      if (golden.other_inverse_of_raw) {
        expect(scaler.inverseTransform(other).data).toBeAllclose(
          matrix(golden.other_inverse_of_raw).data,
          tolerance,
        );
      }
    }
  });
}

// What both scalers must do alike.
for (const Scaler of [MinMaxScaler, StandardScaler]) {
  const name = Scaler === MinMaxScaler ? "minMaxScaler" : "standardScaler";

  const matrices = fc
    .tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 4 }))
    .chain(([rows, columns]) =>
      fc.array(
        fc.array(
          fc.oneof(
            { arbitrary: fc.double({ min: -1e3, max: 1e3, noNaN: true }), weight: 9 },
            { arbitrary: fc.constant(Number.NaN), weight: 1 },
          ),
          { minLength: columns, maxLength: columns },
        ),
        { minLength: rows, maxLength: rows },
      ),
    );
  const fromJSON = (json: string): MinMaxScaler | StandardScaler => Scaler.fromJSON(json as never);

  test(`${name}: inverse(transform(x)) = x, NaN in its place`, () => {
    fc.assert(
      fc.property(matrices, (x) => {
        const scaler = new Scaler();
        const back = scaler.inverseTransform(scaler.fitTransform(x));
        // A column that is NaN throughout has no scale; everything else comes back.
        expect(back.data).toBeAllclose(x, { rtol: 1e-9, atol: 1e-9 });
      }),
    );
  });

  test(`${name}: partialFit of the batches = fit of the whole`, () => {
    const filled = matrices.map((x) => x.map((row) => row.map((v) => (Number.isNaN(v) ? 0.5 : v))));
    fc.assert(
      fc.property(filled, fc.array(fc.nat(12), { maxLength: 4 }), (x, cuts) => {
        const at = [...new Set([0, ...cuts.filter((cut) => cut < x.length), x.length])].sort(
          (a, b) => a - b,
        );
        const batched = new Scaler();
        for (let i = 1; i < at.length; i++) batched.partialFit(x.slice(at[i - 1], at[i]));
        const whole = new Scaler().fit(x);
        expect(batched.nSamplesSeen).toBe(x.length);
        if (batched instanceof MinMaxScaler) expect(batched.toJSON()).toEqual(whole.toJSON());
        else if (batched instanceof StandardScaler && whole instanceof StandardScaler) {
          expect(batched.mean).toBeAllclose(whole.mean as Float64Array, { rtol: 1e-9, atol: 1e-9 });
          expect(batched.var).toBeAllclose(whole.var as Float64Array, { rtol: 1e-9, atol: 1e-9 });
        }
      }),
    );
  });

  test(`${name}: JSON brings back a scaler that transforms and learns on alike`, () => {
    fc.assert(
      fc.property(matrices, fc.boolean(), (x, single) => {
        const input = single ? x.map((row) => Float32Array.from(row)) : x;
        const scaler = new Scaler().fit(input);
        const restored = fromJSON(JSON.stringify(scaler));
        expect(restored.toJSON()).toEqual(scaler.toJSON());
        expect(restored.transform(input)).toEqual(scaler.transform(input));
        expect(restored.partialFit(input).toJSON()).toEqual(scaler.partialFit(input).toJSON());
      }),
    );
  });

  test(`${name}: a saved scaler that was never fitted still is not`, () => {
    expect(() => fromJSON(JSON.stringify(new Scaler())).transform([[1]])).toThrow("fitted");
  });

  test(`${name}: JSON that no scaler wrote is refused`, () => {
    const saved = JSON.parse(JSON.stringify(new Scaler().fit([[1, 2]])));
    const attempt = (change: object) => () => fromJSON(JSON.stringify({ ...saved, ...change }));
    expect(attempt({})).not.toThrow();
    expect(attempt({ className: "Scaler" })).toThrow(`${name}: expected className`);
    expect(attempt({ nSamplesSeen: "many" })).toThrow("expected nSamplesSeen");
    expect(attempt({ clip: 1, withMean: 1 })).toThrow("to be a boolean");
    expect(attempt({ dataMax: [1], var: [1] })).toThrow("2 numbers");
    expect(attempt({ dataMin: ["x", 1], mean: ["x", 1] })).toThrow("numbers");
    expect(() => fromJSON("[]")).toThrow("expected className");
    expect(() => fromJSON("3")).toThrow("expected the object that toJSON returned");
  });

  test(`${name}: a series is one feature: the numbers of its column, bit for bit, and one axis back`, () => {
    const number = fc.oneof(fc.float({ min: -(2 ** 40), max: 2 ** 40 }), fc.constant(Number.NaN));
    const series = fc.array(number, { minLength: 1, maxLength: 40 });
    const kinds = fc.constantFrom(Float32Array, Float64Array);
    fc.assert(
      fc.property(series, series, kinds, (numbers, others, Kind) => {
        const [data, more] = [Kind.from(numbers), Kind.from(others)];
        const column = (x: typeof data) => ({ data: x, shape: [x.length, 1] });
        const flat = new Scaler().partialFit(data).partialFit(more);
        const upright = new Scaler().partialFit(column(data)).partialFit(column(more));
        expect(flat.toJSON()).toEqual(upright.toJSON());
        const forms = [data, { data, shape: [data.length] }, [...data]].slice(
          0,
          Kind === Float64Array ? 3 : 2,
        );
        for (const x of forms) {
          const there = flat.transform(x);
          const same = upright.transform(column(data));
          expect(there).toEqual({ data: same.data, shape: [data.length] });
          const back = flat.inverseTransform(there);
          expect(back).toEqual({ data: upright.inverseTransform(same).data, shape: [data.length] });
        }
        expect(flat.inverseTransform(column(data)).shape).toEqual([data.length, 1]);
      }),
    );
  });

  test(`${name}: one axis is no sample of several features, and three are too many`, () => {
    const scaler = new Scaler().fit([[1, 2, 3]]);
    const words = `${name}: expected 3 features, got a series, which is one; give one sample as { data, shape: [1, 3] }`;
    expect(() => scaler.transform([1, 2, 3])).toThrow(words);
    expect(() => scaler.inverseTransform([1, 2, 3])).toThrow(words);
    expect(() => scaler.partialFit(Float64Array.of(1, 2, 3))).toThrow(words);
    expect(() => new Scaler().fit([])).toThrow("at least 1 sample and 1 feature, got shape [0]");
    expect(() => new Scaler().fit([1, Infinity])).toThrow("got Infinity at row 1");
    expect(() => new Scaler().fit([[[1]]])).toThrow(
      `${name}: expected a 2-D array [N, F] or a series [N], got 3-D [1, 1, 1]`,
    );
  });

  test(`${name}: scikit-learn's other refusals`, () => {
    const scaler = new Scaler().fit([
      [1, 2],
      [3, 4],
    ]);
    expect(() => new Scaler().transform([[1]])).toThrow(`${name}: expected a fitted scaler`);
    expect(() => new Scaler().inverseTransform([[1]])).toThrow("expected a fitted scaler");
    expect(() => new Scaler().scale).toThrow("expected a fitted scaler");
    expect(() => scaler.transform([[1]])).toThrow(`${name}: expected 2 features, got 1`);
    expect(() => scaler.partialFit([[1]])).toThrow("expected 2 features, got 1");
    expect(() => scaler.inverseTransform([[1]])).toThrow("expected 2 features, got 1");
    expect(() => scaler.fit({ data: [], shape: [0, 2] })).toThrow("at least 1 sample");
    expect(() => scaler.fit({ data: [], shape: [2, 0] })).toThrow("1 feature");
    expect(() => scaler.transform({ data: [], shape: [0, 2] })).toThrow("at least 1 sample");
    const wrong = [
      [0, 1],
      [2, -Infinity],
    ];
    const calls = [
      () => scaler.fit(wrong),
      () => scaler.partialFit(wrong),
      () => scaler.transform(wrong),
      () => scaler.inverseTransform(wrong),
    ];
    for (const call of calls) {
      expect(call).toThrow(
        `${name}: expected finite numbers or NaN, got -Infinity at row 1, column 1`,
      );
    }
    expect(() => scaler.fit([["a"]] as never)).toThrow('got "a"');
  });

  test(`${name}: a refused call leaves what was learned`, () => {
    const scaler = new Scaler().fit([
      [1, 2],
      [3, 4],
    ]);
    const before = scaler.toJSON();
    expect(() => scaler.fit([[[1, 2]]])).toThrow();
    expect(() => scaler.partialFit([[1]])).toThrow();
    expect(() => scaler.partialFit([[1, Infinity]])).toThrow();
    expect(scaler.toJSON()).toEqual(before);
  });

  test(`${name}: fit forgets what came before`, () => {
    const scaler = new Scaler().fit([[100], [200]]);
    expect(scaler.fit([[1], [3]]).toJSON()).toEqual(new Scaler().fit([[1], [3]]).toJSON());
    expect(scaler.fit([[1, 2]]).transform([[1, 2]]).shape).toEqual([1, 2]);
  });

  test(`${name}: input is left alone, and integers are scaled as float64`, () => {
    const data = Float32Array.of(1, 2, 6);
    new Scaler().fitTransform({ data, shape: [3, 1] });
    expect(data).toEqual(Float32Array.of(1, 2, 6));
    const ints = new Scaler().fitTransform({ data: Int32Array.of(1, 2, 6), shape: [3, 1] });
    expect(ints).toEqual(new Scaler().fitTransform([[1], [2], [6]]));
    expect(ints.data).toBeInstanceOf(Float64Array);
  });

  test(`${name}: a scaler of one feature takes forecasts of several steps back`, () => {
    const scaler = new Scaler().fit([[10], [20]]);
    const forecast = scaler.inverseTransform([
      [0, 0.5, 1],
      [1, 0, 0.5],
    ]);
    expect(forecast.shape).toEqual([2, 3]);
    const single = scaler.inverseTransform([[0], [0.5], [1], [1], [0], [0.5]]);
    expect(forecast.data).toEqual(single.data);
  });
}
