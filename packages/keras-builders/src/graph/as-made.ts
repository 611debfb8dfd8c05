// Layers that compute what their class says: nobody has put a call of his own in the place of theirs, or a hook.

import type { layers } from "@tensorflow/tfjs-layers";

type Layer = InstanceType<typeof layers.Layer>;
interface Inside {
  call: unknown;
  apply: unknown;
  _callHook?: unknown;
}

const made = new WeakMap<object, Inside>();

/** Notes that a layer computes by what it has now. */
export function noteMade(layer: Layer): void {
  const { call, apply } = layer as unknown as Inside;
  made.set(layer, { call, apply });
}

/** Whether a layer still does. */
export function isAsMade(layer: Layer): boolean {
  const then = made.get(layer);
  const { call, apply, _callHook } = layer as unknown as Inside;
  return then?.call === call && then?.apply === apply && _callHook == null;
}
