// A model that runs as a whole beside the same model layer by layer: the numbers are the same, whatever it is made of
// and however it is called.

import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import { engineMemory, registerKernels } from "@rnnkit/fused-rnn";
import { toBeAllclose } from "@rnnkit/test-kit";
import { tolerances } from "@rnnkit/test-kit/tolerances";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { setWholeSteps } from "../index.ts";
import { outcome } from "./chain-outcome.fixture.ts";
import { drawnChains } from "./random-chain.fixture.ts";

beforeAll(async () => {
  for (const name of ["cpu", "wasm"]) await tf.setBackend(name);
  registerKernels();
});
afterEach(() => setWholeSteps(true));

describe.each(["wasm", "cpu"])("on %s", (backend) => {
  test("a model as a whole is the model layer by layer: losses, metrics, history, weights, predictions", async () => {
    await tf.setBackend(backend);
    await fc.assert(
      fc.asyncProperty(drawnChains, async (drawn) => {
        const whole = await outcome(drawn, true);
        expect(engineMemory()).toEqual({ used: 0, pending: 0 });
        const usual = await outcome(drawn, false);
        const { wholes } = tolerances.layers;
        const isNear = (name: string) => toBeAllclose(whole[name]!, usual[name]!, wholes).pass;
        if (Object.keys(usual).every(isNear)) return;
        // What a model that runs away makes of the last bits of its weights, it makes of those of its sums too.
        const nudged = await outcome(drawn, false, 2 ** -23);
        for (const [name, numbers] of Object.entries(usual)) {
          const spread = Math.max(...numbers.map((n, i) => Math.abs(n - nudged[name]![i]!)));
          const atol = wholes.atol + 8 * spread;
          expect(whole[name], name).toBeAllclose(numbers, { ...wholes, atol });
        }
      }),
      { numRuns: 60 },
    );
  });
});
