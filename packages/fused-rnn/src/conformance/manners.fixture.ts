// What an engine leaves behind, gives back and refuses.

import { cellKinds } from "@rnnkit/core-rnn";
import { expectNoTensorLeak } from "@rnnkit/test-kit";
import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { engineMemory } from "../engine-memory.ts";
import type { RecurrentWeights } from "../options.ts";
import {
  bothDirections,
  cotangentsOf,
  differentiate,
  expectSameBits,
  gradientNames,
  type Inputs,
  inScope,
  numbersOf,
  plain,
  run,
  shapeOf,
  tensorsOf,
  valuesOf,
} from "./call.fixture.ts";
import { type EngineUnderTest, passesOf } from "./engine-under-test.fixture.ts";

const shape = shapeOf("lstm");
const call = () => tensorsOf(shape, numbersOf(shape, { ...plain, initialState: true }));
const outputs = (inputs: Inputs) => run(shape, inputs)[0];

/** Memory, scopes and errors. */
export function mannersTests(suite: EngineUnderTest): void {
  const { engine } = suite;
  const isTraced = engine.kind === "traced";

  test.each(["vectors", "ids"])(
    "nothing is left behind, in tfjs or in the engine, of %s",
    async (kind) => {
      const { x, ...others } = numbersOf(shape, { ...plain, initialState: true });
      const ids = Int32Array.from({ length: shape.B * shape.T }, (_, i) => (i * i) % 5);
      const inputs = tensorsOf(shape, {
        ...others,
        ...(kind === "ids" ? { ids, table: x } : { x }),
      });
      const names = gradientNames(inputs);
      const given = names.map((name) => inputs[name] as tf.Tensor);
      const both = (of: Inputs) => {
        const { kernel, recurrentKernel, bias } = of as unknown as RecurrentWeights;
        const weights = { kernel, recurrentKernel, bias };
        const sequence = of.x ?? { ids: of.ids as tf.Tensor, table: of.table as tf.Tensor };
        return bothDirections("lstm", sequence, [weights, weights]);
      };
      const lossOf =
        (op: (of: Inputs) => tf.Tensor[]) =>
        (...values: tf.Tensor[]) => {
          const wanted = Object.fromEntries(names.map((name, k) => [name, values[k]]));
          return tf.addN(op({ ...inputs, ...wanted }).map((y) => tf.sum(y)));
        };
      const one = (of: Inputs) => run(shape, of);
      await expectNoTensorLeak(() => {
        tf.dispose(tf.valueAndGrads(lossOf(one))(given));
        tf.dispose(run(shape, inputs));
        tf.dispose(both(inputs));
        const withoutStates = given.slice(0, -2);
        tf.dispose(tf.valueAndGrads(lossOf(both))(withoutStates));
      });
      expect(engineMemory()).toEqual({ used: 0, pending: 0 });
    },
  );

  test("a gradient that is never asked for is given back", () => {
    const inputs = call();
    const kernel = inputs.kernel as tf.Tensor;
    const f = (k: tf.Tensor) => {
      outputs({ ...inputs, kernel: k });
      return tf.sum(tf.square(k));
    };
    tf.tidy(() => tf.grad(f)(kernel));
    expect(engineMemory()).toEqual({ used: 0, pending: 0 });
    const broken = () => {
      outputs(inputs);
      throw new Error("stop");
    };
    expect(() => tf.tidy(() => tf.grad(broken)(kernel))).toThrow("stop");
    tf.tidy(() => {
      outputs(inputs);
    });
    expect(tf.engine().state.kernelDepth).toBe(0);
  });

  test.skipIf(isTraced)(
    "tf.profile sees one kernel forward and one for each gradient",
    async () => {
      const inputs = call();
      const profile = await tf.profile(() => {
        tf.tidy(() => {
          tf.grad((kernel: tf.Tensor) => tf.sum(outputs({ ...inputs, kernel })))(
            inputs.kernel as tf.Tensor,
          );
        });
        return tf.scalar(0);
      });
      const names = profile.kernels
        .map(({ name }) => name)
        .filter((name) => name.startsWith("Fused"));
      expect(names).toEqual(["FusedLSTM", "FusedLSTMGrad"]);
    },
  );

  // A traced engine has no backward pass of its own.
  if (engine.kind === "kernels") {
    test.each(cellKinds.flatMap((cell) => ["vectors", "ids"].map((x) => [cell, x] as const)))(
      "%s over %s: the backward pass runs again and again, with the same bits",
      async (cell, x) => {
        const like = shapeOf(cell, { I: 9 });
        const { x: table, ...others } = numbersOf(like, { ...plain, initialState: true });
        const ids = Int32Array.from({ length: like.B * like.T }, (_, i) => (i * i) % 5);
        const given = x === "ids" ? { table, ids } : { x: table };
        const inputs = tensorsOf(like, { ...others, ...given });
        const cotangents = cotangentsOf(like, 4);
        const needs = [true, false, true];
        const { results, gradients } = await passesOf(suite, like, inputs, cotangents, needs);
        const by = await differentiate(like, inputs, cotangents);
        expectSameBits(results, by.results);
        for (const each of gradients) {
          const names = Object.keys(each) as (keyof typeof each)[];
          expectSameBits(
            names.map((name) => each[name]),
            names.map((name) => by.gradients[name]),
          );
        }
      },
    );

    test("without a gradient nothing is kept", () => {
      const inputs = call();
      const [{ saved }] = engine.forward([{ who: "direct", shape, inputs }], tf.backend(), false);
      expect(saved).toBeUndefined();
    });
  }

  // That of tfjs operations is tfjs's affair: it has none through what its operations save, as tanh's output.
  test.skipIf(isTraced)("a gradient of the gradient is refused", () => {
    const inputs = call();
    const sum = (x: tf.Tensor) => tf.sum(outputs({ ...inputs, x }));
    const squared = (x: tf.Tensor) => tf.sum(tf.square(tf.grad(sum)(x)));
    expect(() => tf.grad(squared)(inputs.x as tf.Tensor)).toThrow(
      "Cannot compute gradient of y=f(x)",
    );
  });

  test.each([
    [[0, 2, 3, 1], "3"],
    [[0, -1, 2, 1], "-1"],
  ])("ids %j of a table of 3 rows are refused, and the next call works", async (ids, wrong) => {
    const like = shapeOf("lstm", { B: 1, T: 4 });
    const { x: _, ...numbers } = numbersOf(like, plain);
    const table = new Float32Array(3 * like.I).fill(0.5);
    const given = (of: number[]) =>
      tensorsOf(like, { ...numbers, table, ids: Int32Array.from(of) });
    const sum = (of: number[]) =>
      inScope(async () => {
        const inputs = given(of);
        const results = run(like, inputs);
        const gradient = tf.grad((kernel) => tf.sum(run(like, { ...inputs, kernel })[0]));
        return valuesOf([...results, gradient(inputs.kernel as tf.Tensor)]);
      });
    const right = await sum([0, 2, 2, 1]);
    // A traced engine gathers them by tfjs, which says so in its own words.
    const message = isTraced
      ? new RegExp(`index value ${wrong} is not in|gather: expected indices .* got ${wrong}`)
      : `lstm: expected ids from 0 to below 3, got ${wrong}`;
    await expect(sum(ids)).rejects.toThrow(message);
    expectSameBits(await sum([0, 2, 2, 1]), right);
  });
}
