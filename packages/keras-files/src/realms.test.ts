// A model's bytes as other realms (an iframe, jsdom, node:vm) and other views have them.
import "@tensorflow/tfjs-backend-cpu";
import vm from "node:vm";
import { expect, test } from "vitest";
import { fileBytes } from "./files.fixture.ts";
import { loadKerasModel } from "./index.ts";

const bytes = fileBytes("file_simple_rnn.keras");
const there = vm.createContext();

const sources: Record<string, string> = {
  "a Uint8Array": "array",
  "a part of a Uint8Array": "part",
  "an ArrayBuffer": "array.buffer",
  "a SharedArrayBuffer": "shared.buffer",
  "a Uint8Array of shared memory": "shared",
  "a DataView": "new DataView(part.buffer, 3, array.length)",
  "a Uint8ClampedArray": "new Uint8ClampedArray(array.buffer)",
};

function source(code: string, run: (code: string) => (given: ArrayLike<number>) => never): never {
  return run(`(given) => {
    const array = Uint8Array.from(given);
    const part = new Uint8Array(array.length + 6).subarray(3, 3 + array.length);
    part.set(array);
    const shared = new Uint8Array(new SharedArrayBuffer(array.length));
    shared.set(array);
    return ${code};
  }`)(bytes);
}

test.each(Object.entries(sources))("%s is a model, of this realm or another", async (_, code) => {
  const expected = (await loadKerasModel(bytes)).getWeights().map((weight) => weight.dataSync());
  for (const run of [(text: string) => new Function(`return ${text}`)(), vmRun]) {
    const model = await loadKerasModel(source(code, run));
    expect(model.getWeights().map((weight) => weight.dataSync())).toEqual(expected);
  }
});

test("what is no bytes is refused by its name, of another realm too", async () => {
  for (const [code, name] of [
    ["[1, 2]", "[1, 2]"],
    ["new Map()", "an instance of Map"],
  ]) {
    await expect(loadKerasModel(vmRun(code) as never)).rejects.toThrow(
      `loadKerasModel: expected a path, URL, Uint8Array, ArrayBuffer, File or Blob, got ${name}`,
    );
  }
});

function vmRun(code: string): (given: ArrayLike<number>) => never {
  return vm.runInContext(`(${code})`, there);
}
