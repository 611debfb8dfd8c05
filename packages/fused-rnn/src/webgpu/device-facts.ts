// What plans go by, of a device: its limits, and up to how many units a recurrence runs row by row.

import { type DeviceFacts, estimatedRowUnits } from "./call-plan.ts";

const known = new WeakMap<GPUDevice, Partial<DeviceFacts>>();

/** What a plan goes by. */
export function factsOf(device: GPUDevice): DeviceFacts {
  const { maxStorageBufferBindingSize, maxBufferSize } = device.limits;
  const limit = Math.min(maxStorageBufferBindingSize, maxBufferSize);
  return { bytesBound: limit, mostRowUnits: estimatedRowUnits, ...known.get(device) };
}

/** Puts what was measured, or is to be tried, in the place of limits and estimates. */
export function assumeFacts(device: GPUDevice, facts: Partial<DeviceFacts>): void {
  known.set(device, facts);
}

/** Sets what was measured; undefined goes back to the estimate. */
export function setRowUnits(device: GPUDevice, units: number | undefined): void {
  assumeFacts(device, units === undefined ? {} : { mostRowUnits: units });
}
