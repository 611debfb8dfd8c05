import { expect, test } from "vitest";
import { passes, recurrentFlops } from "./flops.ts";
import { kernelShapes } from "./kernels-bench.ts";

test("one step of one unit: a multiplication and an addition for each weight", () => {
  const one = { B: 1, T: 1, I: 1, H: 1, dx: true };
  // Forward x·w + h·u; backward dw, du, dx and dh.
  expect(passes.map((pass) => recurrentFlops(one, 1, pass))).toEqual([4, 4, 8, 12]);
  // Without dx one product is left out.
  expect(recurrentFlops({ ...one, dx: false }, 1, "backward")).toBe(6);
});

test("the IMDB LSTM's step is 0.786 GFLOP, the big one's 16.8", () => {
  // 2 · 32 · 500 · (32 + 32) · 4 · 32 forward, three times that in all.
  expect(recurrentFlops(kernelShapes.imdb!, 4, "train")).toBe(3 * 262_144_000);
  // 2 · 64 · 100 · 512 · 1024 forward, and two and a half times that without dx.
  expect(recurrentFlops(kernelShapes.big!, 4, "train")).toBe(2.5 * 6_710_886_400);
});

test("cost is linear in B, T and G, and squared in H where I = H", () => {
  const shape = { B: 2, T: 3, I: 8, H: 8, dx: true };
  for (const pass of passes) {
    const cost = recurrentFlops(shape, 4, pass);
    expect(recurrentFlops({ ...shape, B: 6 }, 4, pass)).toBe(3 * cost);
    expect(recurrentFlops({ ...shape, T: 30 }, 4, pass)).toBe(10 * cost);
    expect(recurrentFlops(shape, 1, pass)).toBe(cost / 4);
    expect(recurrentFlops({ ...shape, I: 16, H: 16 }, 4, pass)).toBe(4 * cost);
  }
});
