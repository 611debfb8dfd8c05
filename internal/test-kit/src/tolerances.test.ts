import { expect, test } from "vitest";
import { overTerms, type Tolerance, tolerances } from "./tolerances.ts";

const rows: [name: string, Tolerance][] = Object.entries(tolerances).flatMap(([compared, group]) =>
  Object.entries(group).map(([quantity, row]): [string, Tolerance] => [
    `${compared}.${quantity}`,
    row,
  ]),
);

test.each(rows)("%s says why, and allows something, but less than a thousandth", (_, row) => {
  const { reason, rtol, atol, ofLargest } = row;
  expect(reason.split(" ").length).toBeGreaterThan(5);
  for (const allowed of [rtol, atol, ofLargest]) {
    expect(allowed).toBeGreaterThanOrEqual(0);
    expect(allowed).toBeLessThan(1e-3);
  }
  expect(rtol + atol + ofLargest).toBeGreaterThan(0);
});

test("a sum of many terms may be off by more, as the root of their number", () => {
  const { gradients } = tolerances.wasm;
  expect(overTerms(gradients, 1).atol).toBe(gradients.atol * 10);
  expect(overTerms(gradients, 100)).toEqual(overTerms(gradients, 1));
  expect(overTerms(gradients, 2500)).toEqual({ ...gradients, atol: gradients.atol * 50 });
});
