import { afterEach, expect, test, vi } from "vitest";
import { simd128 } from "../generated/kernels.ts";
import { compiledModule, decodeHex } from "./compiled-module.ts";
import { createInstance, getInstance, setThreads } from "./instance.ts";

afterEach(() => vi.unstubAllGlobals());

test("a text's bytes are the same by the runtime's decoder, by Node's, and by neither", () => {
  const everyByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
  const texts = [simd128, everyByte.join(""), ""];
  const byNode = texts.map(decodeHex);
  const fromHex = (text: string) => Uint8Array.from(text.match(/../g) ?? [], (x) => +`0x${x}`);
  vi.stubGlobal("Buffer", undefined);
  vi.stubGlobal("Uint8Array", class extends Uint8Array<ArrayBuffer> {});
  const byHand = texts.map(decodeHex);
  Object.assign(globalThis.Uint8Array, { fromHex });
  const byRuntime = texts.map(decodeHex);
  for (const [k, bytes] of byNode.entries()) {
    expect(bytes.constructor.name).toBe("Uint8Array");
    expect([...byHand[k]]).toEqual([...bytes]);
    expect([...byRuntime[k]]).toEqual([...bytes]);
  }
  expect([...byNode[1]]).toEqual(Array.from({ length: 256 }, (_, byte) => byte));
});

test("another memory, another engine and another number of threads compile nothing", () => {
  const first = compiledModule(simd128);
  const memories = [true, false].map((shared) => createInstance(shared));
  setThreads(2);
  getInstance();
  vi.stubGlobal("WebAssembly", {
    ...Object.fromEntries(
      Object.getOwnPropertyNames(WebAssembly).map((name) => [name, Reflect.get(WebAssembly, name)]),
    ),
    Module: class {
      constructor() {
        throw new Error("compiled again");
      }
    },
  });
  expect(compiledModule(simd128)).toBe(first);
  for (const [k, shared] of [true, false].entries())
    expect(createInstance(shared).kernels).not.toBe(memories[k].kernels);
  setThreads(3);
  expect(getInstance().kernels).toBeDefined();
});

test("a memory that threads share has another module", () => {
  expect(compiledModule(simd128, true)).not.toBe(compiledModule(simd128));
});
