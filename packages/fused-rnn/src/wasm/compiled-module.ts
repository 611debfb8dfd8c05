// From the text of a module to what V8 compiles of it, once a process: threads and memories share the module, and
// with it the code that V8 has meanwhile optimised, an engine that follows another as well.

/** Compiled modules by their text: for memories of one thread, and for those that threads share. */
const modules = [new Map<string, WebAssembly.Module>(), new Map<string, WebAssembly.Module>()];

/**
 * The module whose bytes are **text** in hexadecimal digits, for a memory that threads share, if told so.
 * Compiled where it stands: V8 compiles a function at its first call, so it takes less than a millisecond.
 */
export function compiledModule(text: string, shared = false): WebAssembly.Module {
  const known = modules[shared ? 1 : 0];
  let module = known.get(text);
  if (!module) {
    const bytes = decodeHex(text);
    if (shared) shareMemory(bytes);
    module = new WebAssembly.Module(bytes);
    known.set(text, module);
  }
  return module;
}

/**
 * Turns the module's imported memory into a shared one. The kernels hold no atomic instruction, so
 * the two kinds of module differ in one byte, the flags of the memory's limits: 1 is "has a
 * maximum", 3 "has a maximum and is shared".
 */
function shareMemory(bytes: Uint8Array): void {
  const name = [..."\u0003env\u0006memory"].map((character) => character.charCodeAt(0));
  const at = bytes.findIndex((_, i) => name.every((byte, k) => bytes[i + k] === byte));
  const flags = at + name.length + 1;
  if (at < 0 || bytes[flags - 1] !== 2 || bytes[flags] !== 1) {
    throw new Error("fused-rnn: expected a module that imports env.memory with a maximum");
  }
  bytes[flags] = 3;
}

interface Decoders {
  Uint8Array: { fromHex?(text: string): Uint8Array<ArrayBuffer> };
  Buffer?: { from(text: string, encoding: "hex"): Uint8Array<ArrayBuffer> };
}

/** The bytes of a text of two hexadecimal digits each. */
export function decodeHex(text: string): Uint8Array<ArrayBuffer> {
  const { Uint8Array: Bytes, Buffer } = globalThis as unknown as Decoders;
  if (Bytes.fromHex) return Bytes.fromHex(text);
  if (Buffer) return new Uint8Array(Buffer.from(text, "hex"));
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = 16 * digit(text.charCodeAt(2 * i)) + digit(text.charCodeAt(2 * i + 1));
  }
  return bytes;
}

/** 0-9 are the codes from 48 on, a-f those from 97. */
function digit(code: number): number {
  return code < 58 ? code - 48 : code - 87;
}
