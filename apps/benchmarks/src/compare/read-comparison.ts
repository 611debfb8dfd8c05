import { readFileSync } from "node:fs";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { UsageError } from "../usage-error.ts";
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
  if (value?.format !== COMPARISON_FORMAT) throw refuse("JSON of another form");
  if (value.schemaVersion !== COMPARISON_VERSION) {
    throw new UsageError(
      `${name}: expected version ${COMPARISON_VERSION} of the form, got ${value.schemaVersion}`,
    );
  }
  const fault = faultOf(value);
  if (fault !== null) throw refuse(`one that is damaged: ${fault}`);
  return value as Comparison;
}
