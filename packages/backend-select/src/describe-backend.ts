import * as tf from "@tensorflow/tfjs-core";
import { shown } from "./generated/options.ts";
import { runtimeName } from "./runtime.ts";
import { type BackendSelection, currentSelection } from "./select-backend.ts";
import { webgpuAdapter } from "./webgpu-start.ts";

/**
 * One line for a log: backend, SIMD and threads where it is wasm, the adapter where it is webgpu, tfjs version, runtime
 * (Node, Bun, Deno or the browser).
 *
 * Without **selection** it tells of the backend that tfjs computes on now.
 *
 * @throws TypeError for anything but what `selectBackend` gave.
 *
 * @example
 * describeBackend(await selectBackend()); // => "wasm, SIMD, 1 thread, tfjs 4.22.0, Node 20.20.2"
 */
export function describeBackend(selection?: BackendSelection): string {
  if (selection !== undefined && typeof selection?.tfBackend !== "string") {
    const got = shown(selection);
    throw new TypeError(`describeBackend: expected what selectBackend gave, got ${got}`);
  }
  const tfBackend = selection?.tfBackend ?? tf.getBackend();
  const name = (selection ?? currentSelection())?.name ?? (tfBackend || "no backend");
  const parts = [name, ...details(tfBackend), `tfjs ${tf.version_core}`, runtimeName()];
  return parts.join(", ");
}

interface RunningBackend {
  readonly wasm?: { readonly tfjs?: { getThreadsCount?(): number } };
  readonly isUsingGpuDevice?: boolean;
}

function details(tfBackend: string | undefined): string[] {
  const running = tf.engine().registry[tfBackend ?? ""] as unknown as RunningBackend | undefined;
  if (tfBackend === "tensorflow" && running?.isUsingGpuDevice !== undefined)
    return [running.isUsingGpuDevice ? "GPU" : "CPU"];
  if (tfBackend === "webgpu") return [webgpuAdapter() ?? "not started"];
  if (tfBackend !== "wasm") return [];
  const threads = running?.wasm?.tfjs?.getThreadsCount?.();
  return [
    tf.env().get("WASM_HAS_SIMD_SUPPORT") === true ? "SIMD" : "no SIMD",
    ...(threads === undefined ? [] : [`${threads} ${threads === 1 ? "thread" : "threads"}`]),
  ];
}
