import { testOptions } from "@rnnkit/test-kit/options";
import { expect, test } from "vitest";
import { backendNames } from "./backend-name.ts";
import * as backendSelect from "./index.ts";
import { planOf } from "./options.ts";
import { selectBackend } from "./select-backend.ts";

const names = "tfjs-node-gpu, webgpu, wasm, tfjs-node, cpu";

const lstm = { cell: "lstm", batch: 8, steps: 4, inputSize: 2, units: 4 } as const;
const own = { run: () => {} };
const aCell = "measure.cell to be among simpleRnn, lstm, gru";
const aCache = "cache to be true, the path of a file or a storage such as localStorage";

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
    "expected options prefer, require, exclude, ..., got preferred; did you mean prefer?",
  ],
  [{ wasmPaths: 3 }, "expected wasmPaths to be a folder or a map of file names, got 3"],
  [{ allowSoftware: 1 }, "expected allowSoftware to be true or false, got 1"],
  [{ measure: { ...lstm, cell: "LSTM" } }, `expected ${aCell}, got "LSTM"; did you mean lstm?`],
  [{ measure: { ...lstm, cell: undefined } }, `expected ${aCell}, got undefined`],
  [{ measure: { ...lstm, units: 0 } }, "expected measure.units to be a positive integer, got 0"],
  [
    { measure: { ...lstm, steps: "4" } },
    'expected measure.steps to be a positive integer, got "4"',
  ],
  [
    { measure: { ...lstm, batch: 1.5 } },
    "expected measure.batch to be a positive integer, got 1.5",
  ],
  [
    { measure: { ...lstm, inputSize: undefined } },
    "expected measure.inputSize to be a positive integer, got undefined",
  ],
  [{ measure: { ...lstm, training: 1 } }, "expected measure.training to be true or false, got 1"],
  [{ measure: { run: 1 } }, "expected measure.run to be a function, got 1"],
  [{ measure: { ...lstm, ...own } }, "expected names in measure run, prepare, name, got cell"],
  [{ measure: { ...own, prepare: 1 } }, "expected measure.prepare to be a function, got 1"],
  [{ measure: { ...own, name: "" } }, 'expected measure.name to be a text, got ""'],
  [
    { measure: lstm, prefer: "wasm" },
    "measure takes the fastest, whatever is preferred: give one of both",
  ],
  [
    { measure: lstm, require: "wasm" },
    "measure takes the fastest, whatever is required: give one of both",
  ],
  [{ cache: true }, "cache keeps the times of measure, which is not given"],
  [
    { measure: own, cache: true },
    "expected measure.name, under which cache keeps its times, got none",
  ],
  [{ measure: lstm, cache: 1 }, `expected ${aCache}, got 1`],
  [{ measure: lstm, cache: false }, `expected ${aCache}, got false`],
  [{ measure: lstm, cache: "" }, `expected ${aCache}, got ""`],
  [{ measure: lstm, cache: null }, `expected ${aCache}, got null`],
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
  expect(planOf({ measure: lstm }).key).toBe(planOf({ measure: { ...lstm, training: true } }).key);
  expect(planOf({ measure: { ...lstm, units: 5 } }).key).not.toBe(planOf({ measure: lstm }).key);
  expect(planOf({ measure: own }).key).toBe(planOf({ measure: { ...own } }).key);
  expect(planOf({ measure: lstm, cache: true }).key).not.toBe(planOf({ measure: lstm }).key);
  expect(planOf({ measure: { run: () => {} } }).key).not.toBe(planOf({ measure: own }).key);
  expect(planOf({ allowSoftware: true }).key).not.toBe(planOf({}).key);
  expect(planOf({ require: "cpu" }).key).not.toBe(planOf({ prefer: "cpu" }).key);
});

testOptions(backendSelect, {
  selectBackend: [
    {
      who: "selectBackend",
      names: ["prefer", "require", "exclude", "wasmPaths", "allowSoftware", "measure", "cache"],
      call: selectBackend,
    },
    {
      who: "selectBackend",
      // Of both kinds of probe, while neither is told.
      names: ["cell", "batch", "steps", "inputSize", "units", "training", "run", "prepare", "name"],
      kind: "names in measure",
      call: (measure) => selectBackend({ measure }),
      required: lstm,
    },
  ],
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
