/**
 * A source of seeds, one for each layer, all made from one: without a seed every call gives undefined,
 * and the layer draws its own.
 *
 * @internal
 */
export function seeds(seed: number | undefined): () => number | undefined {
  if (seed === undefined) return () => undefined;
  let state = seed >>> 0;
  return () => {
    // One step of splitmix32: neighbouring seeds give unrelated ones.
    state = (state + 0x9e3779b9) >>> 0;
    let z = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return (z ^ (z >>> 16)) >>> 1;
  };
}
