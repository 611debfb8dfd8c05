import "@tensorflow/tfjs-backend-cpu";
import { initializers, sequential } from "@tensorflow/tfjs-layers";
import { expect, test } from "vitest";
import * as layers from "../layers/layers.ts";

// The names that keras.initializers.get of Keras 3.15.1 takes, STFT (which tfjs lacks) left out.
const names: Record<string, string> = {
  ...{ constant: "Zeros", Constant: "Zeros", zero: "Zeros", one: "Ones" },
  ...{ uniform: "RandomUniform", normal: "RandomNormal" },
  ...{ IdentityInitializer: "Identity", OrthogonalInitializer: "Orthogonal" },
};
for (const kind of ["Glorot", "He", "Lecun"]) {
  for (const how of ["Normal", "Uniform"]) {
    names[`${kind}${how}`] = names[`${kind.toLowerCase()}_${how.toLowerCase()}`] =
      "VarianceScaling";
  }
}
for (const [snake, name] of [
  ...[
    ["zeros", "Zeros"],
    ["ones", "Ones"],
    ["identity", "Identity"],
    ["orthogonal", "Orthogonal"],
  ],
  ...[
    ["random_normal", "RandomNormal"],
    ["random_uniform", "RandomUniform"],
  ],
  ...[
    ["truncated_normal", "TruncatedNormal"],
    ["variance_scaling", "VarianceScaling"],
  ],
]) {
  names[snake!] = names[name!] = name!;
}

type Make = (args: object) => { getConfig(): Record<string, unknown> };
const makers: [string, Make, string][] = [
  ["lstm", layers.lstm as never, "kernelInitializer"],
  ["gruCell", layers.gruCell as never, "biasInitializer"],
  ["dense", layers.dense as never, "kernelInitializer"],
  ["batchNormalization", layers.batchNormalization as never, "betaInitializer"],
];

const size = (option: string) => (option === "betaInitializer" ? {} : { units: 2 });

test.each(makers)("%s takes every name of an initializer that Keras takes", (_, make, option) => {
  for (const [name, className] of Object.entries(names)) {
    const config = make({ ...size(option), [option]: name }).getConfig()[option] as {
      className: string;
    };
    expect([name, config.className]).toEqual([name, className]);
  }
});

test("tfjs's own names and objects still go", () => {
  for (const initializer of ["glorotUniform", "leCunNormal", initializers.ones()]) {
    const args = { units: 1, inputShape: [2, 2], kernelInitializer: initializer as "ones" };
    expect(sequential({ layers: [layers.lstm(args)] }).getWeights()).toHaveLength(3);
  }
});

test("Keras's uniform starts weights as Keras does, from -0.05 to 0.05", () => {
  const table = layers.embedding({ inputDim: 400, outputDim: 4, embeddingsInitializer: "uniform" });
  const values = sequential({ layers: [table] })
    .getWeights()[0]!
    .dataSync();
  const [least, most] = [Math.min(...values), Math.max(...values)];
  expect(least).toBeGreaterThanOrEqual(-0.05);
  expect(most).toBeLessThanOrEqual(0.05);
  expect(most - least).toBeGreaterThan(0.09);
});

test.each(makers)("%s refuses another name and says which was meant", (who, make, option) => {
  expect(() => make({ ...size(option), [option]: "glorot_unifrom" })).toThrow(
    new RegExp(
      `^${who}: expected ${option} to be one of glorotUniform, .*, got "glorot_unifrom"; did you mean glorotUniform\\?$`,
    ),
  );
});
