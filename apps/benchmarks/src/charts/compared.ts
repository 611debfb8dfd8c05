import type { Variant } from "../compare/schema.ts";

/** How a variant computes, in words: `fused, wasm, 2 threads`. */
export function variantText({
  implementation,
  backend,
  threads,
}: Omit<Variant, "model" | "cell">): string {
  const on = threads === null ? "" : `, ${threads} thread${threads === 1 ? "" : "s"}`;
  return `${implementation}, ${backend}${on}`;
}

/** A model and a cell, in words: `single lstm`. */
export function modelText({ model, cell }: Pick<Variant, "model" | "cell">): string {
  return `${model} ${cell.replaceAll("_", " ")}`;
}
