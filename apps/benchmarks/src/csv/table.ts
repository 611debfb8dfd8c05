import Papa from "papaparse";
import { printable } from "../terminal/printable.ts";
import { UsageError } from "../terminal/usage-error.ts";
import { isDate } from "./date-format.ts";
import { isMissing, isNumber } from "./number-format.ts";

/** The rows of numbers of a CSV file under their names. */
export interface Table {
  names: string[];
  /** The second row of names joined to the first, as `Close AAPL`; those of one row are **names**. */
  fullNames: string[];
  /** Cells without spaces around them. */
  rows: string[][];
  /** The row of the file that each of **rows** is, from 1. */
  rowNumbers: number[];
  delimiter: string;
  /** What was left out or understood, a line each. */
  notes: string[];
}

interface Row {
  cells: string[];
  number: number;
  /** Up to the last cell that is not empty. */
  width: number;
}

const DELIMITERS = [",", ";", "\t", "|"];
/** What the last rows begin with where they sum the others up. */
const SUMMARY =
  /^(grand |sub)?(total|sum|average|avg|mean|median|min|max|minimum|maximum|count)\b/i;

/**
 * The table in a text: rows of cells between commas, semicolons, tabs or bars, whichever give most rows
 * the same number of cells. Comments and titles before the names, and notes and sums after the
 * numbers, are left out and said.
 *
 * @throws UsageError when it is no CSV, or has a row of more cells than there are names
 */
export function readTable(text: string, path: string): Table {
  const notes: string[] = [];
  const lines = text.includes("\r") ? text.replace(/\r\n?/g, "\n") : text;
  const { delimiter, body, skipped } = delimiterOf(lines);
  const rows: Row[] = [];
  for (const [i, cells] of tokenised(body, delimiter, path).entries()) {
    for (let c = 0; c < cells.length; c++) cells[c] = (cells[c] as string).trim();
    let width = cells.length;
    while (width > 0 && cells[width - 1] === "") width--;
    if (width > 0) rows.push({ cells, number: i + 1 + skipped, width });
  }
  const comments = dropComments(rows, delimiter, notes);
  dropTitles(rows, notes);
  const header = printableNames(headerOf(rows, comments, path, notes));
  dropFooter(rows, header.names.length, notes);
  if (rows.length === 0) throw noRows(path);
  for (const { number, width } of rows) {
    if (width <= header.names.length) continue;
    throw new UsageError(
      `--csv: expected ${header.names.length} cells in row ${number}, as there are names, got ${width}: ` +
        "put numbers with commas in them between quotes, or name every column",
    );
  }
  const short = rows.filter(({ cells }) => cells.length < header.names.length).length;
  if (short > 0) notes.push(`${short} rows have fewer cells than there are names`);
  return {
    ...header,
    rows: rows.map(({ cells }) => cells),
    rowNumbers: rows.map(({ number }) => number),
    delimiter,
    notes,
  };
}

function tokenised(text: string, delimiter: string, path: string): string[][] {
  const { data, errors } = Papa.parse<string[]>(text, { delimiter, newline: "\n" });
  const [error] = errors;
  if (error) {
    const row = (error.row ?? 0) + 1;
    throw new UsageError(
      printable(
        `--csv: ${path} is not CSV: ${error.message} in row ${row}: a quote within a cell is doubled`,
      ),
    );
  }
  return data;
}

/** Excel's first line `sep=;` says it; else the rows do. */
function delimiterOf(text: string): { delimiter: string; body: string; skipped: number } {
  const said = /^"?sep=(.)"?\n/i.exec(text);
  if (said) return { delimiter: said[1] as string, body: text.slice(said[0].length), skipped: 1 };
  let best = { delimiter: ",", share: 0, width: 1 };
  for (const delimiter of DELIMITERS) {
    const options = { delimiter, newline: "\n", preview: 200, skipEmptyLines: true } as const;
    const { data: rows } = Papa.parse<string[]>(text, options);
    const counts = new Map<number, number>();
    for (const { length } of rows) counts.set(length, (counts.get(length) ?? 0) + 1);
    for (const [width, count] of counts) {
      const share = width > 1 ? count / rows.length : 0;
      if (share > best.share || (share === best.share && width > best.width)) {
        best = { delimiter, share, width };
      }
    }
  }
  return { delimiter: best.delimiter, body: text, skipped: 0 };
}

/** Takes the lines with # off the start; returns the last one's cells. */
function dropComments(rows: Row[], delimiter: string, notes: string[]): Row | undefined {
  const first = rows.findIndex(({ cells }) => !cells[0]?.startsWith("#"));
  // A name may begin with #, as the only line that does.
  if (first < 1 || (first === 1 && !isData(rows[1]) && isData(rows[2]))) return undefined;
  const dropped = rows.splice(0, first);
  notes.push(`${counted(first, "line")} with # before the names left out`);
  const last = dropped.at(-1) as Row;
  const cells = last.cells.join(delimiter).replace(/^#\s*/, "").split(delimiter);
  return { ...last, cells: cells.map((cell) => cell.trim()) };
}

function isData(row: Row | undefined): boolean {
  return row?.cells.some((cell) => isNumber(cell) || isDate(cell, "")) ?? false;
}

/** Takes titles off the start: rows of at most half as many cells as most have, before a row of names. */
function dropTitles(rows: Row[], notes: string[]): void {
  const widths = rows.slice(0, 100).map(({ width }) => width);
  const usual = widths.slice().sort((a, b) => a - b)[widths.length >> 1] ?? 0;
  const first = widths.findIndex((width) => width > usual / 2);
  if (first < 1 || isData(rows[first])) return;
  const dropped = rows.splice(0, first);
  const words = dropped[0]?.cells.join(" ").trim().slice(0, 40);
  notes.push(`${counted(first, "row")} before the names left out (${JSON.stringify(words)})`);
}

/** Takes the names off the rows. */
function headerOf(
  rows: Row[],
  comment: Row | undefined,
  path: string,
  notes: string[],
): { names: string[]; fullNames: string[] } {
  const [first] = rows;
  if (!first) throw noRows(path);
  const filled = first.cells.filter((cell) => cell !== "");
  if (filled.every((cell) => isNumber(cell) || isMissing(cell) || isDate(cell, ""))) {
    if (comment && comment.cells.length === first.width) {
      notes.push("names taken from the last line with #");
      return { names: comment.cells, fullNames: comment.cells };
    }
    if (filled.length > 1 && !filled.some((cell) => isDate(cell, ""))) {
      throw new UsageError(
        `--csv: expected a row of names in row ${first.number} of ${path}, got numbers: add one`,
      );
    }
    const names = Array.from({ length: first.width }, (_, i) => `column ${i + 1}`);
    notes.push(
      `no row of names: ${names.length > 1 ? `${names[0]} to ${names.length}` : names[0]}`,
    );
    return { names, fullNames: names };
  }
  rows.shift();
  // Names end where neither they nor the numbers below go on.
  const below = rows.slice(0, 100).map(({ width }) => width);
  const blank = first.cells.length > first.width && first.cells.length === Math.max(...below, 0);
  const names = first.cells.slice(0, blank ? first.cells.length : first.width);
  const further = furtherNames(rows);
  if (further.length === 0) return { names, fullNames: names };
  rows.splice(0, further.length);
  const shown = further.map(({ cells }) => cells.filter(Boolean).slice(0, 3).join(", "));
  notes.push(
    `${counted(further.length, "further row")} of names understood as such (${printable(shown.join("; "))})`,
  );
  const fullNames = names.map((name, i) =>
    [name, ...further.map(({ cells }) => cells[i] ?? "")].filter(Boolean).join(" "),
  );
  return { names, fullNames };
}

/** Names as they are said and shown: a line end or a control character in them would be the terminal's. */
function printableNames({ names, fullNames }: Pick<Table, "names" | "fullNames">) {
  return { names: names.map(printable), fullNames: fullNames.map(printable) };
}

/** Rows below the names without a number or date, with words above numbers or dates. */
function furtherNames(rows: readonly Row[]): Row[] {
  const first = rows.slice(0, 5).findIndex((row) => isData(row) || row.cells.some(isWordOfNone));
  if (first < 1) return [];
  const sample = rows.slice(first, first + 20);
  const isOfData = (i: number) =>
    sample.filter(({ cells }) => isNumber(cells[i] ?? "") || isDate(cells[i] ?? "", "")).length >
    sample.length / 2;
  const further = rows.slice(0, first);
  const isWord = (cell: string) => /^[\p{L}°%[]/u.test(cell);
  return further.every(({ cells }) => cells.some((cell, i) => isWord(cell) && isOfData(i)))
    ? further
    : [];
}

function isWordOfNone(cell: string): boolean {
  return cell !== "" && isMissing(cell);
}

/** Takes sums and notes off the end. */
function dropFooter(rows: Row[], width: number, notes: string[]): void {
  let end = rows.length;
  const isFooter = ({ cells }: Row) => {
    const filled = cells.filter((cell) => cell !== "");
    if (SUMMARY.test(cells[0] ?? "")) return width > 1;
    return 2 * filled.length <= width && !filled.some((cell) => isNumber(cell) || isDate(cell, ""));
  };
  while (end > 0 && isFooter(rows[end - 1] as Row)) end--;
  if (end === rows.length || end === 0) return;
  const dropped = rows.splice(end);
  const words = dropped[0]?.cells.filter(Boolean).join(" ").slice(0, 40);
  notes.push(
    `${counted(dropped.length, "row")} after the numbers left out (${JSON.stringify(words)})`,
  );
}

/** `3 rows`, `1 row`. */
export function counted(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? "" : "s"}`;
}

function noRows(path: string): UsageError {
  return new UsageError(`--csv: expected a row of names and rows of numbers in ${path}`);
}
