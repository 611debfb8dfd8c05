import { readFileSync } from "node:fs";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { UsageError } from "../terminal/usage-error.ts";
import { jobsOf, variantKey } from "./plan.ts";
import { COMPARISON_FORMAT, COMPARISON_VERSION, type Comparison } from "./schema.ts";

/** The same form in JSON Schema's words. */
export const comparisonSchema: object = JSON.parse(
  readFileSync(new URL("../../comparison.schema.json", import.meta.url), "utf8"),
);

let compiled: ValidateFunction | undefined;

/** What **value** lacks to be a comparison, with the place of it; null when nothing. */
export function faultOf(value: unknown): string | null {
  compiled ??= new Ajv2020({ strictTypes: false, strictRequired: false }).compile(comparisonSchema);
  if (compiled(value)) return null;
  const [error] = compiled.errors ?? [];
  return `${error?.instancePath || "the file"} ${error?.message}`;
}

/**
 * Reads a comparison from the text of the file called **name**.
 *
 * @throws UsageError when it is none, or of a version that is not known here
 */
export function readComparison(text: string, name: string): Comparison {
  const refuse = (got: string) =>
    new UsageError(`${name}: expected a comparison as compare writes it, got ${got}`);
  let value: Partial<Comparison> | null;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw refuse(`what is no JSON: ${(error as Error).message}`);
  }
  if (value?.format !== COMPARISON_FORMAT) {
    const { command } = (value ?? {}) as { command?: unknown };
    throw refuse(typeof command === "string" ? `results of ${command}` : "JSON of another form");
  }
  if (value.schemaVersion !== COMPARISON_VERSION) {
    throw new UsageError(
      `${name}: expected version ${COMPARISON_VERSION} of the form, got ${value.schemaVersion}`,
    );
  }
  const fault = faultOf(value) ?? contradictionOf(value as Comparison);
  if (fault !== null) throw refuse(`one that is damaged: ${fault}`);
  return value as Comparison;
}

/** What a file of the right form says that cannot be, as where two were put together by hand; null when nothing. */
function contradictionOf({ axes, asked, machines, heats, runs }: Comparison): string | null {
  const known = new Map(jobsOf(axes).map((job) => [job.key, job]));
  const seen = new Set<string>();
  for (const { key, machine } of [...heats, ...runs]) {
    if (seen.has(key)) return `two results of ${key}`;
    seen.add(key);
    if (!known.has(key)) return `a result of ${key}, which its axes do not span`;
    if (!machines.some(({ id }) => id === machine)) return `no machine ${machine}, of ${key}`;
  }
  for (const { key, lanes } of heats) {
    const job = known.get(key);
    const keys = job?.kind === "heat" ? job.variants.map(variantKey) : [];
    const lane = lanes.find((one) => one.key !== variantKey(one) || !keys.includes(one.key));
    if (lane) return `a lane ${lane.key} in ${key}, which its axes do not span`;
    if (new Set(lanes.map((one) => one.key)).size < lanes.length)
      return `two lanes alike in ${key}`;
    const rounds = new Set(lanes.flatMap(({ train }) => train?.samplesMs.length ?? []));
    if (rounds.size > 1) return `lanes of ${[...rounds].join(" and ")} rounds in ${key}`;
  }
  const run = runs.find((one) => one.key !== `${variantKey(one)}/seed-${one.seed}`);
  if (run) return `a result called ${run.key}, of ${variantKey(run)} and seed ${run.seed}`;
  const beyond = asked?.some((one) => jobsOf(one).some(({ key }) => !known.has(key)));
  return beyond ? "asked for more than its axes span" : null;
}
