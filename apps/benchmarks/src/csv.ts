import { readFileSync, statSync } from "node:fs";
import { parse } from "csv-parse/sync";
import { printable } from "./terminal.ts";
import { UsageError } from "./usage-error.ts";

/** A column of numbers out of a CSV file, gaps filled. */
export interface Column {
  values: Float64Array;
  /** How many missing values were replaced by the value before them. */
  gapsFilled: number;
  /** The text of another column on the same rows, when one was asked for. */
  labels: string[] | null;
}

// The whole file is held in memory, as text and as rows.
const MAX_BYTES = 256 * 1024 * 1024;
const MISSING = new Set(["", "na", "nan", "null", "n/a", "-"]);

/**
 * Reads **column** of the CSV file at **path** (first row: names; comma, semicolon or tab between
 * cells, whichever the first row holds most of). A missing value (empty, NA, NaN) becomes the value
 * before it, which uses nothing from the future; missing values before the first number are dropped.
 *
 * @throws UsageError when the file cannot be read, the column is absent or a cell is no number
 */
export function readColumn(path: string, column: string | undefined, labelColumn?: string): Column {
  const rows = parseRows(path);
  const names = rows[0];
  if (!names || rows.length < 2) {
    throw new UsageError(`--csv: expected a row of names and rows of numbers in ${path}`);
  }
  const index = column === undefined ? -1 : names.indexOf(column);
  if (index < 0) {
    const known = names.map((name) => JSON.stringify(name)).join(", ");
    const got = column === undefined ? "none" : JSON.stringify(column);
    throw new UsageError(printable(`--column: expected one of ${known}, got ${got}`));
  }
  const labelIndex = labelColumn === undefined ? -1 : names.indexOf(labelColumn);
  const values: number[] = [];
  const labels: string[] = [];
  let gapsFilled = 0;
  for (let row = 1; row < rows.length; row++) {
    const text = rows[row]?.[index]?.trim() ?? "";
    let value = Number(text);
    if (MISSING.has(text.toLowerCase())) {
      const before = values.at(-1);
      if (before === undefined) continue;
      value = before;
      gapsFilled++;
    } else if (!Number.isFinite(value)) {
      const got = JSON.stringify(text.slice(0, 40));
      throw new UsageError(
        printable(`--column ${column}: expected a number in row ${row + 1}, got ${got}`),
      );
    }
    values.push(value);
    if (labelIndex >= 0) labels.push(rows[row]?.[labelIndex] ?? "");
  }
  return {
    values: Float64Array.from(values),
    gapsFilled,
    labels: labelIndex >= 0 ? labels : null,
  };
}

function parseRows(path: string): string[][] {
  let text: string;
  try {
    const { size } = statSync(path);
    if (size > MAX_BYTES) throw new Error(`it has ${size} bytes, more than ${MAX_BYTES}`);
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new UsageError(`--csv: cannot read ${path}: ${(error as Error).message}`);
  }
  const firstLine = text.slice(0, text.search(/\r?\n|$/));
  const count = (separator: string) => firstLine.split(separator).length;
  const delimiter = [",", ";", "\t"].reduce((a, b) => (count(b) > count(a) ? b : a));
  try {
    return parse(text, { bom: true, delimiter, skip_empty_lines: true, relax_column_count: true });
  } catch (error) {
    throw new UsageError(printable(`--csv: ${path} is not CSV: ${(error as Error).message}`));
  }
}
