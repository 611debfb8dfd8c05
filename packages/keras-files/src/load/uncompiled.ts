import { type JsonObject, own, shown } from "../keras/json-text.ts";
import type { Json } from "../keras/layer-classes.ts";

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

/** The first key of **plain** that a config says something else of; what it leaves out is plain. */
export function otherThan(
  plain: Readonly<Record<string, Json[]>>,
  config: JsonObject,
): [key: string, values: Json[]] | undefined {
  return Object.entries(plain).find(([key, values]) => {
    const given = own(config, key);
    return given !== undefined && !values.includes(given as never);
  });
}

/** Refuses a config that says something else than **plain** does, by key. */
export function refuseOthers(
  what: string,
  config: JsonObject,
  plain: Readonly<Record<string, Json[]>>,
): void {
  const [key, values] = otherThan(plain, config) ?? [];
  if (key === undefined) return;
  const got = shown(own(config, key));
  throw new Uncompiled(`expected ${what} with ${key} ${shown(values![0])}, got ${got}`);
}
