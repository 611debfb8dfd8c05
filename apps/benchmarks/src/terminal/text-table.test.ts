import { expect, test } from "vitest";
import { type Column, tableHead, tableRow } from "./text-table.ts";

test("text stands left, numbers right, each under its title, and no line ends in spaces", () => {
  const columns: Column[] = [
    { title: "name", width: 6, left: true },
    { title: "ms", width: 5 },
    { title: "goal", width: 6 },
  ];
  expect(tableHead(columns)).toBe("  name       ms    goal");
  expect(tableRow(columns, ["lstm", "1.25", "≤ 2"])).toBe("  lstm     1.25     ≤ 2");
  expect(tableRow(columns, ["gru", "3"])).toBe("  gru         3");
});
