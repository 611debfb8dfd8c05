import type { SelectBackendOptions } from "./options.ts";
import type { NodeRuntime } from "./runtime.ts";

type WasmPaths = NonNullable<SelectBackendOptions["wasmPaths"]>;

// A module of one function that returns i8x16.popcnt(i8x16.splat(0)): valid where SIMD128 is.
//   (module (func (result v128) i32.const 0  i8x16.splat  i8x16.popcnt))
const simdModule = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15,
  253, 98, 11,
]);

/** Why WebAssembly as tfjs needs it is not to be had here; undefined where it is. */
export function webAssemblyLack(): string | undefined {
  if (typeof WebAssembly !== "object") return "WebAssembly missing: this runtime has none";
  if (!WebAssembly.validate(simdModule))
    return "no SIMD: this runtime's WebAssembly lacks SIMD128, and without it wasm is slow";
  return undefined;
}

/** Folder of the `.wasm` files of the installed tfjs-backend-wasm, or undefined when it is bundled away. */
export function installedWasmFolder(node: NodeRuntime): string | undefined {
  try {
    const entry = node
      .builtin("node:module")
      .createRequire(import.meta.url)
      .resolve("@tensorflow/tfjs-backend-wasm");
    return `${node.builtin("node:path").dirname(entry)}/`;
  } catch {
    return undefined;
  }
}

/** tfjs puts folder and file name together as they are. */
export function withSlash(paths: WasmPaths): WasmPaths {
  return typeof paths === "string" && !/[/\\]$/.test(paths) ? `${paths}/` : paths;
}

/**
 * Why the file that tfjs will ask for is not at `paths`; undefined when it is, or cannot be told.
 * Asked first because tfjs refuses other paths for good after one failure.
 */
export async function missingWasmFile(
  paths: WasmPaths,
  fileName: string,
  node: NodeRuntime | undefined,
): Promise<string | undefined> {
  const place = typeof paths === "string" ? paths + fileName : paths[fileName];
  if (place === undefined) return `missing .wasm file: wasmPaths has no entry for ${fileName}`;
  if (node) {
    const path = place.startsWith("file:") ? node.builtin("node:url").fileURLToPath(place) : place;
    return node.builtin("node:fs").existsSync(path)
      ? undefined
      : `missing .wasm file: nothing at ${path}`;
  }
  try {
    const { ok, status, headers } = await fetch(place, { method: "HEAD" });
    if (status === 405 || status === 501) return undefined;
    if (!ok) return `missing .wasm file: ${place} answers ${status}`;
    // A development server answers any unknown path with its page.
    if (headers.get("content-type")?.startsWith("text/html"))
      return `missing .wasm file: ${place} is an HTML page`;
    return undefined;
  } catch (error) {
    return `missing .wasm file: ${place}: ${String(error)}`;
  }
}
