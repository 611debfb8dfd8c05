import { expect, test } from "vitest";
import { peerRows } from "./peers-bench.ts";
import { bestLine, peerLine } from "./peers-table.ts";

const rows = peerRows("a", [
  { system: "ours", train: [4, 8, 4], predict: [2, 4, 2] },
  { system: "trains well", train: [2, 5, 2], predict: [9, 9, 9] },
  { system: "predicts", train: [], predict: [1, 1, 2] },
]);

test("each system's medians stand beside ours, and what it does not do is none", () => {
  const short = rows.map(({ system, trainMs, predictMs, ratio }) => ({
    ...{ system, trainMs, predictMs, ratio },
  }));
  expect(short).toEqual([
    { system: "ours", trainMs: 4, predictMs: 2, ratio: { train: 1, predict: 1 } },
    { system: "trains well", trainMs: 2, predictMs: 9, ratio: { train: 0.5, predict: 4.5 } },
    { system: "predicts", trainMs: null, predictMs: 1, ratio: { train: null, predict: 0.5 } },
  ]);
  expect(peerLine(rows[2]!)).toMatch(/a +predicts +– +1\.00 +0\.50x +3/);
});

test("our row knows the best in training and in prediction, and the range of the turns' ratios", () => {
  const [ours, ...others] = rows;
  expect(ours!.best!.train).toMatchObject({ system: "trains well", ms: 2, ratio: { median: 2 } });
  expect(ours!.best!.train!.ratio.low).toBeCloseTo(1.68, 12);
  expect(ours!.best!.predict).toMatchObject({ system: "predicts", ms: 1, ratio: { median: 2 } });
  expect(others.map(({ best }) => best)).toEqual([null, null]);
  expect(bestLine(ours!)).toMatch(
    /2\.00 +2\.00 \(1\.68-2\.00\) 2\.00 +trains well .*1\.00 +2\.00 \(1\.20-3\.60\) 2\.00 +predicts/,
  );
});

test("where no other trains there is no best", () => {
  const [ours] = peerRows("a", [
    { system: "ours", train: [4], predict: [2] },
    { system: "predicts", train: [], predict: [1] },
  ]);
  expect(ours!.best!.train).toBeNull();
  expect(bestLine(ours!)).toMatch(
    /a +4\.00 +– +2\.00 +1\.00 +2\.00 \(2\.00-2\.00\) 2\.00 +predicts/,
  );
});
