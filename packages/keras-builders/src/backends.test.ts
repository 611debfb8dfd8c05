import { tolerances } from "@rnnkit/test-kit/tolerances";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import { type Step, table, trained } from "./moving-models.fixture.ts";

beforeAll(async () => {
  for (const name of ["cpu", "wasm"]) await tf.setBackend(name);
});

test.each(Object.keys(table))(
  "%s: a model goes from backend to backend, in a step and between, and learns the same",
  async (name) => {
    const on = (forward: string, backward = forward): Step => ({ forward, backward });
    const wanted = await trained(name, "cpu", Array(4).fill(on("cpu")));
    const [cpu, wasm] = ["cpu", "wasm"] as const;
    const ways: [built: string, Step[]][] = [
      [cpu, [on(wasm), on(wasm), on(cpu), on(wasm)]],
      [wasm, [on(cpu), on(wasm), on(cpu), on(cpu)]],
      [wasm, [on(wasm, cpu), on(cpu, wasm), on(wasm, cpu), on(cpu, wasm)]],
    ];
    for (const way of ways) {
      expect(await trained(name, ...way)).toBeAllclose(wanted, tolerances.backends.training);
    }
  },
);
