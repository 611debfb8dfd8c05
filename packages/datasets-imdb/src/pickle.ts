// A reader of one kind of pickle: a numpy object array of lists of non-negative integers, as
// numpy.save writes it (protocols 2 to 4). Every opcode, global, call and state that such an array
// does not need is an error.
//
// Source: Lib/pickletools.py of CPython; numpy/core/src/multiarray/methods.c (array_reduce).
import { DatasetError } from "./dataset-error.ts";
import {
  build,
  describe,
  type Fail,
  globalNamed,
  isKind,
  type List,
  reduced,
  type Value,
} from "./pickle-values.ts";

/** List i of a pickled array is `values[starts[i]..ends[i])`. */
export interface PickledLists {
  values: Int32Array;
  starts: Int32Array;
  ends: Int32Array;
}

const BININT = 0x4a;
const BININT1 = 0x4b;
const BININT2 = 0x4d;
const APPENDS = 0x65;

// Python's picklers append at most 1000 items at a time.
const mostStack = 1 << 16;
const mostLists = 1 << 20;
const mostMemo = 1 << 21;
const mostName = 256;
// Above this, ids could overflow int32 once indexFrom is added.
const mostId = 2 ** 30;

/**
 * Reads a pickled one-dimensional numpy array of integer lists.
 *
 * The memory taken is bounded by the pickle's own size (an integer costs at least two bytes of it,
 * and no list may be used twice) and by fixed limits on stack, memo, names and lists. Throws a
 * `DatasetError` at the first byte that is anything else, naming the opcode or global and its place.
 */
// biome-ignore lint/complexity/noExcessiveLinesPerFunction: one machine with a case an opcode, over one stack.
export function readPickledLists(who: string, bytes: Uint8Array): PickledLists {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = new Int32Array(bytes.length >> 1);
  const stack: Value[] = [];
  const marks: number[] = [];
  const memo = new Map<number, Value>();
  let used = 0;
  let listCount = 0;
  let at = 0;

  const fail: Fail = (expected, got) => {
    throw new DatasetError(
      "format",
      `${who}: expected ${expected}, got ${got} at byte ${at} of the pickle`,
    );
  };
  const take = (count: number): number => {
    if (count > bytes.length - at) fail(`${count} more bytes`, `${bytes.length - at}`);
    at += count;
    return at - count;
  };
  const text = (count: number): string => {
    if (count > mostName) fail(`a name of at most ${mostName} bytes`, `${count}`);
    const start = take(count);
    return String.fromCharCode(...bytes.subarray(start, at));
  };
  const line = (): string => {
    const length = bytes.subarray(at, at + mostName + 1).indexOf(10);
    if (length < 0) fail(`a line of at most ${mostName} bytes`, "none");
    const found = text(length);
    at++;
    return found;
  };
  const push = (value: Value): void => {
    if (stack.length === mostStack) fail(`at most ${mostStack} values on the stack`, "one more");
    stack.push(value);
  };
  const pop = (): Value => {
    if (stack.length <= (marks.at(-1) ?? 0)) fail("a value on the stack", "none");
    return stack.pop()!;
  };
  const popToMark = (): Value[] => {
    if (marks.length === 0) fail("a mark on the stack", "none");
    return stack.splice(marks.pop()!);
  };
  const remember = (index: number): void => {
    if (stack.length === 0) fail("a value to remember", "none");
    if (memo.size === mostMemo) fail(`at most ${mostMemo} remembered values`, "one more");
    memo.set(index, stack.at(-1)!);
  };
  const recall = (index: number): void => {
    const value = memo.get(index);
    if (value === undefined) fail("a remembered value", `none under ${index}`);
    push(value);
  };

  // Integers of one list lie side by side in `values`, so a list is written in one piece.
  const claim = (list: List): void => {
    if (list.lists) fail("a list in a list of lists", "an integer");
    if (list.start < 0) list.start = list.end = used;
    if (list.end !== used) fail("each list in one piece", "a list taken up again");
  };
  const checkId = (id: number): number => {
    if (id < 0 || id > mostId) fail(`word ids of 0 to ${mostId}`, `${id}`);
    return id;
  };
  const append = (target: Value | undefined, items: Value[]): void => {
    if (!isKind(target, "list")) fail("a list to append to", describe(target));
    for (const item of items) {
      if (typeof item === "number") {
        claim(target);
        values[used++] = checkId(item);
        target.end = used;
      } else {
        if (!isKind(item, "list")) fail("integers or lists in a list", describe(item));
        if (target.start >= 0) fail("an integer in a list of integers", "a list");
        if (item.placed || item === target) fail("each list once", "one for the second time");
        item.placed = true;
        target.lists ??= [];
        target.lists.push(item);
      }
    }
  };
  // MARK BININT… APPENDS, nearly all of the data, without the stack. Anything else behind the mark
  // leaves everything as it was and takes the long way.
  const appendRun = (list: List): boolean => {
    let next = at;
    let end = used;
    for (; end - used <= mostStack; end++) {
      const opcode = bytes[next];
      if (opcode === BININT1 && next + 1 < bytes.length) {
        values[end] = bytes[next + 1]!;
        next += 2;
      } else if (opcode === BININT2 && next + 2 < bytes.length) {
        values[end] = bytes[next + 1]! | (bytes[next + 2]! << 8);
        next += 3;
      } else if (opcode === BININT && next + 4 < bytes.length) {
        values[end] = checkId(view.getInt32(next + 1, true));
        next += 5;
      } else break;
    }
    if (bytes[next] !== APPENDS || end === used) return false;
    claim(list);
    at = next + 1;
    used = list.end = end;
    return true;
  };

  if (bytes[take(1)] !== 0x80) fail("a pickle of protocol 2 to 4", "other bytes");
  const protocol = bytes[take(1)]!;
  if (protocol < 2 || protocol > 4) fail("a pickle of protocol 2 to 4", `protocol ${protocol}`);
  for (;;) {
    const opcode = bytes[take(1)]!;
    switch (opcode) {
      case BININT1:
        push(bytes[take(1)]!);
        break;
      case BININT2:
        push(view.getUint16(take(2), true));
        break;
      case BININT:
        push(view.getInt32(take(4), true));
        break;
      case 0x28: {
        // MARK
        const top = stack.at(-1);
        if (isKind(top, "list") && !top.lists && appendRun(top)) break;
        if (marks.length === mostStack) fail(`at most ${mostStack} marks`, "one more");
        marks.push(stack.length);
        break;
      }
      case 0x5d: // EMPTY_LIST
        if (listCount++ === mostLists) fail(`at most ${mostLists} lists`, "one more");
        push({ kind: "list", start: -1, end: -1, lists: null, placed: false });
        break;
      case APPENDS: {
        const items = popToMark();
        append(stack.at(-1), items);
        break;
      }
      case 0x61: {
        // APPEND
        const item = pop();
        append(stack.at(-1), [item]);
        break;
      }
      case 0x71: // BINPUT
        remember(bytes[take(1)]!);
        break;
      case 0x72: // LONG_BINPUT
        remember(view.getUint32(take(4), true));
        break;
      case 0x94: // MEMOIZE
        remember(memo.size);
        break;
      case 0x68: // BINGET
        recall(bytes[take(1)]!);
        break;
      case 0x6a: // LONG_BINGET
        recall(view.getUint32(take(4), true));
        break;
      case 0x63: {
        // GLOBAL
        const module = line();
        push(globalNamed(`${module}.${line()}`, fail));
        break;
      }
      case 0x93: {
        // STACK_GLOBAL
        const name = pop();
        const module = pop();
        if (typeof module !== "string" || typeof name !== "string")
          fail("two names of a global", `${describe(module)}, ${describe(name)}`);
        push(globalNamed(`${module}.${name}`, fail));
        break;
      }
      case 0x58: // BINUNICODE
        push(text(view.getUint32(take(4), true)));
        break;
      case 0x55: // SHORT_BINSTRING
      case 0x43: // SHORT_BINBYTES
      case 0x8c: // SHORT_BINUNICODE
        push(text(bytes[take(1)]!));
        break;
      case 0x4e: // NONE
        push(null);
        break;
      case 0x88: // NEWTRUE
      case 0x89: // NEWFALSE
        push(opcode === 0x88);
        break;
      case 0x74: // TUPLE
        push({ kind: "tuple", items: popToMark() });
        break;
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: {
        // TUPLE3
        const items = Array.from({ length: opcode - 0x84 }, pop).reverse();
        push({ kind: "tuple", items });
        break;
      }
      case 0x52: {
        // REDUCE
        const args = pop();
        push(reduced(pop(), args, fail));
        break;
      }
      case 0x62: {
        // BUILD
        const state = pop();
        build(stack.at(-1), state, fail);
        break;
      }
      case 0x95: {
        // FRAME only says how much to read ahead
        const size = view.getBigUint64(take(8), true);
        const left = bytes.length - at;
        if (size > BigInt(left)) fail(`a frame of ${size} bytes`, `${left}`);
        break;
      }
      case 0x2e: {
        // STOP
        const result = pop();
        if (!isKind(result, "ndarray") || !result.lists)
          fail("a numpy array of lists", describe(result));
        if (stack.length > 0 || marks.length > 0) fail("one value at the end", "more");
        if (at !== bytes.length) fail("the end of the data", `${bytes.length - at} more bytes`);
        return {
          values: values.subarray(0, used),
          starts: Int32Array.from(result.lists, (list) => Math.max(0, list.start)),
          ends: Int32Array.from(result.lists, (list) => Math.max(0, list.end)),
        };
      }
      default:
        at--;
        fail(
          "an opcode of a numpy array of integer lists",
          `opcode 0x${opcode.toString(16).padStart(2, "0")}`,
        );
    }
  }
}
