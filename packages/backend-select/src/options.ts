import { type BackendName, backendNames, isBackendName } from "./backend-name.ts";
import { checkOptions, didYouMean, shown } from "./generated/options.ts";
import { checkProbe, idOf, type Probe, probeKey, probeName } from "./probe.ts";
import { checkCache, type TimingCache } from "./timing-cache.ts";

/** What `selectBackend` may and must do. Every option may be left out. */
export interface SelectBackendOptions {
  /**
   * **prefer**: tried first, in this order, before the others in the default order. A preferred
   * backend that cannot be had is passed over.
   */
  prefer?: BackendName | readonly BackendName[];
  /**
   * **require**: this backend or an error that says why not. The others are not tried, and
   * **prefer** has no effect.
   */
  require?: BackendName;
  /** **exclude**: never tried. Naming one that is also preferred or required is an error. */
  exclude?: readonly BackendName[];
  /**
   * **wasmPaths**: where tfjs's three `.wasm` files are: a folder (path or URL), or a map from
   * each file's name to its place. Default: in Node the folder of the installed package, so it is
   * needed only when the program is bundled; in a page what tfjs does, which is to look beside the
   * page. It has no effect once the wasm backend has started.
   */
  wasmPaths?: string | Readonly<Record<string, string>>;
  /**
   * **allowSoftware**: whether webgpu may run on an adapter that is software (SwiftShader, lavapipe, Microsoft Basic
   * Render), for tests on machines without a GPU. Default *false*: it is refused, and wasm is next.
   */
  allowSoftware?: boolean;
  /**
   * **measure**: a step that is timed on every candidate that can be had, of which the fastest is taken; without it the
   * order decides, whatever is faster. A recurrent layer's, by its sizes, or one of the caller's own. It takes some
   * 0.6 s a candidate and the compilation of its first step. **prefer** and **require** go without it.
   */
  measure?: Probe;
  /**
   * **cache**: where the times of **measure** are kept, and found by the next selection of the same step, which then
   * starts the fastest alone. *true*: in this process. A path: in that JSON file (Node). A storage: there, as in a
   * page's *localStorage*. They hold for the same runtime, tfjs and number of cores; of another GPU they know nothing.
   * Default: every first call measures.
   */
  cache?: TimingCache;
}

export interface Plan {
  /** Names to try, in order. */
  readonly order: readonly BackendName[];
  readonly excluded: readonly BackendName[];
  readonly required: BackendName | undefined;
  readonly wasmPaths: SelectBackendOptions["wasmPaths"];
  readonly allowSoftware: boolean;
  readonly measure: Probe | undefined;
  readonly cache: TimingCache | undefined;
  /** Equal plans have equal keys. */
  readonly key: string;
}

const known = ["prefer", "require", "exclude", "wasmPaths", "allowSoftware", "measure", "cache"];

/** @throws on unknown names and options, and on options that contradict each other */
export function planOf(options: SelectBackendOptions): Plan {
  checkOptions("selectBackend", options, known, '{ prefer: "wasm" }');
  const { wasmPaths, allowSoftware = false } = options;
  if (typeof allowSoftware !== "boolean")
    fail(`expected allowSoftware to be true or false, got ${shown(allowSoftware)}`);
  if (
    wasmPaths !== undefined &&
    typeof wasmPaths !== "string" &&
    (Object.prototype.toString.call(wasmPaths) !== "[object Object]" ||
      Object.values(wasmPaths).some((path) => typeof path !== "string"))
  )
    fail(`expected wasmPaths to be a folder or a map of file names, got ${shown(wasmPaths)}`);

  const { measure, cache } = options;
  if (measure !== undefined) checkProbe("selectBackend", measure);
  if (cache !== undefined) checkCache("selectBackend", cache);
  if (cache !== undefined && !measure) fail("cache keeps the times of measure, which is not given");
  if (cache !== undefined && measure && probeName(measure) === undefined)
    fail("expected measure.name, under which cache keeps its times, got none");

  const preferred = namesIn("prefer", options.prefer);
  const excluded = namesIn("exclude", options.exclude);
  const required = options.require;
  if (required !== undefined) {
    checkName("require", required);
    if (excluded.includes(required)) fail(`${required} is both required and excluded`);
  }
  for (const name of preferred)
    if (excluded.includes(name)) fail(`${name} is both preferred and excluded`);
  if (measure && (preferred.length > 0 || required !== undefined))
    fail(
      `measure takes the fastest, whatever is ${required ? "required" : "preferred"}: give one of both`,
    );
  if (excluded.length === backendNames.length) fail("every backend is excluded");

  const order = [
    ...(required === undefined ? preferred : [required]),
    ...backendNames.filter(
      (name) => !excluded.includes(name) && name !== required && !preferred.includes(name),
    ),
    ...(required === undefined ? [] : preferred.filter((name) => name !== required)),
  ];
  const wishes = [order, required ?? null, sorted(wasmPaths), allowSoftware];
  const cacheKey = typeof cache === "object" ? idOf(cache) : cache;
  const key = JSON.stringify([...wishes, measure && [probeKey(measure), cacheKey]]);
  return { order, excluded, required, wasmPaths, allowSoftware, measure, cache, key };
}

function namesIn(option: string, value: unknown): BackendName[] {
  if (value === undefined) return [];
  const list: unknown[] = typeof value === "string" ? [value] : Array.isArray(value) ? value : [];
  if (list.length === 0 && !Array.isArray(value))
    fail(`expected ${option} to be a list of backend names, got ${shown(value)}`);
  return [...new Set(list)].map((name) => checkName(option, name));
}

function checkName(option: string, name: unknown): BackendName {
  if (isBackendName(name)) return name;
  const got = `${shown(name)}${didYouMean(name, backendNames)}`;
  return fail(`expected ${option} to be among ${backendNames.join(", ")}, got ${got}`);
}

function sorted(paths: Plan["wasmPaths"]): unknown {
  return typeof paths === "object" ? Object.entries(paths).sort() : (paths ?? null);
}

function fail(what: string): never {
  throw new Error(`selectBackend: ${what}`);
}
