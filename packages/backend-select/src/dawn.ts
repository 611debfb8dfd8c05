// npm's webgpu: Dawn, which is Chromium's WebGPU, as an addon for Node.
import { firstLine, loadFailure } from "./load-error.ts";
import type { NodeRuntime } from "./runtime.ts";

/** Where adapters come from, or why from nowhere. */
export type GpuSource =
  | {
      readonly gpu: GPU;
      /** What WebGPU code looks for in the global scope. */
      readonly putInPlace: () => void;
      readonly lack?: undefined;
    }
  | { readonly lack: string };

interface Dawn {
  create(options: readonly string[]): GPU;
  readonly globals: object;
}

// Collected, what create() gave would end the process at a later await, without a word: it is kept for good.
const kept = Symbol.for("@rnnkit/backend-select.dawn");
const keeper = globalThis as { [kept]?: GPU };

/** Dawn's adapters, under Node alone. */
export async function dawnSource(node: NodeRuntime): Promise<GpuSource> {
  const packageName = "webgpu";
  if (node.isStandIn)
    return {
      lack: `WebGPU missing: this runtime has none, and npm's ${packageName} is made for Node`,
    };
  let dawn: Dawn;
  try {
    dawn = await import(/* @vite-ignore */ /* webpackIgnore: true */ packageName);
  } catch (error) {
    return { lack: loadFailure(packageName, error) };
  }
  const lack = oldVersion(node) ?? loaderLack();
  if (lack !== undefined) return { lack };
  keeper[kept] ??= dawn.create([]);
  const gpu = keeper[kept];
  return { gpu, putInPlace: () => putInPlace(gpu, dawn.globals) };
}

function putInPlace(gpu: GPU, globals: object): void {
  Object.assign(globalThis, globals);
  const manner = { configurable: true, enumerable: true, writable: true };
  // Node has one from 21 on; it takes properties, and no other in its place.
  if (globalThis.navigator) Object.defineProperty(navigator, "gpu", { ...manner, value: gpu });
  else Object.defineProperty(globalThis, "navigator", { ...manner, value: { gpu } });
}

const least = [0, 6, 2];

/** The package has no version to ask for, so its addon is looked for where Node has it. */
function oldVersion(node: NodeRuntime): string | undefined {
  const { cache } = node.builtin("node:module").createRequire(`${process.cwd()}/`);
  const addon = /^(.*[/\\]webgpu[/\\])dist[/\\].*dawn\.node$/;
  const folder = Object.keys(cache)
    .findLast((path) => addon.test(path))
    ?.match(addon)?.[1];
  if (folder === undefined) return undefined;
  const manifest = node.builtin("node:fs").readFileSync(`${folder}package.json`, "utf8");
  const { version } = JSON.parse(manifest) as { version: string };
  const parts = version.split(/[.-]/, 3).map(Number);
  const unlike = least.findIndex((part, i) => part !== parts[i]);
  if (unlike < 0 || Number(parts[unlike]) > least[unlike]) return undefined;
  return `too old: webgpu ${version}; expected ${least.join(".")} or later, with which Node ends cleanly`;
}

/** Dawn would say on stderr that Linux has no Vulkan loader. The same question, asked before it, is quiet. */
function loaderLack(): string | undefined {
  if (process.platform !== "linux") return undefined;
  try {
    process.dlopen({ exports: {} }, "libvulkan.so.1");
    return undefined;
  } catch (error) {
    const said = firstLine(error);
    // A library that is there is no addon of Node's.
    if (said.includes("did not self-register")) return undefined;
    return `no GPU adapter: the Vulkan loader is missing (${said}); Debian has it in libvulkan1`;
  }
}
