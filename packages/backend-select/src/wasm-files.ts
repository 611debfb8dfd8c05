import { firstLine } from "./load-error.ts";
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
  try {
    // Validation is always allowed, compiling is not: the empty module shows it.
    new WebAssembly.Module(simdModule.slice(0, 8));
    return undefined;
  } catch (error) {
    return `WebAssembly missing: this runtime forbids compiling it (${firstLine(error)}); a page's Content-Security-Policy allows it by script-src 'wasm-unsafe-eval'`;
  }
}

/** Folder of the `.wasm` files beside the package's module that Node has loaded; undefined when it is bundled away. */
export function installedWasmFolder(node: NodeRuntime): string | undefined {
  const { cache } = node.builtin("node:module").createRequire(`${process.cwd()}/`);
  const entry = /[/\\]tfjs-backend-wasm[/\\]dist[/\\][^/\\]+\.js$/;
  const loaded = Object.keys(cache).find((path) => entry.test(path));
  return loaded && `${node.builtin("node:path").dirname(loaded)}/`;
}

/** tfjs puts folder and file name together as they are. */
export function withSlash(paths: WasmPaths): WasmPaths {
  return typeof paths === "string" && !/[/\\]$/.test(paths) ? `${paths}/` : paths;
}

/** A file's place, where that is known, or why there is none. */
export type Found =
  | { readonly place?: string; readonly missing?: undefined }
  | { readonly missing: string };

/** Where the file is that tfjs will ask for, or why it is not there; in a page that is seen when it comes. */
export function wasmPlace(
  paths: WasmPaths,
  fileName: string,
  node: NodeRuntime | undefined,
): Found {
  const place = typeof paths === "string" ? paths + fileName : paths[fileName];
  if (place === undefined)
    return { missing: `missing .wasm file: wasmPaths has no entry for ${fileName}` };
  if (!node) return { place };
  const path = place.startsWith("file:") ? node.builtin("node:url").fileURLToPath(place) : place;
  if (node.builtin("node:fs").existsSync(path)) return { place };
  return { missing: `missing .wasm file: nothing at ${path}` };
}

const fileNames = [
  "tfjs-backend-wasm.wasm",
  "tfjs-backend-wasm-simd.wasm",
  "tfjs-backend-wasm-threaded-simd.wasm",
];
let current: WasmPaths | undefined;
let isMapping = false;
let isMapped = false;

// What tfjs keeps, and asks at every start: what `current` says then. It wants an entry for each file when it
// takes the map; none later means its own default.
const liveMap = Object.defineProperties(
  {},
  Object.fromEntries(
    fileNames.map((name) => [name, { enumerable: true, get: () => currentPlace(name) }]),
  ),
) as Record<string, string>;

function currentPlace(name: string): string | undefined {
  if (isMapping) return "";
  return typeof current === "string" ? current + name : current?.[name];
}

/**
 * Tells tfjs where its files are, or that it finds them itself, so that it can be told otherwise later: after a
 * start that failed it takes no other paths, but still asks the map that it has.
 *
 * @throws what tfjs does when it was started, in vain, by somebody else.
 */
export function setWasmPlaces(
  setWasmPaths: (map: Record<string, string>) => void,
  paths: WasmPaths | undefined,
): void {
  current = paths;
  if (isMapped) return;
  isMapping = true;
  try {
    setWasmPaths(liveMap);
    isMapped = true;
  } finally {
    isMapping = false;
  }
}
