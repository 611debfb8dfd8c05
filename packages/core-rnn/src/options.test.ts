import vm from "node:vm";
import fc from "fast-check";
import { expect, test } from "vitest";
import { checkOptions, nearest, optionsFault, shown } from "./options.ts";

// Names as the packages have them.
const names = [
  ...["learningRate", "units", "maxLen", "testSize", "customObjects", "returnSequences"],
  ...["returnState", "goBackwards", "dropout", "recurrentDropout", "featureRange", "seed"],
];

test.each([
  ["learning_rate", "learningRate"],
  ["lr", "learningRate"],
  ["unit", "units"],
  ["maxlen", "maxLen"],
  ["test_size", "testSize"],
  ["custom_objects", "customObjects"],
  ["returnSequence", "returnSequences"],
  ["return-state", "returnState"],
  ["SEED", "seed"],
  ["drpoout", "dropout"],
  ["foo", undefined],
  ["", undefined],
  ["e".repeat(1e6), undefined],
])("%s is nearest to %s", (name, near) => {
  expect(nearest(name, names)).toBe(near);
});

test("a name with one edit is nearest to the name that it was, or to one just as near", () => {
  const letter = fc.constantFrom(..."abcdefghijklmnopqrstuvwxyz_A".split(""));
  const kind = fc.constantFrom("more", "less", "other", "swapped");
  const edited = fc.tuple(fc.constantFrom(...names), fc.nat(), letter, kind);
  fc.assert(
    fc.property(edited, ([known, at, one, how]) => {
      const i = at % known.length;
      const rest = known.slice(i + 1);
      const typo = {
        more: known.slice(0, i) + one + known.slice(i),
        less: known.slice(0, i) + rest,
        other: known.slice(0, i) + one + rest,
        swapped: known.slice(0, i) + rest.slice(0, 1) + known[i] + rest.slice(1),
      }[how];
      expect(nearest(typo, names)).toBe(known);
    }),
    { numRuns: 2000 },
  );
});

test("of names equally near the first is meant, every time", () => {
  expect(nearest("beta3", ["beta1", "beta2"])).toBe("beta1");
  expect(nearest("beta3", ["beta2", "beta1"])).toBe("beta2");
});

test("known names pass, and so does one that asks for nothing", () => {
  for (const options of [{}, { units: 1 }, { foo: undefined }, Object.create(null)]) {
    expect(optionsFault("f", options, names)).toBeUndefined();
  }
  expect(optionsFault("f", vm.runInNewContext("({ units: 1 })"), names)).toBeUndefined();
});

test("an unknown name is refused with the nearest, or with all names where none is near", () => {
  expect(() => checkOptions("f", { units: 1, maxlen: 2 }, names)).toThrow(
    new TypeError(
      "f: expected options learningRate, units, maxLen, ..., got maxlen; did you mean maxLen?",
    ),
  );
  expect(() => checkOptions("f", { unit: 1 }, ["units", "seed"])).toThrow(
    "f: expected options units, seed, got unit; did you mean units?",
  );
  expect(() => checkOptions("f", { foo: null }, names)).toThrow(
    `f: expected options ${names.join(", ")}, got foo`,
  );
  expect(() => checkOptions("f", { constructor: 1 }, ["units"])).toThrow("got constructor");
});

class Layer {
  readonly name = "a layer";
}

class Tensor {
  readonly shape = [2, null];
}

test.each([
  [64, "64"],
  [[64, "a"], '[64, "a"]'],
  ["adam", '"adam"'],
  [null, "null"],
  [undefined, "undefined"],
  [() => 0, "a function"],
  [new Layer(), "an instance of Layer"],
  [new Tensor(), "an instance of Tensor of shape [2, null]"],
  [new Float32Array(9), "an instance of Float32Array"],
  [new Map(), "an instance of Map"],
])("instead of options %j is refused", (options, got) => {
  expect(() => checkOptions("f", options, names)).toThrow(
    new TypeError(`f: expected an object of options such as { learningRate: ... }, got ${got}`),
  );
  expect(() => checkOptions("f", options, names, "{ units: 64 }")).toThrow(
    `f: expected an object of options such as { units: 64 }, got ${got}`,
  );
});

test("what is shown stays short, however long or deep it is", () => {
  expect(shown("x".repeat(1000))).toHaveLength(83);
  expect(shown(Array.from({ length: 9 }, (_, i) => i))).toBe("[0, 1, 2, 3, 4, 5, 6, 7, ...]");
  expect(shown([[[[[1]]]]])).toBe("[[[[...]]]]");
  const around: unknown[] = [];
  around.push(around);
  expect(shown(around)).toBe("[[[[...]]]]");
  expect(shown({ a: 1 })).toBe("an object");
  expect(shown(Symbol("s"))).toBe("Symbol(s)");
});
