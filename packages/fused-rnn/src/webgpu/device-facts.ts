// What is known of a device beside its limits: up to how many units a recurrence runs row by row.

import { type DeviceFacts, estimatedRowUnits } from "./call-plan.ts";

const measured = new WeakMap<GPUDevice, number>();

/** What a plan goes by. */
export function factsOf(device: GPUDevice): DeviceFacts {
  const { maxStorageBufferBindingSize, maxBufferSize } = device.limits;
  const mostRowUnits = measured.get(device) ?? estimatedRowUnits;
  return { maxStorageBufferBindingSize, maxBufferSize, mostRowUnits };
}

/** Sets what was measured; undefined goes back to the estimate. */
export function setRowUnits(device: GPUDevice, units: number | undefined): void {
  if (units === undefined) measured.delete(device);
  else measured.set(device, units);
}
