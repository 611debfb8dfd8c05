import "@tensorflow/tfjs-layers";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { engineMemory } from "../engine-memory.ts";
import { lstm } from "../lstm.ts";
import { addEngine } from "../recurrent.ts";
import { hasDawn, startWebGPU } from "./dawn.fixture.ts";
import { webgpuEngine } from "./engine.ts";

describe.skipIf(!hasDawn)(
  "variables on the WebGPU engine (skipped without VK_DRIVER_FILES)",
  () => {
    let remove: () => void;
    beforeAll(async () => {
      await startWebGPU();
      await tf.setBackend("webgpu");
      remove = addEngine(webgpuEngine);
    });
    afterAll(() => remove());

    test("weights that are assigned before the scope of their gradients ends are whole after it, and nothing stays", async () => {
      const [B, T, I, H] = [2, 3, 2, 4];
      const draw = (seed: number, ...shape: number[]) =>
        tf.tidy(() => tf.randomUniform(shape, -1, 1, "float32", seed).variable());
      const weights = {
        kernel: draw(1, I, 4 * H),
        recurrentKernel: draw(2, H, 4 * H),
        bias: draw(3, 4 * H),
      };
      const x = tf.randomUniform([B, T, I], -1, 1, "float32", 4) as tf.Tensor3D;
      const loss = () => tf.sum(lstm(x, weights).outputs) as tf.Scalar;
      const rate = 0.5;
      const optimizer = tf.train.sgd(rate);
      const { grads, value } = tf.variableGrads(loss);
      value.dispose();
      const expected: Float32Array[] = [];
      for (const variable of Object.values(weights)) {
        const [gradient, before] = [grads[variable.name], variable].map((each) => each.data());
        const [g, w] = [await gradient, await before];
        expected.push(Float32Array.from(w, (number, i) => number - Math.fround(rate * g[i])));
      }
      tf.dispose(grads);

      // What calls have saved is given back when it is asked for.
      engineMemory();
      const { numTensors, numDataBuffers } = tf.memory();
      tf.tidy(() => {
        optimizer.minimize(loss);
      });
      for (const [i, variable] of Object.values(weights).entries())
        expect(await variable.data()).toBeAllclose(expected[i], { rtol: 0, atol: 1e-6 });
      tf.tidy(() => {
        optimizer.minimize(loss);
      });
      expect(engineMemory()).toEqual({ used: 0, pending: 0 });
      expect(tf.memory()).toMatchObject({ numTensors, numDataBuffers });

      tf.dispose([x, ...Object.values(weights)]);
      optimizer.dispose();
    });
  },
);
