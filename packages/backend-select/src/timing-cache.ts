// Measured times, kept for the next selection: in this process, in a page's storage, or in a file.
import { version_core } from "@tensorflow/tfjs-core";
import type { Measured } from "./backend-candidate.ts";
import { type BackendName, isBackendName } from "./backend-name.ts";
import { shown } from "./generated/options.ts";
import { firstLine } from "./load-error.ts";
import { nodeRuntime, runtimeName } from "./runtime.ts";

/** Where times are kept, as a page's `localStorage` does; either may be asynchronous. */
export interface TimingStorage {
  /** What was kept under the key, if anything. */
  getItem(key: string): string | null | undefined | Promise<string | null | undefined>;
  /** Keeps a text under the key. */
  setItem(key: string, value: string): unknown;
}

/** *true*: in this process. A text: in the JSON file of that path, in Node. Else there. */
export type TimingCache = true | string | TimingStorage;

/** Times as they are kept. */
export interface KeptTimes {
  /** When they were measured, as ISO 8601 has it. */
  readonly at: string;
  readonly measured: readonly Measured[];
}

const memory = new Map<string, string>();
const processStorage: TimingStorage = {
  getItem: (key) => memory.get(key),
  setItem: (key, value) => memory.set(key, value),
};

/** @throws on anything but a kind of cache that there is in this runtime. */
export function checkCache(who: string, cache: unknown): asserts cache is TimingCache {
  if (cache === true) return;
  const storage = cache as Partial<TimingStorage> | null;
  if (typeof storage?.getItem === "function" && typeof storage.setItem === "function") return;
  if (typeof cache === "string" && cache !== "" && nodeRuntime()) return;
  const kinds = nodeRuntime() ? "true, the path of a file" : "true";
  throw new TypeError(
    `${who}: expected cache to be ${kinds} or a storage such as localStorage, got ${shown(cache)}`,
  );
}

/** What times are kept under: they hold for the same step, candidates, runtime, tfjs and number of cores. */
export function timingKey(
  probe: string,
  order: readonly BackendName[],
  allowSoftware: boolean,
): string {
  const cores =
    nodeRuntime()?.builtin("node:os").availableParallelism() ?? navigator.hardwareConcurrency;
  const names = [...order].sort().join(" ");
  const software = allowSoftware ? ", software allowed" : "";
  return `rnnkit backend times 1: ${probe}; ${names}${software}; tfjs ${version_core}, ${runtimeName()}, ${cores} cores`;
}

/** Times that were kept; undefined where there are none, or none that can be read. */
export async function readTimes(cache: TimingCache, key: string): Promise<KeptTimes | undefined> {
  try {
    const text = await storageOf(cache).getItem(key);
    const kept = JSON.parse(text ?? "null") as Partial<KeptTimes> | null;
    const isWhole =
      typeof kept?.at === "string" &&
      kept.measured?.every(({ name, ms }) => isBackendName(name) && Number.isFinite(ms));
    return isWhole ? (kept as KeptTimes) : undefined;
  } catch {
    return undefined;
  }
}

/** Keeps times; gives the reason where they cannot be kept. */
export async function writeTimes(
  cache: TimingCache,
  key: string,
  times: KeptTimes,
): Promise<string | undefined> {
  try {
    await storageOf(cache).setItem(key, JSON.stringify(times));
    return undefined;
  } catch (error) {
    return firstLine(error);
  }
}

function storageOf(cache: TimingCache): TimingStorage {
  if (cache === true) return processStorage;
  return typeof cache === "string" ? fileStorage(cache) : cache;
}

/** A JSON file of an object: key to text. */
function fileStorage(path: string): TimingStorage {
  const fs = nodeRuntime()?.builtin("node:fs");
  if (!fs) throw new Error("files are Node's");
  const read = (): Record<string, string> =>
    fs.existsSync(path) ? JSON.parse(fs.readFileSync(path, "utf8")) : {};
  return {
    getItem: (key) => read()[key],
    setItem(key, value) {
      const text = JSON.stringify({ ...read(), [key]: value }, null, 2);
      // In one move: who reads meanwhile finds the old file or the new one.
      const part = `${path}.${process.pid}.part`;
      fs.writeFileSync(part, `${text}\n`);
      fs.renameSync(part, path);
    },
  };
}
