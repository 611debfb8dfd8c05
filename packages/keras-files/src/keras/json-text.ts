import type { Json } from "./layer-classes.ts";
import { mostDepth, mostJsonBytes, mostJsonValues, shownName } from "./limits.ts";

/** An object of JSON. */
export type JsonObject = { [key: string]: Json };

// Codes of the characters N and I.
const [nan, infinity] = [0x4e, 0x49];
/** Python's numbers that JSON does not have, but for a minus. */
const pythonNumbers = ["NaN", "Infinity"];
// Codes of " \ [ ] { } and the comma.
const [quote, backslash] = [0x22, 0x5c];
const [openArray, closeArray, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d];
const comma = 0x2c;

/**
 * Parses JSON, and Python's NaN, Infinity and -Infinity in it, that is no longer than 32 MiB, has no more than
 * 500,000 values, so that `[],[],[]` does not become thirty times its size, and is nested no deeper than 100
 * levels, so that what reads it may recurse.
 *
 * @throws if it is not JSON, or more of it.
 */
export function parseJson(who: string, text: string): Json {
  if (text.length > mostJsonBytes) {
    throw new Error(`${who}: expected at most ${mostJsonBytes} bytes of JSON, got ${text.length}`);
  }
  let depth = 0;
  let values = 1;
  let inString = false;
  /** Where Python's numbers that JSON does not have begin. */
  const others: number[] = [];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (inString) {
      if (code === backslash) i++;
      else if (code === quote) inString = false;
    } else if (code === quote) {
      inString = true;
    } else if (code === openArray || code === openObject) {
      const next = text.charCodeAt(i + 1);
      if (next !== closeArray && next !== closeObject) values++;
      if (++depth > mostDepth) {
        throw new Error(`${who}: expected JSON of at most ${mostDepth} levels, got more`);
      }
    } else if (code === closeArray || code === closeObject) {
      depth--;
    } else if (code === nan || code === infinity) {
      const word = pythonNumbers.find((each) => text.startsWith(each, i));
      // Outside of texts JSON has neither letter.
      if (word === undefined) throw notJson(who, text);
      others.push(i);
      if (others.length > mostJsonValues) break;
      i += word.length - 1;
    } else if (code === comma && ++values > mostJsonValues) {
      break;
    }
  }
  if (Math.max(values, others.length) > mostJsonValues) {
    throw new Error(`${who}: expected at most ${mostJsonValues} values of JSON, got more`);
  }
  try {
    if (others.length > 0) return parsePython(text, others);
    return JSON.parse(text) as Json;
  } catch (cause) {
    throw notJson(who, text, cause);
  }
}

function notJson(who: string, text: string, cause?: unknown): Error {
  return new Error(`${who}: expected JSON, got ${shownName(text.slice(0, 40))}`, { cause });
}

/** What stands for a number that JSON does not have, while it is parsed. */
const mark = "\u0000";

/** JSON with NaN, Infinity and -Infinity beginning, but for the minus, at **others**. */
function parsePython(text: string, others: readonly number[]): Json {
  const parts: string[] = [];
  let at = 0;
  for (const start of others) {
    const word = pythonNumbers.find((each) => text.startsWith(each, start))!;
    const isNegative = word === "Infinity" && text[start - 1] === "-";
    parts.push(text.slice(at, isNegative ? start - 1 : start));
    parts.push(`"\\u0000${isNegative ? "-" : ""}${word}"`);
    at = start + word.length;
  }
  return JSON.parse(`${parts.join("")}${text.slice(at)}`, (_, value) =>
    typeof value === "string" && value.startsWith(mark) ? Number(value.slice(1)) : value,
  );
}

/** Whether JSON is an object, neither an array nor null. */
export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value of an object's own key. */
export function own(object: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** JSON that must be an object. */
export function objectOf(who: string, what: string, value: Json | undefined): JsonObject {
  if (isObject(value)) return value;
  throw new Error(`${who}: expected ${what} to be an object, got ${shown(value)}`);
}

/** JSON that must be an array. */
export function arrayOf(who: string, what: string, value: Json | undefined): Json[] {
  if (Array.isArray(value)) return value;
  throw new Error(`${who}: expected ${what} to be a list, got ${shown(value)}`);
}

/** JSON that must be a string. */
export function stringOf(who: string, what: string, value: Json | undefined): string {
  if (typeof value === "string") return value;
  throw new Error(`${who}: expected ${what} to be a string, got ${shown(value)}`);
}

/** JSON as an error shows it. */
export function shown(value: Json | undefined): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}
