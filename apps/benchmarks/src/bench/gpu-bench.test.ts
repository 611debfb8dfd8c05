import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { memoryTerminal } from "../terminal/memory-terminal.ts";
import { runBench } from "./bench-session.ts";
import { gpuForTests } from "./gpu.fixture.ts";
import { benchGpu, gpuShapes, quickShapes } from "./gpu-bench.ts";
import { startGpu } from "./gpu-device.ts";
import { measureLayer, tooLong } from "./gpu-layers.ts";
import type { GpuPeak } from "./gpu-peak.ts";
import type { GpuRow } from "./gpu-table.ts";
import { opNamed, type Shape } from "./recurrent-ops.ts";

test("layers span H 32 to 1024, T 100 and 500, B 32 to 512; quick ones run by rows and by steps", () => {
  const sizes = (axis: "H" | "T" | "B") => [...new Set(gpuShapes.map((shape) => shape[axis]))];
  expect(sizes("H")).toEqual([32, 64, 128, 256, 512, 1024]);
  expect(sizes("T")).toEqual([100, 500]);
  expect(sizes("B")).toEqual([32, 128, 512]);
  expect(gpuShapes.length).toBe(36);
  expect(quickShapes.some(({ H }) => H <= 64) && quickShapes.some(({ H }) => H > 192)).toBe(true);
});

test("a layer is left out of an adapter that would take seconds for a step", () => {
  const layer = (shape: Shape) => ({ op: opNamed("lstm"), shape });
  const large = layer({ B: 512, T: 500, I: 1024, H: 1024, dx: true });
  expect(tooLong(large, 100)).toMatch(/a step may take \d+ s/);
  expect(tooLong(large, 60_000)).toBeUndefined();
  expect(tooLong(layer(quickShapes[0]!), 0.1)).toBeUndefined();
});

const gpu = await gpuForTests();

test.skipIf(!gpu)(
  "a layer and a model are checked and timed on the device, beside the WASM engine and stock layers",
  async () => {
    const rows: GpuRow[] = [];
    const terminal = memoryTerminal();
    await runBench<GpuRow>({ command: "bench gpu", terminal, options: {} }, (bench) =>
      benchGpu(
        {
          ...{ cells: ["lstm"], shape: [{ B: 2, T: 3, I: 2, H: 4, dx: true }] },
          ...{ models: ["stock_forecaster"], quick: true, stock: true, seconds: 0.001, seed: 1 },
        },
        { ...bench, record: (row) => rows.push(row) },
      ),
    );
    const [adapter, ...others] = rows;
    expect(others.map((row) => [row.kind, "pass" in row && row.pass])).toEqual([
      ...[
        ["layer", "forward"],
        ["layer", "train"],
        ["model", "train"],
        ["model", "predict"],
      ],
    ]);
    if (adapter?.kind !== "adapter") throw new Error("expected the adapter first");
    expect(adapter.peakGflops).toBe(Math.max(...Object.values(adapter.kernels)));
    for (const row of others) {
      if (row.kind !== "layer" && row.kind !== "model") continue;
      expect(row.gpuMs).toBeGreaterThan(0);
      expect(row.dispatches).toBeGreaterThan(0);
      expect(row.ratio.wasm).toBeAllclose(row.wasmMs! / row.gpuMs, { rtol: 1e-12 });
      if (row.kind === "model") continue;
      expect(row.stockMs).toBeGreaterThan(0);
      expect(row.fractionOfPeak).toBeGreaterThan(0);
    }
    expect(terminal.text.out).toMatch(/lstm +2×3×2×4 +train/);
    if (adapter.isSoftware) expect(terminal.text.out).toContain("its times mean nothing");
  },
  180_000,
);

test.skipIf(!gpu)(
  "where the WASM engine would take seconds, its numbers are compared on a few rows and steps",
  async () => {
    const shape = { B: 9, T: 13, I: 2, H: 4, dx: true };
    let shapes = 0;
    const op = opNamed("lstm");
    const watched: typeof op = {
      ...op,
      run(x, weights, options) {
        if (x.shape[0] === 8 && x.shape[1] === 12) shapes++;
        return op.run(x, weights, options);
      },
    };
    const peak = { gflops: 1, measure: async () => 1 } as GpuPeak;
    const terminal = memoryTerminal();
    await runBench<GpuRow>({ command: "bench gpu", terminal, options: {} }, async (bench) => {
      const slow = { simd128: 1e-9, relaxed: null };
      const environment = { ...bench.environment, peakGflops: slow };
      const options = { seconds: 0, seed: 1, stock: false, least: 1 };
      const layer = { op: watched, shape };
      const again = await startGpu();
      const rows = await measureLayer(again, peak, layer, options, { ...bench, environment });
      expect(rows.map(({ wasmMs, ratio }) => [wasmMs, ratio.wasm])).toEqual([
        ...[
          [null, null],
          [null, null],
        ],
      ]);
    });
    // A prediction and a training step, on each side.
    expect(shapes).toBe(4);
    await tf.setBackend("wasm");
  },
);
