import vm from "node:vm";
import fc from "fast-check";
import { expect, test } from "vitest";
import * as realm from "./realm.ts";

const { bytesOf, bytesOfBlob, ownArray, typedArrayName } = realm;
const checks = Object.entries(realm).filter(([name]) => name.startsWith("is")) as [
  string,
  (value: unknown) => boolean,
][];
const foreign = vm.createContext();
const there = (code: string) => vm.runInContext(`(${code})`, foreign);

const kinds = [
  ...["Float64Array", "Float32Array", "Int32Array", "Uint32Array", "Int16Array", "Uint16Array"],
  ...["Int8Array", "Uint8Array", "Uint8ClampedArray", "BigInt64Array", "BigUint64Array"],
];

test.each(kinds)("a %s of another realm is one here, over the same memory", (kind) => {
  const of = kind.startsWith("Big") ? "1n, 2n, 3n" : "1, 2, 3";
  const array = there(`${kind}.of(${of}).subarray(1)`);
  const Own = globalThis[kind as "Float32Array"];
  expect(array instanceof Own).toBe(false);
  expect(typedArrayName(array)).toBe(kind);
  const own = ownArray(array);
  expect(own instanceof Own).toBe(true);
  expect([...own]).toEqual([...array]);
  array[0] = array[1];
  expect(own[0]).toBe(array[1]);
  expect(ownArray(own)).toBe(own);
});

test("an array of a class derived from a typed array stays what it is", () => {
  const buffer = Buffer.from([1]);
  expect(typedArrayName(buffer)).toBe("Uint8Array");
  expect(ownArray(buffer)).toBe(buffer);
});

test("what only says that it is one is none", () => {
  const liars = ["Float32Array", "ArrayBuffer", "SharedArrayBuffer", "Blob", "URL", "AbortSignal"];
  for (const name of [...liars, "WebAssembly.Memory"]) {
    const liar = { [Symbol.toStringTag]: name };
    expect(typedArrayName(liar)).toBeUndefined();
    expect(checks.filter(([, is]) => is(liar))).toEqual([]);
    expect(bytesOf(liar)).toBeUndefined();
  }
  for (const other of [null, undefined, 0, "Uint8Array", [1], {}]) {
    expect(typedArrayName(other)).toBeUndefined();
    expect(bytesOf(other)).toBeUndefined();
  }
});

test("bytes are those that a buffer has or a view shows, in any realm; of shared memory a copy", () => {
  const wrapped = fc.constantFrom("buffer", "Uint8Array", "Int8Array", "Uint16Array", "DataView");
  const memory = fc.constantFrom("ArrayBuffer", "SharedArrayBuffer");
  const bytes = fc.uint8Array({ minLength: 8, maxLength: 8 });
  fc.assert(
    fc.property(wrapped, memory, bytes, fc.boolean(), (kind, Buffer, content, isForeign) => {
      const make = `(() => {
        const buffer = new ${Buffer}(8);
        new Uint8Array(buffer).set([${content}]);
        return ${kind === "buffer" ? "buffer" : `new ${kind}(buffer, 2, 3)`};
      })()`;
      const value = isForeign ? there(make) : new Function(`return ${make}`)();
      const got = bytesOf(value)!;
      expect(got instanceof Uint8Array).toBe(true);
      const [from, to] = kind === "buffer" ? [0, 8] : [2, kind === "Uint16Array" ? 8 : 5];
      expect([...got]).toEqual([...content.subarray(from, to)]);
      const original = kind === "buffer" ? value : value.buffer;
      expect(got.buffer === original).toBe(Buffer === "ArrayBuffer");
      expect(realm.isArrayBuffer(original)).toBe(Buffer === "ArrayBuffer");
      expect(realm.isSharedBuffer(original)).toBe(Buffer === "SharedArrayBuffer");
    }),
  );
});

test("files, URLs, signals, modules and memories are known, and only by their own kind", () => {
  const header = "Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)";
  const values: Record<string, unknown> = {
    isBlob: new File([], "a"),
    isUrl: new URL("file:///a"),
    isAbortSignal: AbortSignal.abort(),
    isWasmModule: there(`new WebAssembly.Module(${header})`),
    isWasmMemory: there("new WebAssembly.Memory({ initial: 0 })"),
    isArrayBuffer: there("new ArrayBuffer(1)"),
    isSharedBuffer: there("new SharedArrayBuffer(1)"),
  };
  expect(Object.keys(values).sort()).toEqual(checks.map(([name]) => name).sort());
  for (const [name, value] of Object.entries(values)) {
    const known = checks.filter(([, is]) => is(value)).map(([is]) => is);
    expect(known).toEqual([name]);
  }
});

test("a Blob without arrayBuffer, as jsdom's were, is read by the FileReader there is", async () => {
  const old = { size: 2, [Symbol.toStringTag]: "Blob" } as unknown as Blob;
  Object.assign(globalThis, {
    FileReader: class {
      result: unknown;
      onload = () => {};
      readAsArrayBuffer(blob: Blob) {
        this.result = Uint8Array.of(blob.size, 7).buffer;
        queueMicrotask(() => this.onload());
      }
    },
  });
  expect(realm.isBlob(old)).toBe(true);
  expect([...(await bytesOfBlob(old))]).toEqual([2, 7]);
  Reflect.deleteProperty(globalThis, "FileReader");
  expect([...(await bytesOfBlob(new Blob(["ab"])))]).toEqual([97, 98]);
});
