import { readFixture } from "@rnnkit/fixtures";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { kerasLossName, kerasMetricName, lossNamed, metricNamed } from "./loss-names.ts";

/** Every name that Keras 3.15.1 takes, with what it stands for. */
const { names } = readFixture("losses.json") as {
  names: Record<"losses" | "metrics", Record<string, string>>;
};

/** Keras's name of a function or class, as its files have it. */
const snake = (name: string): string =>
  name
    .replace(/(.)([A-Z][a-z0-9]+)/g, "$1_$2")
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase();

/** What Keras has and nothing here: no function of one example's numbers alone, or no mean. */
const absent = {
  losses: /^(loss|loss_function_wrapper|.*focal_crossentropy|dice|tversky|circle|ctc)$/,
  metrics:
    /^(metric|mean|sum|mean_metric_wrapper|auc|(true|false)_(posi|nega)tives|.*precision.*|.*recall.*|.*specificity.*|.*correlation|.*io_u|f.*_score|r2_score|root_mean_squared_error|.*top_k.*)$/,
};

describe.each([
  ["losses", lossNamed, kerasLossName],
  ["metrics", metricNamed, kerasMetricName],
] as const)("%s", (what, of, kerasName) => {
  test.each(Object.entries(names[what]))("Keras's %s is %s here, or refused", (name, keras) => {
    if (absent[what].test(snake(keras))) {
      expect(() => of("compile", name)).toThrow("compile: expected");
      return;
    }
    const here = of("compile", name);
    expect(of("compile", here)).toBe(here);
    // The name that a file has means the same to Keras.
    const saved = kerasName(here)!;
    expect(snake(names[what][saved]!)).toBe(snake(keras));
  });

  test("what nobody calls so is refused, with the nearest name where there is one", () => {
    const spellings = Object.keys(names[what]).filter((name) => !absent[what].test(snake(name)));
    const long = fc.constantFrom(...spellings.filter((name) => name.length > 5));
    const isKnown = (name: string) => kerasName(name) !== undefined;
    fc.assert(
      fc.property(long, fc.nat(), fc.constantFrom("", "x", "e"), (name, at, letter) => {
        const i = at % name.length;
        const wrong = name.slice(0, i) + letter + name.slice(i + 1);
        fc.pre(!isKnown(wrong));
        expect(() => of("compile", wrong)).toThrow(
          new RegExp(`, got "${wrong}"; did you mean \\w+\\?$`),
        );
      }),
    );
    for (const given of ["entirely else", "", 5, null, undefined, ["mse"], { mse: 1 }]) {
      expect(() => of("compile", given)).toThrow("compile: expected");
    }
  });
});

test.each([
  ["mean_square_error", "meanSquaredError"],
  ["binaryCrossEntropy", "binaryCrossentropy"],
  ["binary-crossentropy", "binaryCrossentropy"],
  ["categorical_cross_entropy", "categoricalCrossentropy"],
  ["msee", "mse"],
  ["kl_divergance", "kl_divergence"],
  ["crossentropy", "binaryCrossentropy"],
])("for the loss %s the nearest is %s", (given, near) => {
  expect(() => lossNamed("buildX", given)).toThrow(`got "${given}"; did you mean ${near}?`);
});

test("names that tfjs-layers alone knows stay, and have none in Keras's files", () => {
  for (const name of ["cosine", "ce", "crossentropy"]) {
    expect(metricNamed("compile", name)).toBe(name);
    expect(kerasMetricName(name)).toBeUndefined();
  }
  expect(() => metricNamed("compile", "precision")).toThrow('got "precision"');
});
