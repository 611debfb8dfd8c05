import "@tensorflow/tfjs-backend-cpu";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { memoryUsage } from "node:process";
import { setTimeout } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { layers } from "@rnnkit/keras-builders";
import { backend } from "@tensorflow/tfjs-core";
import { sequential } from "@tensorflow/tfjs-layers";
import { Module } from "h5wasm";
import { expect, test, vi } from "vitest";
import { loadKerasModel, saveKerasModel } from "../index.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Bytes that are held, garbage apart: all buffers, and the heap of HDF5's library. */
function held(): number {
  collect();
  return memoryUsage().arrayBuffers + Module.HEAPU8.byteLength;
}

test("a file of 50 MB is opened in less than three times its size", async () => {
  const folder = mkdtempSync(join(tmpdir(), "rnnkit-memory-"));
  const path = join(folder, "large.keras");
  const large = sequential({
    layers: [
      layers.embedding({ inputDim: 100_000, outputDim: 64, inputLength: 10 }),
      layers.lstm({ units: 512 }),
      layers.dense({ units: 10_000 }),
    ],
  });
  await saveKerasModel(large, path);
  large.dispose();
  const { size } = statSync(path);
  expect(size).toBeGreaterThan(50e6);

  // Buffers are given back some time after they are collected.
  for (let i = 0; i < 5; i++) {
    collect();
    await setTimeout(20);
  }
  const before = held();
  let peak = 0;
  const sample = () => {
    peak = Math.max(peak, held() - before);
  };
  type Write = (values: ArrayLike<number>, ...others: unknown[]) => object;
  const target = backend() as unknown as { write: Write };
  const { write } = target;
  vi.spyOn(target, "write").mockImplementation(function (this: object, ...given) {
    const id = write.apply(this, given);
    if ((given[0]?.length ?? 0) > 100_000) sample();
    return id;
  });
  const model = await loadKerasModel(path);
  expect(peak).toBeGreaterThan(size);
  expect(peak).toBeLessThan(3 * size);
  model.dispose();
  rmSync(folder, { recursive: true });
});
