import "@tensorflow/tfjs-backend-wasm";
import { getKernel } from "@tensorflow/tfjs-core";
import { expect, test, vi } from "vitest";
import { registerKernels } from "./register.ts";
import { unsortedSegmentSumCpu, unsortedSegmentSumWasm } from "./segment-sum.ts";

test("a cpu backend imported later brings its own kernel without a clash, and the next call takes its place", async () => {
  const warn = vi.spyOn(console, "warn");
  registerKernels();
  expect(getKernel("UnsortedSegmentSum", "wasm")).toBe(unsortedSegmentSumWasm);
  expect(getKernel("UnsortedSegmentSum", "cpu")).toBeUndefined();

  await import("@tensorflow/tfjs-backend-cpu");
  expect(getKernel("UnsortedSegmentSum", "cpu")).not.toBe(unsortedSegmentSumCpu);
  registerKernels();
  expect(getKernel("UnsortedSegmentSum", "cpu")).toBe(unsortedSegmentSumCpu);

  registerKernels();
  expect(warn.mock.calls.flat().filter((line) => /already registered/.test(line))).toEqual([]);
  warn.mockRestore();
});

test("two copies of the package leave each other's kernels in place", async () => {
  const names = ["GatherV2", "Reverse", "ClipByValue", "Identity"];
  registerKernels();
  const before = names.map((name) => getKernel(name, "wasm"));
  vi.resetModules();
  const other = await import("./register.ts");
  expect(other.registerKernels).not.toBe(registerKernels);
  for (let turn = 0; turn < 3; turn++) {
    other.registerKernels();
    registerKernels();
  }
  expect(names.map((name) => getKernel(name, "wasm"))).toEqual(before);
  for (const [i, name] of names.entries()) expect(getKernel(name, "wasm")).toBe(before[i]);
  expect(getKernel("UnsortedSegmentSum", "cpu")).toBe(unsortedSegmentSumCpu);
});
