import { expect, test } from "vitest";
import { growthExponent } from "../statistics.ts";
import { memoryTerminal } from "../terminal/memory-terminal.ts";
import type { ScalingRow } from "./bench-rows.ts";
import { runBench } from "./bench-session.ts";
import { benchScaling, scalingShapes } from "./scaling-bench.ts";

test("the tables span T 50 to 5000, B 1 to 256 and H 8 to 1024, one size changing at a time", () => {
  const ends = (axis: "T" | "B" | "H") =>
    [scalingShapes[axis][0], scalingShapes[axis].at(-1)].map((shape) => shape![axis]);
  expect([ends("T"), ends("B"), ends("H")]).toEqual([
    [50, 5000],
    [1, 256],
    [8, 1024],
  ]);
  const rest = (axis: "T" | "B", omit: string[]) =>
    new Set(
      scalingShapes[axis].map((shape) =>
        Object.entries(shape)
          .filter(([name]) => !omit.includes(name))
          .join(),
      ),
    );
  expect([rest("T", ["T"]).size, rest("B", ["B"]).size]).toEqual([1, 1]);
  for (const { I, H } of scalingShapes.H) expect(I).toBe(H);
  expect(scalingShapes.large).toMatchObject([{ B: 64, T: 100, I: 256, H: 256 }]);
});

test("a training step's memory is linear in T and in B", async () => {
  const rows: ScalingRow[] = [];
  const of = { I: 4, H: 8, dx: false };
  const axes = {
    T: [100, 400, 1600].map((T) => ({ ...of, B: 4, T })),
    B: [8, 32, 128].map((B) => ({ ...of, B, T: 20 })),
    H: [{ ...of, B: 1, T: 1 }],
    large: [],
  };
  const options = { op: "lstm", seconds: 0.001, seed: 1 };
  const terminal = memoryTerminal();
  await runBench<ScalingRow>({ command: "bench scaling", terminal, options: {} }, (bench) =>
    benchScaling(options, { ...bench, record: (row) => rows.push(row) }, axes),
  );
  expect(rows.map(({ axis }) => axis).join("")).toBe("TTTBBBH");
  const steps = rows.filter(({ axis }) => axis === "T");
  expect([steps[0]!.exponent, steps[0]!.memoryExponent]).toEqual([null, null]);
  expect(steps[2]!.memoryExponent!).toBeAllclose(1, { atol: 0.15 });
  expect(steps[2]!.exponent!).toBeAllclose(
    growthExponent([400, steps[1]!.medianMs], [1600, steps[2]!.medianMs]),
    { rtol: 1e-9 },
  );
  const [, middle, last] = rows.filter(({ axis }) => axis === "B");
  expect(middle!.trainingBytes).toBeGreaterThan(0);
  expect(last!.memoryExponent!).toBeAllclose(1, { atol: 0.15 });
  expect(terminal.text.out).toContain("4×1600×4×8");
});
