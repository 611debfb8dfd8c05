import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { overTerms, type Tolerance, tolerances } from "./tolerances.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));

const rows: [name: string, Tolerance][] = Object.entries(tolerances).flatMap(([compared, group]) =>
  Object.entries(group).map(([quantity, row]): [string, Tolerance] => [
    `${compared}.${quantity}`,
    row,
  ]),
);

/** The sources of every package and app. */
const sources: string[] = ["packages", "apps"].flatMap((group) =>
  readdirSync(join(root, group)).flatMap((name) => {
    const folder = join(root, group, name, "src");
    return readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".ts"))
      .map((path) => readFileSync(join(folder, path), "utf8"));
  }),
);

test.each(rows)("%s is judged by somewhere", (name) => {
  const [compared, quantity] = name.split(".");
  // The rows of an engine may be handed on together, to the suite that every engine passes.
  const ways = [
    `\\b(tolerances|rows)\\.${compared}\\.${quantity}\\b`,
    `\\btolerances\\.${compared}\\b(?!\\.)`,
    `\\b${compared}(: \\w+)?[^{}]*\\} = tolerances\\b(?!\\.)`,
    `\\b${quantity}(: \\w+)?[^{}]*\\} = tolerances\\.${compared}\\b`,
  ];
  expect(sources.some((text) => new RegExp(ways.join("|")).test(text))).toBe(true);
});

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
