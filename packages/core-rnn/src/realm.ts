// The one rule for what the platform's own classes make. A value may come from another realm (an iframe, a test
// runner's jsdom, node:vm), whose classes are others under the same names: so kinds are told by what a value is
// inside, never by `instanceof`.

const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as object;
const nameOfTypedArray = getter(typedArray, Symbol.toStringTag);
const lengthOfBuffer = getter(ArrayBuffer.prototype, "byteLength");

type BytesLike = ArrayBuffer | SharedArrayBuffer | ArrayBufferView;

/**
 * The class of a typed array of any realm, as *Float32Array*; *undefined* for anything else.
 *
 * @example
 * typedArrayName(new DataView(new ArrayBuffer(8))); // => undefined
 */
export function typedArrayName(value: unknown): string | undefined {
  return nameOfTypedArray.call(value) as string | undefined;
}

/**
 * The same numbers in the same memory under this realm's class, so that `instanceof`, here or in tfjs, holds;
 * a typed array of this realm as it is.
 *
 * @example
 * ownArray(frame.contentWindow.eval("Float32Array.of(1)")); // => a Float32Array of this realm
 */
export function ownArray<A extends ArrayBufferView>(array: A): A {
  const name = typedArrayName(array) as "Float32Array";
  const Own = globalThis[name];
  if (array instanceof Own) return array;
  const { buffer, byteOffset, length } = array as unknown as Float32Array;
  return new Own(buffer, byteOffset, length) as unknown as A;
}

/** Whether **value** is an ArrayBuffer, of any realm; a SharedArrayBuffer is none. */
export function isArrayBuffer(value: unknown): value is ArrayBuffer {
  try {
    lengthOfBuffer.call(value);
    return true;
  } catch {
    return false;
  }
}

/** Whether **value** is a SharedArrayBuffer, of any realm. */
export function isSharedBuffer(value: unknown): value is SharedArrayBuffer {
  return tagOf(value) === "SharedArrayBuffer" && "byteLength" in (value as object);
}

/**
 * The bytes of a buffer, or of what a view (a typed array, a DataView) shows of one, without a copy; those of
 * shared memory as a copy, which nobody changes any more. *undefined* for anything else.
 *
 * @example
 * bytesOf(new DataView(buffer, 4)); // => Uint8Array
 */
export function bytesOf(value: unknown): Uint8Array<ArrayBuffer> | undefined {
  if (!ArrayBuffer.isView(value) && !isArrayBuffer(value) && !isSharedBuffer(value))
    return undefined;
  const [buffer, at] = ArrayBuffer.isView(value) ? [value.buffer, value.byteOffset] : [value, 0];
  const bytes = new Uint8Array(buffer, at, (value as BytesLike).byteLength);
  return isSharedBuffer(buffer) ? new Uint8Array(bytes) : (bytes as Uint8Array<ArrayBuffer>);
}

/** Whether **value** is a Blob, or a File, which is one. */
export function isBlob(value: unknown): value is Blob {
  return /^(Blob|File)$/.test(tagOf(value)) && typeof (value as Blob).size === "number";
}

/** The bytes of a Blob or File; jsdom's have no `arrayBuffer` and go through its FileReader. */
export async function bytesOfBlob(blob: Blob): Promise<Uint8Array<ArrayBuffer>> {
  if (typeof blob.arrayBuffer === "function") return new Uint8Array(await blob.arrayBuffer());
  const reader = new FileReader();
  return new Promise((resolve, reject) => {
    reader.onload = () => resolve(new Uint8Array(reader.result as ArrayBuffer));
    reader.onerror = () => reject(reader.error);
    reader.readAsArrayBuffer(blob);
  });
}

/** Whether **value** is a URL. */
export function isUrl(value: unknown): value is URL {
  return tagOf(value) === "URL" && typeof (value as URL).href === "string";
}

/** Whether **value** is an AbortSignal. */
export function isAbortSignal(value: unknown): value is AbortSignal {
  return tagOf(value) === "AbortSignal" && typeof (value as AbortSignal).aborted === "boolean";
}

/** Whether **value** is a WebAssembly.Module. */
export function isWasmModule(value: unknown): value is WebAssembly.Module {
  return tagOf(value) === "WebAssembly.Module";
}

/** Whether **value** is a WebAssembly.Memory. */
export function isWasmMemory(value: unknown): value is WebAssembly.Memory {
  return tagOf(value) === "WebAssembly.Memory" && "buffer" in (value as object);
}

function tagOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

function getter(from: object, name: PropertyKey): (this: unknown) => unknown {
  return Object.getOwnPropertyDescriptor(from, name)!.get as () => unknown;
}
