import type { layers } from "@tensorflow/tfjs-layers";

type Layer = InstanceType<typeof layers.Layer>;

/**
 * Gives a class the members that tfjs-layers keeps in fields, each worked out from what a layer of this
 * package holds in its own way. Assigning to one throws: nobody would look at it again.
 */
export function derive<Of extends Layer, Name extends keyof Of>(
  { prototype }: { readonly prototype: Of },
  members: { readonly [Member in Name]: (layer: Of) => Of[Member] },
): void {
  for (const [name, read] of Object.entries<(layer: Of) => unknown>(members)) {
    Object.defineProperty(prototype, name, {
      configurable: true,
      get(this: Of) {
        return read(this);
      },
      set(this: Of) {
        throw new Error(
          `${this.name}: expected ${name} to stay as the layer was made with it, got an assignment`,
        );
      },
    });
  }
}
