import "@tensorflow/tfjs-backend-cpu";
import { expect, test } from "vitest";
import * as layers from "../layers/layers.ts";

const { simpleRNN, lstm, gru } = layers;
type Make = (args: never) => ReturnType<typeof gru>;

test.each([
  ["simpleRNN", simpleRNN, "recurrentActivation"],
  ["lstm", lstm, "resetAfter"],
  ["gru", gru, "unitForgetBias"],
] as [string, Make, string][])(
  "%s names the option that it does not have",
  (who, make, foreign) => {
    for (const [name, got] of [
      [foreign, foreign],
      ["foo", "foo"],
      ["return_sequences", "return_sequences; did you mean returnSequences?"],
      ["returnSequence", "returnSequence; did you mean returnSequences?"],
    ]) {
      const args = { units: 1, [name!]: true };
      expect(() => make(args as never)).toThrow(
        new RegExp(
          `^${who}: expected options units, activation, .*, got ${got!.replace("?", ".")}$`,
        ),
      );
    }
    for (const value of [64, [64]]) {
      expect(() => make(value as never)).toThrow(
        `${who}: expected an object of options such as { units: 64 }, got ${JSON.stringify(value)}`,
      );
    }
    // Nothing is asked for here.
    expect(make({ units: 1, timeMajor: null, foo: undefined } as never)).toBeDefined();
    expect(() => make({ units: 1, dtype: "float64" } as never)).toThrow(
      `${who}: expected dtype to be one of float32, int32, bool, got float64`,
    );
  },
);

test("every option of Keras goes by its name, and a config makes its layer again", () => {
  const all = {
    units: 2,
    activation: "tanh" as const,
    useBias: true,
    kernelInitializer: "glorotUniform" as const,
    recurrentInitializer: "orthogonal" as const,
    biasInitializer: "zeros" as const,
    kernelRegularizer: "l2",
    recurrentRegularizer: null,
    biasRegularizer: null,
    activityRegularizer: "l1",
    kernelConstraint: "maxNorm" as const,
    recurrentConstraint: null,
    biasConstraint: null,
    dropout: 0.1,
    recurrentDropout: 0.1,
    seed: 1,
    returnSequences: true,
    returnState: true,
    goBackwards: true,
    stateful: true,
    unroll: true,
    zeroOutputForMask: true,
    implementation: 1,
    useCudnn: "auto" as const,
    dtype: "float32" as const,
    name: "named",
    trainable: true,
    batchInputShape: [1, 2, 3],
  };
  const gated = { ...all, recurrentActivation: "sigmoid" as const };
  for (const [make, args] of [
    [simpleRNN, all],
    [lstm, { ...gated, unitForgetBias: true }],
    [gru, { ...gated, resetAfter: true }],
  ] as [Make, object][]) {
    const config = make(args as never).getConfig();
    expect(make(structuredClone(config) as never).getConfig()).toEqual(config);
  }
});
