import { testOptions } from "@rnnkit/test-kit/options";
import { expect, test } from "vitest";
import { backendNames } from "./backend-name.ts";
import * as backendSelect from "./index.ts";
import { planOf } from "./options.ts";
import { selectBackend } from "./select-backend.ts";

const names = "tfjs-node-gpu, webgpu, wasm, tfjs-node, cpu";

test.each([
  [
    { require: "webgl" },
    `expected require to be among ${names}, got "webgl"; did you mean webgpu?`,
  ],
  [{ prefer: ["wasm", 3] }, `expected prefer to be among ${names}, got 3`],
  [
    { require: "tfjs_node" },
    `expected require to be among ${names}, got "tfjs_node"; did you mean tfjs-node?`,
  ],
  [{ prefer: 7 }, "expected prefer to be a list of backend names, got 7"],
  [{ exclude: "tensorflow" }, `expected exclude to be among ${names}, got "tensorflow"`],
  [{ exclude: null }, "expected exclude to be a list of backend names, got null"],
  [{ require: "cpu", exclude: ["cpu"] }, "cpu is both required and excluded"],
  [{ prefer: "cpu", exclude: ["wasm", "cpu"] }, "cpu is both preferred and excluded"],
  [{ exclude: backendNames }, "every backend is excluded"],
  [
    { preferred: "cpu" },
    "expected options prefer, require, exclude, wasmPaths, allowSoftware, got preferred; did you mean prefer?",
  ],
  [{ wasmPaths: 3 }, "expected wasmPaths to be a folder or a map of file names, got 3"],
  [{ allowSoftware: 1 }, "expected allowSoftware to be true or false, got 1"],
  ["wasm", 'expected an object of options such as { prefer: "wasm" }, got "wasm"'],
  [null, 'expected an object of options such as { prefer: "wasm" }, got null'],
])("%j is refused before anything is loaded", async (options, message) => {
  await expect(selectBackend(options as never)).rejects.toMatchObject({
    message: `selectBackend: ${message}`,
  });
});

test("equal wishes have equal keys, however they are written", () => {
  expect(planOf({}).key).toBe(planOf({ prefer: [], exclude: [] }).key);
  expect(planOf({ prefer: "cpu" }).key).toBe(planOf({ prefer: ["cpu", "cpu"] }).key);
  expect(planOf({ exclude: ["wasm", "cpu"] }).key).toBe(planOf({ exclude: ["cpu", "wasm"] }).key);
  expect(planOf({ wasmPaths: { a: "1", b: "2" } }).key).toBe(
    planOf({ wasmPaths: { b: "2", a: "1" } }).key,
  );
  expect(planOf({ wasmPaths: "/a" }).key).not.toBe(planOf({ wasmPaths: "/b" }).key);
  expect(planOf({ require: "cpu" }).key).not.toBe(planOf({ prefer: "cpu" }).key);
});

testOptions(backendSelect, {
  selectBackend: {
    who: "selectBackend",
    names: ["prefer", "require", "exclude", "wasmPaths", "allowSoftware"],
    call: selectBackend,
  },
  describeBackend: null,
  backendNames: null,
});

test("only a selection is described", () => {
  for (const [value, got] of [
    ["wasm", '"wasm"'],
    [null, "null"],
    [{ name: "wasm" }, "an object"],
    [Promise.resolve(), "an instance of Promise"],
  ]) {
    expect(() => backendSelect.describeBackend(value as never)).toThrow(
      `describeBackend: expected what selectBackend gave, got ${got}`,
    );
  }
});
