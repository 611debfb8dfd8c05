import { expect, test } from "vitest";
import { labelsAhead } from "./labels-ahead.ts";

const dates = { label: "date", kind: "date" } as const;
const numbers = { label: "row", kind: "number" } as const;

test("the step of a series goes on beyond its end", () => {
  const cases: [(number | string)[], (number | string)[]][] = [
    [
      ["2020-01-01", "2020-02-01", "2020-03-01"],
      ["2020-04-01", "2020-05-01"],
    ],
    [
      ["2019-03-01", "2020-03-01"],
      ["2021-03-01", "2022-03-01"],
    ],
    [
      ["2020-10-01", "2021-01-01", "2021-04-01"],
      ["2021-07-01", "2021-10-01"],
    ],
    [
      ["2019-12-31", "2020-01-31", "2020-02-29"],
      ["2020-03-31", "2020-04-30"],
    ],
    [
      ["2020-12-30", "2020-12-31"],
      ["2021-01-01", "2021-01-02"],
    ],
    [
      ["2020-01-01T22:00:00Z", "2020-01-01T23:00:00Z"],
      ["2020-01-02T00:00:00Z", "2020-01-02T01:00:00Z"],
    ],
    [
      ["2020-01-01", "2020-01-08", "2020-01-15", "2020-01-29"],
      ["2020-02-05", "2020-02-12"],
    ],
  ];
  for (const [at, next] of cases) expect(labelsAhead({ at, axis: dates }, 2)).toEqual(next);
  expect(labelsAhead({ at: [1700, 1701, 1702], axis: numbers }, 2)).toEqual([1703, 1704]);
  expect(labelsAhead({ at: [0], axis: numbers }, 1)).toEqual([1]);
});
