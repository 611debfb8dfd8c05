import { expect, test } from "vitest";
import { measureBusyPeak } from "./busy-peak.ts";
import { createPeakKernel } from "./peak.ts";

test("a core's peak is measured alone and beside another that works", async () => {
  const { threads, alone, together } = await measureBusyPeak(createPeakKernel(), 2);
  expect(threads).toBe(2);
  for (const speed of [alone, together]) expect(speed).toBeGreaterThan(0);
});

test("one thread is alone in any case", async () => {
  const { alone, together } = await measureBusyPeak(createPeakKernel(), 1);
  expect(together / alone).toBeGreaterThan(0);
});
