// The table against the cells themselves: a row that is new, or says something else than its cell, fails here.

import fc from "fast-check";
import { expect, test } from "vitest";
import { cellOf } from "./cell-of.ts";
import { cellKinds, cellTable, weightShapes } from "./cell-table.ts";
import { sizeOf } from "./check.ts";
import { initialParams } from "./initializers.ts";
import { seededRandom } from "./random.ts";

const sized = fc.record({
  kind: fc.constantFrom(...cellKinds),
  inputSize: fc.integer({ min: 1, max: 5 }),
  units: fc.integer({ min: 1, max: 5 }),
});

const zerosOf = (sizes: readonly number[]) => sizes.map((size) => new Float64Array(size));

test("a cell's gates, states and weights are those of its row", () => {
  fc.assert(
    fc.property(sized, ({ kind, inputSize, units }) => {
      const row = cellTable[kind];
      const cell = cellOf(kind, { inputSize, units });
      const shapes = weightShapes(kind, inputSize, units);
      expect(cell.kind).toBe(row.name);
      expect(cell.gates).toBe(row.gates.length);
      expect(cell.stateSizes).toEqual(row.states.map(() => units));
      expect(cell.biasShape).toEqual(shapes.bias);

      const params = {
        kernel: new Float64Array(sizeOf(shapes.kernel)),
        recurrentKernel: new Float64Array(sizeOf(shapes.recurrentKernel)),
        bias: new Float64Array(sizeOf(shapes.bias)),
      };
      cell.checkParams(params);
      const { output, state } = cell.step(
        params,
        new Float64Array(inputSize),
        zerosOf(cell.stateSizes),
      );
      expect(state[0]).toEqual(output);
      expect(state.map(({ length }) => length)).toEqual(cell.stateSizes);
      for (const name of ["kernel", "recurrentKernel", "bias"] as const) {
        const longer = { ...params, [name]: new Float64Array(params[name].length + 1) };
        expect(() => cell.checkParams(longer)).toThrow(`${row.name}: expected ${name} of shape`);
      }
    }),
  );
});

test("each gate, and each row of the bias, decides something of its own", () => {
  for (const kind of cellKinds) {
    const [inputSize, units] = [2, 3];
    const cell = cellOf(kind, { inputSize, units });
    const random = seededRandom(1);
    const normals = (size: number) => Float64Array.from({ length: size }, random.normal);
    const { kernel, recurrentKernel } = initialParams(cell, { seed: 2 });
    const params = { kernel, recurrentKernel, bias: normals(sizeOf(cell.biasShape)) };
    const [x, state] = [normals(inputSize), cell.stateSizes.map(normals)];
    const { tape } = cell.step(params, x, state);
    const dParams = cell.zerosLike(params);
    cell.stepBackward(params, tape, normals(units), cell.stateSizes.map(normals), dParams);
    for (const d of Object.values(dParams)) {
      expect(
        d.every((value: number) => value !== 0),
        kind,
      ).toBe(true);
    }
  }
});

test("a cell of the table is one of its name's own function, in the form that the row says", () => {
  expect(() => cellOf("gru" as "lstm", { inputSize: 1, units: 1 })).toThrow(
    `cellOf: expected kind to be one of ${cellKinds.join(", ")}, got "gru"`,
  );
  const gated = { inputSize: 1, units: 1, recurrentActivation: "relu" } as const;
  expect(() => cellOf("simpleRnn", gated)).toThrow("simpleRnn: expected options");
  expect(() => cellOf("gruBefore", { ...gated, resetAfter: true } as never)).toThrow(
    "cellOf: expected options",
  );
});
