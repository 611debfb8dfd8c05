// Models on tfjs-node: what they learn and predict there is what they do on wasm.
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import { engineMemory, registerKernels } from "@rnnkit/fused-rnn";
import { expectNoTensorLeak } from "@rnnkit/test-kit";
import { withTfjsNode } from "@rnnkit/test-kit/tfjs-node";
import { tolerances } from "@rnnkit/test-kit/tolerances";
import * as tf from "@tensorflow/tfjs-core";
import type { Sequential } from "@tensorflow/tfjs-layers";
import fc from "fast-check";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { outcome } from "./chain/chain-outcome.fixture.ts";
import { drawnChains } from "./chain/random-chain.fixture.ts";
import { setWholeSteps } from "./index.ts";
import { cases, type Data } from "./models/builder-cases.fixture.ts";
import { type Step, table, trained } from "./moving-models.fixture.ts";

const native = "tensorflow";

interface Learned {
  losses: number[];
  predicted: number[];
}

/** Two epochs in batches, then an evaluation and a prediction. */
async function learned(
  backend: string,
  build: () => Sequential,
  task: () => Data,
): Promise<Learned> {
  await tf.setBackend(backend);
  const [model, { x, y }] = [build(), task()];
  const fit = { epochs: 2, batchSize: 16, shuffle: false, verbose: 0 } as const;
  const { history } = await model.fit(x, y, fit);
  const evaluated = [model.evaluate(x, y)].flat();
  const predicted = model.predict(x) as tf.Tensor;
  const losses = [...(history.loss as number[]), evaluated[0]!.dataSync()[0]!];
  const numbers = { losses, predicted: [...predicted.dataSync()] };
  model.dispose();
  tf.dispose([x, y, evaluated, predicted]);
  return numbers;
}

if (withTfjsNode()) {
  beforeAll(async () => {
    for (const name of ["cpu", "wasm", native]) await tf.setBackend(name);
    registerKernels();
  });
  afterEach(() => setWholeSteps(true));

  describe.each(Object.entries(cases))("%s", (_, { build, task }) => {
    test.each([true, false])("whole steps: %s; wasm's losses to six digits", async (whole) => {
      setWholeSteps(whole);
      const made = () => build({ seed: 1 });
      const wanted = await learned("wasm", made, task);
      const got = await learned(native, made, task);
      expect(got.losses).toBeAllclose(wanted.losses, { rtol: 1e-6, atol: 0 });
      expect(got.predicted).toBeAllclose(wanted.predicted, tolerances.backends.training);
    });
  });

  test("fit, evaluate and predict leave no tensor behind", async () => {
    await tf.setBackend(native);
    const { build, task } = cases["buildSentimentClassifier lstm"]!;
    const [model, { x, y }] = [build(), task()];
    await expectNoTensorLeak(async () => {
      await model.fit(x, y, { batchSize: 32, verbose: 0, validationData: [x, y] });
      tf.dispose([model.evaluate(x, y), model.predict(x)]);
    });
    expect(engineMemory()).toEqual({ used: 0, pending: 0 });
  });

  test("drawn models, masks and all cells among them: all numbers are wasm's, as a whole and layer by layer", async () => {
    await fc.assert(
      fc.asyncProperty(drawnChains, fc.boolean(), async (drawn, whole) => {
        await tf.setBackend("wasm");
        const wanted = await outcome(drawn, whole);
        await tf.setBackend(native);
        for (const [name, numbers] of Object.entries(await outcome(drawn, whole)))
          expect(numbers, name).toBeAllclose(wanted[name]!, tolerances.layers.wholes);
      }),
      // Training grows last bits now and then beyond any bound that would say something: always the same models.
      { numRuns: 30, seed: 1 },
    );
  });

  test.each(Object.keys(table))(
    "%s: a model comes to tfjs-node and goes on learning",
    async (name) => {
      const on = (forward: string, backward = forward): Step => ({ forward, backward });
      const wanted = await trained(name, "cpu", Array(4).fill(on("cpu")));
      const ways: [built: string, Step[]][] = [
        ["cpu", [on(native), on(native), on("cpu"), on(native)]],
        ["wasm", [on("wasm"), on(native), on("wasm"), on(native)]],
        [native, [on("wasm"), on(native), on("cpu"), on("wasm")]],
      ];
      for (const way of ways)
        expect(await trained(name, ...way)).toBeAllclose(wanted, tolerances.backends.training);
    },
  );
}
