// tfjs's place for its webgpu backend: who is there, whether it still lives, and ours in it.
import * as tf from "@tensorflow/tfjs-core";
import { adapterName, softwareLack } from "./software-adapter.ts";
import { guardedBackend } from "./webgpu-backend.ts";
import { isLost, startDevice } from "./webgpu-device.ts";

type WebgpuPackage = typeof import("@tensorflow/tfjs-backend-webgpu");
type Running = InstanceType<WebgpuPackage["WebGPUBackend"]>;

const place = "webgpu";

function running(): Running | undefined {
  return tf.engine().registry[place] as unknown as Running | undefined;
}

/** The adapter that tfjs's webgpu backend computes on; undefined where there is none. */
export function webgpuAdapter(): string | undefined {
  const backend = running();
  return backend && adapterName(infoOf(backend));
}

// Not every browser's device tells it; tfjs keeps a part of it.
function infoOf({ device, adapterInfo }: Running): GPUAdapterInfo {
  return device.adapterInfo ?? (adapterInfo as unknown as GPUAdapterInfo);
}

/** Whether **tfBackend** is tfjs's webgpu backend on a device that is gone. */
export async function isDead(tfBackend: string): Promise<boolean> {
  const backend = tfBackend === place ? running() : undefined;
  return backend !== undefined && (await isLost(backend.device));
}

/**
 * Registers a backend on a device of ours, in the place of tfjs's own and of one whose device is gone; who runs
 * already stays. Gives the reason why there is none, in which case all is as it was.
 */
export async function registerWebgpu(
  { WebGPUBackend }: WebgpuPackage,
  allowSoftware: boolean,
): Promise<string | undefined> {
  const present = running();
  if (present && !(await isDead(place)))
    return allowSoftware ? undefined : softwareLack({ info: infoOf(present) });
  const started = await startDevice(allowSoftware);
  if (started.lack !== undefined) return started.lack;
  const { device, info } = started;
  const backend = guardedBackend(WebGPUBackend, device, info);
  if (tf.findBackendFactory(place)) tf.removeBackend(place);
  tf.registerBackend(place, () => backend, 3);
  return undefined;
}
