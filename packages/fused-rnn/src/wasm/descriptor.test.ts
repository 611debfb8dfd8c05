import { cellKinds } from "@rnnkit/core-rnn";
import { expect, test } from "vitest";
import { fusedActivations } from "../activation-names.ts";
import { activationNumbers, cellNumbers, fields } from "../generated/descriptor.ts";
import {
  activationNumber,
  DESCRIPTOR_BYTES,
  descriptorTemplate,
  fieldIndex,
  writeDescriptor,
} from "./descriptor.ts";

test("numbers lie at their fields' places, the others are 0", () => {
  const template = descriptorTemplate({ T: 7, initialSums: 9 });
  expect(template.byteLength).toBe(DESCRIPTOR_BYTES);
  expect(template[fieldIndex("T")]).toBe(7);
  expect(template[fields.length - 1]).toBe(9);
  expect(template.reduce((sum, number) => sum + number)).toBe(16);

  const heap = new Int32Array(100);
  writeDescriptor(heap, 64, { cell: 3 });
  expect(heap[16]).toBe(3);
});

test("a misspelt field does not compile, in a literal or in what is spread into one", () => {
  const i32 = new Int32Array(fields.length);
  const right = { dx: 1, dh0: 2 };
  const wrong = { dx: 1, dhO: 2 };
  const untyped: Record<string, number> = { dx: 1 };
  writeDescriptor(i32, 0, { ...right, flags: 1 });
  // @ts-expect-error no field is called hidenRow
  writeDescriptor(i32, 0, { hidenRow: 1 });
  // @ts-expect-error dhO is no field
  writeDescriptor(i32, 0, { ...wrong, flags: 1 });
  // @ts-expect-error any name may be in it
  writeDescriptor(i32, 0, { ...untyped });
  // @ts-expect-error no field is called hidenRow
  expect(fieldIndex("hidenRow") satisfies number).toBeUndefined();
});

test("an activation that is fused has the number by which the kernels know it", () => {
  expect(Object.keys(activationNumbers).sort()).toEqual([...fusedActivations].sort());
  for (const name of fusedActivations) expect(activationNumber(name)).toBe(activationNumbers[name]);
});

test("a cell has the number of its place in the table of cells", () => {
  expect(cellKinds.map((cell) => cellNumbers[cell])).toEqual([...cellKinds.keys()]);
});
