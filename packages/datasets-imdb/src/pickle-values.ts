// The values that a pickled numpy array of integer lists is made of, and the two calls and two
// states that bring them about. Nothing is looked up and nothing is called.
//
//     _reconstruct(ndarray, (0,), 'b')  BUILD (1, (n,), dtype, False, [[…], …])
//     dtype('O8', …)                    BUILD (3, '|', None, None, None, -1, -1, 63)

/** A list of integers, which lie in the reader's buffer, or a list of lists. */
export interface List {
  kind: "list";
  /** Where its integers lie; -1 while there are none. */
  start: number;
  end: number;
  /** The lists inside; null while there are none. */
  lists: List[] | null;
  /** Whether it already is inside another. */
  placed: boolean;
}

interface Tuple {
  kind: "tuple";
  items: Value[];
}

interface Global {
  kind: "global";
  name: string;
}

interface Dtype {
  kind: "dtype";
}

interface NdArray {
  kind: "ndarray";
  /** null until its state is set. */
  lists: List[] | null;
}

export type Value = number | string | boolean | null | List | Tuple | Global | Dtype | NdArray;

/** Throws; the reader adds who and where. */
export type Fail = (expected: string, got: string) => never;

const globals: Record<string, string> = {
  "numpy.core.multiarray._reconstruct": "_reconstruct",
  "numpy._core.multiarray._reconstruct": "_reconstruct",
  "numpy.ndarray": "ndarray",
  "numpy.dtype": "dtype",
};

/** One of the three globals, by name only. */
export function globalNamed(name: string, fail: Fail): Value {
  if (!Object.hasOwn(globals, name))
    fail("numpy's _reconstruct, ndarray or dtype", `global ${JSON.stringify(name)}`);
  return { kind: "global", name: globals[name]! };
}

/** REDUCE: the two calls that are known. */
export function reduced(callee: Value, args: Value, fail: Fail): Value {
  if (!isKind(callee, "global")) fail("a global to call", describe(callee));
  const items = isKind(args, "tuple") ? args.items : [];
  const [first] = items;
  if (callee.name === "dtype" && (first === "O8" || first === "O4" || first === "O"))
    return { kind: "dtype" };
  if (callee.name === "_reconstruct" && isKind(first, "global") && first.name === "ndarray")
    return { kind: "ndarray", lists: null };
  return fail(
    "_reconstruct(ndarray, …) or dtype('O8', …)",
    `${callee.name}(${items.slice(0, 4).map(describe).join(", ")})`,
  );
}

/** BUILD: the state of an object array; a dtype's says nothing that matters here. */
export function build(target: Value | undefined, state: Value, fail: Fail): void {
  if (!isKind(state, "tuple")) fail("a tuple to build from", describe(state));
  if (isKind(target, "dtype")) return;
  if (!isKind(target, "ndarray") || target.lists) fail("an array to build", describe(target));
  const [version, shape, dtype, , list] = state.items;
  if (version !== 1 || !isKind(dtype, "dtype") || !isKind(list, "list"))
    fail("the state of an object array", state.items.slice(0, 5).map(describe).join(", "));
  if (list.start >= 0) fail("an array of lists", "an array of integers");
  const lists = list.lists ?? [];
  const length = isKind(shape, "tuple") && shape.items.length === 1 ? shape.items[0] : undefined;
  if (length !== lists.length) fail(`the shape (${lists.length},)`, describe(length));
  target.lists = lists;
}

export function isKind<K extends "list" | "tuple" | "global" | "dtype" | "ndarray">(
  value: Value | undefined,
  kind: K,
): value is Extract<Value, { kind: K }> {
  return typeof value === "object" && value !== null && value.kind === kind;
}

export function describe(value: Value | undefined): string {
  if (typeof value === "object" && value !== null)
    return value.kind === "global" ? value.name : `a ${value.kind}`;
  return value === undefined ? "nothing" : JSON.stringify(value);
}
