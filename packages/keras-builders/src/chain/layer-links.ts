// What each layer is in a chain. A class says it of itself, so that a program has the stages of the layers that it has.

import type { Stage } from "@rnnkit/fused-rnn";
import type { layers } from "@tensorflow/tfjs-layers";

type Layer = InstanceType<typeof layers.Layer>;

/** What is known of a layer's place. */
export interface Place {
  /** Whether a mask comes with its input. */
  isMasked: boolean;
  /** The layer behind it. */
  next: Layer | undefined;
}

/** What a layer is in a chain, or why it is nothing there. */
export type Link =
  | {
      stages: readonly Stage[];
      /** Whether a mask goes on behind it. */
      isMasked: boolean;
      /** The layers in it. */
      inner?: readonly Layer[];
      /** What of the layer has decided this and may be set: others make another link. */
      decidedBy?: () => readonly unknown[];
    }
  | { reason: string };

/** Makes the link of a layer of one class. */
export type MakeLink<L> = (layer: L, place: Place) => Link;

const links = new WeakMap<object, MakeLink<never>>();
const readers = new WeakSet<object>();

/** Says what layers of a class, and of none that extends it, are; **readsLookup**: they look their input up themselves. */
export function linked<L extends Layer>(
  Class: { prototype: L },
  make: MakeLink<L>,
  readsLookup = false,
): void {
  links.set(Class.prototype, make);
  if (readsLookup) readers.add(Class.prototype);
}

/** What a layer's class has said. */
export function linkMaker(layer: Layer): MakeLink<Layer> | undefined {
  return links.get(Object.getPrototypeOf(layer)) as MakeLink<Layer> | undefined;
}

/** Whether a layer looks an Embedding's sequence up itself. */
export function readsLookup(layer: Layer | undefined): boolean {
  return layer !== undefined && readers.has(Object.getPrototypeOf(layer));
}
