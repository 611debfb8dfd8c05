import { type JsonObject, own, shown } from "./json-text.ts";
import type { Json } from "./layer-classes.ts";

/** Why a model cannot be compiled as it was. */
export class Uncompiled extends Error {}

/** What **run** gives; what it throws is why the model cannot be compiled. */
export function orUncompiled<T>(run: () => T): T {
  try {
    return run();
  } catch (cause) {
    throw new Uncompiled(cause instanceof Error ? cause.message : `${cause}`);
  }
}

/** Refuses a config that says something else than **plain** does, by key; what it leaves out is plain. */
export function refuseOthers(
  what: string,
  config: JsonObject,
  plain: Readonly<Record<string, Json[]>>,
): void {
  for (const [key, values] of Object.entries(plain)) {
    const given = own(config, key);
    if (given !== undefined && !values.includes(given as never)) {
      throw new Uncompiled(`expected ${what} with ${key} ${shown(values[0])}, got ${shown(given)}`);
    }
  }
}
