import { addNode, addNodeOf, constant, type Graph } from "./graph.ts";

/**
 * A mask as ONNX can run recurrences under it, whatever its pattern. ONNX's operators know only
 * sequences that end early. A masked step changes no state, so a row's kept steps, moved to its front
 * in their order, give the states and outputs that the whole row gives; the outputs are then fetched
 * to where they belong:
 *
 *     order   [B, T]  positions of the kept steps, then of the masked ones
 *     lengths [B]     how many are kept, 1 where none is (runtimes differ on 0)
 *     some    [B, 1]  whether any is kept
 */
export interface Packing {
  mask: string;
  order: string;
  lengths: string;
  some: string;
  /** Int64 mask, and how many steps are kept, [B, 1]. */
  counts: { each: string; all: string };
}

/** Adds what every recurrence under **mask** needs. */
export function addPacking(graph: Graph, scope: string, mask: string): Packing {
  const add = (operator: string, inputs: string[], attributes = {}) =>
    addNode(graph, scope, operator, inputs, attributes);
  const int = (values: number | number[]) => constant(graph, values, "int64");
  const each = add("Cast", [mask], { to: { int: 7 } });
  const length = add("Shape", [mask], { start: { int: 1 }, end: { int: 2 } });
  // Of equal values TopK takes the first first: ones, then zeros, each in their order.
  const [, order] = addNodeOf(graph, 2, scope, "TopK", [each, length]);
  const all = add("ReduceSum", [each, int([1])], { keepdims: { int: 1 } });
  const atLeastOne = add("Max", [add("Squeeze", [all, int([1])]), int(1)]);
  return {
    mask,
    order: add("Unsqueeze", [order!, int([2])]),
    lengths: add("Cast", [atLeastOne], { to: { int: 6 } }),
    some: add("Greater", [all, int(0)]),
    counts: { each, all },
  };
}

/** Adds x, [B, T, I], with the kept steps of each row in front. */
export function addPacked(graph: Graph, scope: string, packing: Packing, x: string): string {
  return addNode(graph, scope, "GatherND", [x, packing.order], { batch_dims: { int: 1 } });
}

/**
 * Adds the outputs of packed steps, [B, T, H], at the times of their steps. The output of a masked
 * step is the one of the kept step before it in the direction of reading, 0 where there is none; with
 * **zeroed** it is 0.
 */
export function addUnpacked(
  graph: Graph,
  scope: string,
  packing: Packing,
  y: string,
  { backwards, zeroed }: { backwards: boolean; zeroed: boolean },
): string {
  const add = (operator: string, inputs: string[], attributes = {}) =>
    addNode(graph, scope, operator, inputs, attributes);
  const int = (values: number | number[]) => constant(graph, values, "int64");
  const { mask, counts } = packing;
  // Kept steps up to t, less one: the last one. Kept steps before t: the place of the next one.
  const before = add("CumSum", [counts.each, int(1)], { exclusive: { int: backwards ? 1 : 0 } });
  const place = backwards ? before : add("Sub", [before, int(1)]);
  const there = zeroed
    ? mask
    : backwards
      ? add("Less", [place, counts.all])
      : add("GreaterOrEqual", [place, int(0)]);
  const fetched = add("GatherND", [y, add("Unsqueeze", [place, int([2])])], {
    batch_dims: { int: 1 },
  });
  return add("Where", [add("Unsqueeze", [there, int([2])]), fetched, constant(graph, 0, "float")]);
}

/** Adds a state after the last step, [B, H], where a row without a kept step stays at 0. */
export function addFinal(graph: Graph, scope: string, packing: Packing, state: string): string {
  return addNode(graph, scope, "Where", [packing.some, state, constant(graph, 0, "float")]);
}

/** Adds a last output, [B, H], that is 0 where the step read last, the first or last one, is masked. */
export function addZeroedLast(
  graph: Graph,
  scope: string,
  packing: Packing,
  output: string,
  backwards: boolean,
): string {
  const int = (values: number[]) => constant(graph, values, "int64");
  const [start, end] = backwards ? [0, 1] : [-1, 2 ** 31];
  const last = addNode(graph, scope, "Slice", [packing.mask, int([start]), int([end]), int([1])]);
  return addNode(graph, scope, "Where", [last, output, constant(graph, 0, "float")]);
}
