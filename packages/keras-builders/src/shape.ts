import type { Shape } from "@tensorflow/tfjs-layers";

/** As errors show it; **letters** stand for what may be anything, else *null*. */
export function shapeText(shape: readonly (number | null)[], letters = ""): string {
  return `[${shape.map((n, i) => n ?? letters[i] ?? "null").join(", ")}]`;
}

/** Throws unless a shape is the wanted one; null, on either side, goes with anything. */
export function checkShape(
  who: string,
  what: string,
  got: Shape,
  wanted: Shape,
  letters: string,
): void {
  const fits =
    got.length === wanted.length &&
    got.every((n, i) => n === wanted[i] || n === null || (wanted[i] ?? null) === null);
  if (fits) return;
  throw new Error(
    `${who}: expected ${what} of shape ${shapeText(wanted, letters)}, got ${shapeText(got)}`,
  );
}
