import { seededRandom } from "@rnnkit/core-rnn";
import { expect, test } from "vitest";
import { tfjsHeapModule } from "./tfjs-heap-module.ts";

/** Where tensors of 64 numbers lie, and the ids 5, 0, 3. */
const at = (k: number) => 1024 + 256 * k;
const ids = 512;

/** A call of each kernel. */
const calls: Readonly<Record<string, number[]>> = {
  firstStray: [ids, 3, 4],
  gatherRows: [at(0), 7, ids, 3, at(1)],
  reverseRows: [at(0), 2, 5, 3, at(1)],
  copyRows: [at(0), 9, at(1), 7, 5, 4],
  addRows: [at(0), 7, ids, 3, at(1), 6],
  rmsprop: [11, ...[0, 1, 2, 3, 4, 5, 6, 7, 8].map(at), 0.1, 0.9, 0.1, 0.5, 1e-7],
  adam: [11, ...[0, 1, 2, 3, 4, 5, 6, 7, 8].map(at), 0.1, 0.1, 0.01, 1e-7],
  simpleRnnStep: [1, 3, 8, 1, 2, at(0), at(1), at(2), at(3), at(4), 0, at(5), 0],
  lstmStep: [1, 3, 8, 1, 2, at(0), at(20), at(30), at(3), at(4), at(5), at(6), at(7)],
  gruAfterStep: [1, 3, 8, 1, 2, at(0), at(20), at(30), at(3), at(4), 0, at(6), 0],
};

/** tfjs's modules without threads have a memory, the threaded one is given its. */
function backendOf(shared: boolean) {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: shared ? 32768 : 65536, shared });
  const { uniform } = seededRandom(3);
  new Float32Array(memory.buffer).forEach((_, i, floats) => {
    floats[i] = uniform();
  });
  new Int32Array(memory.buffer, ids).set([5, 0, 3]);
  const wasm = shared ? { asm: {}, wasmMemory: memory } : { asm: { memory } };
  return { memory, backend: { wasm } };
}

test("over memory that threads share, each kernel leaves the bytes that it leaves over its own", () => {
  const names = Object.keys(tfjsHeapModule(backendOf(false).backend) ?? {});
  expect(names.filter((name) => name !== "memory").sort()).toEqual(Object.keys(calls).sort());
  for (const [name, given] of Object.entries(calls)) {
    const [own, shared] = [false, true].map((isShared) => {
      const { memory, backend } = backendOf(isShared);
      const bytes = () => Buffer.from(memory.buffer).toString("latin1");
      const before = bytes();
      const kernel = tfjsHeapModule(backend)?.[name as "gatherRows"] as (
        ...all: number[]
      ) => unknown;
      const result = kernel(...given);
      const after = bytes();
      if (name !== "firstStray") expect(after === before).toBe(false);
      return { result, after };
    });
    expect(shared).toEqual(own);
  }
});

test("there is none where no memory is a backend's own", () => {
  expect(tfjsHeapModule({})).toBeUndefined();
  expect(tfjsHeapModule({ wasm: { asm: {} } })).toBeUndefined();
});
