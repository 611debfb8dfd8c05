import { printable } from "../terminal/printable.ts";
import { UsageError } from "../terminal/usage-error.ts";
import { columnOf, numericColumns } from "./columns.ts";
import { type DayOrder, isDate, isTimeName } from "./date-format.ts";
import { type DecimalMark, provenMark, readNumbers } from "./number-format.ts";
import { counted, readTable, type Table } from "./table.ts";
import type { Text } from "./text.ts";
import { dateColumn, type TimeAxis, timeAxis } from "./time-axis.ts";
import { timeNotes, timeOrder } from "./time-order.ts";

/** A column of numbers out of a CSV file, in time order, gaps filled. */
export interface Column {
  name: string;
  values: Float64Array;
  /** How many missing values were replaced by the value before them. */
  gapsFilled: number;
  /** When each value was: of the file's dates, years or hours, else the row's place. */
  at: (number | string)[];
  axis: { label: string; kind: "number" | "date" };
  /** What was understood, put right or left out on the way, a line each. */
  notes: string[];
  /** The further columns that were asked for, in that order, gaps filled too. */
  features: { name: string; values: Float64Array }[];
}

/** What the file alone may not tell. */
export interface ReadOptions {
  /** A name, or `#3` for the third. Default: the one column of numbers. */
  column?: string;
  /** The name of the column to take, where none is given and one has it. */
  usualColumn?: string;
  /** Default: what the numbers prove. */
  decimal?: DecimalMark;
  /** Default: what the dates prove. */
  dates?: DayOrder;
  /** Further columns, named as **column** is. Default none. */
  features?: readonly string[];
}

/**
 * A column of the CSV text of a file, which errors call **path**, written as CSV files are: separators, marks in numbers, words
 * for what is missing, forms of dates are read off the whole file, and **notes** say what was not plain
 * digits. Rows are put in time order where the file has dates. A missing value becomes the value
 * before it, which uses nothing from the future; missing values before the first number and after
 * the last are dropped. Of further columns it is the same, but that the rows begin where all have a number, and end
 * where the first one does.
 *
 * @throws UsageError when it is no CSV, the column is absent, or a cell can be no number or
 * either of two: with the row, the cell and what to do
 */
export function columnIn(
  { text, notes: textNotes }: Text,
  path: string,
  options: ReadOptions = {},
): Column {
  const table = readTable(text, path);
  const { names, rows, rowNumbers } = table;
  const { usualColumn = "" } = options;
  const isThere = usualColumn !== "" && table.fullNames.includes(usualColumn);
  const index = columnOf(table, options.column ?? (isThere ? usualColumn : undefined));
  const further = (options.features ?? []).map((name) => columnOf(table, name, "--features"));
  for (const [n, feature] of further.entries()) {
    if (feature !== index && further.indexOf(feature) === n) continue;
    throw new UsageError(
      printable(
        `--features: expected columns beside ${JSON.stringify(names[index])}, each once, got ${JSON.stringify(names[feature])}`,
      ),
    );
  }
  const refused = (row: number, column: number, expected: string, cure: string) => {
    const got = JSON.stringify((rows[row]?.[column] ?? "").slice(0, 40));
    return new UsageError(
      printable(
        `${further.includes(column) ? "--features" : "--column"} ${names[column]}: expected ${expected} in row ${rowNumbers[row]}, got ${got}: ${cure}`,
      ),
    );
  };

  dropUndated(table, index);
  const time = timeAxis(table, index, options.dates);
  if (time && "row" in time) throw refused(time.row, time.column, time.expected, time.cure);

  const read = [index, ...further].map((column) => {
    const numbers = readNumbers(
      rows.map((row) => row[column] ?? ""),
      {
        decimal: options.decimal,
        among: () => markAmong(table, [column, ...(time?.columns ?? [])]),
        delimiter: table.delimiter,
      },
    );
    if ("cell" in numbers) throw refused(numbers.cell, column, numbers.expected, numbers.cure);
    return numbers;
  });
  if (time) refuseSeveral(table, [index, ...further], time);
  const words = [...new Set(read.flatMap(({ format }) => format.words))];
  const nameOf = (i: number) => (table.fullNames[i] || names[i]) as string;
  const { features, ...column } = inOrder(
    read.map(({ values }) => values),
    time,
    unreadTime(table),
    further.map(nameOf),
  );
  if (column.values.length === 0) {
    const isWithFeatures = read[0]?.values.some((value) => !Number.isNaN(value));
    throw new UsageError(
      printable(
        isWithFeatures
          ? `--features: expected numbers of ${further.map(nameOf).join(", ")} before the last of ${nameOf(index)} in ${path}, got none of one`
          : `--column ${names[index]}: expected numbers in ${path}, got none`,
      ),
    );
  }
  return {
    ...column,
    name: nameOf(index),
    features,
    axis: time ? { label: time.label, kind: time.kind } : { label: "row", kind: "number" },
    notes: [
      ...textNotes,
      ...table.notes,
      ...(words.length > 0 ? [`${listed(words)} read as numbers`] : []),
      ...(time?.notes ?? []),
      ...column.notes,
    ].map(printable),
  };
}

/** The names of a CSV text's columns of numbers, as **column** takes them: times and the rows' own numbers are none. */
export function numberColumns({ text }: Text, path: string): string[] {
  const table = readTable(text, path);
  const { names, fullNames } = table;
  return numericColumns(table).map((i) => {
    const name = fullNames[i] || names[i] || "";
    const isOne = fullNames.filter((other) => other === name).length === 1;
    return name !== "" && isOne ? name : `#${i + 1}`;
  });
}

/** A file whose times each stand once for every word of a column holds several series, one below another. */
function refuseSeveral(
  { names, rows }: Table,
  taken: readonly number[],
  { columns, times }: TimeAxis,
): void {
  if (2 * new Set(times).size > times.length) return;
  for (const [i, name] of names.entries()) {
    if (taken.includes(i) || columns.includes(i)) continue;
    const words = new Set(rows.map((row) => row[i] ?? ""));
    const pairs = new Set(rows.map((row, n) => `${times[n]} ${row[i]}`));
    if (words.size < 2 || 2 * words.size > rows.length || pairs.size < rows.length) continue;
    const shown = [...words].slice(0, 3).map((word) => JSON.stringify(word));
    throw new UsageError(
      printable(
        `--csv: expected one series, got ${words.size}, by ${JSON.stringify(name)} (${shown.join(", ")}${words.size > 3 ? ", ..." : ""}): keep the rows of one`,
      ),
    );
  }
}

/** Where a column is named as times are and yet none was understood: which, and what it holds. */
function unreadTime({ names, rows }: Table): string {
  const at = names.findIndex(isTimeName);
  return at < 0 ? "" : ` (not understood: ${JSON.stringify(rows[0]?.[at] ?? "")} of ${names[at]})`;
}

/** Columns from the oldest value on, those missing filled or, at the ends, dropped; the first one says where it ends. */
function inOrder(
  [given, ...others]: readonly Float64Array[],
  time: TimeAxis | null,
  unread: string,
  names: readonly string[],
): Pick<Column, "values" | "gapsFilled" | "at" | "notes" | "features"> {
  const target = given as Float64Array;
  const { order, notes } = time
    ? timeOrder(time.times)
    : {
        order: Int32Array.from(target, (_, i) => i),
        notes: [`no dates found${unread}: rows taken in the file's order, oldest first`],
      };
  let [start, end] = [0, order.length];
  const isMissingAt = (n: number, values = target) =>
    Number.isNaN(values[order[n] as number] as number);
  const firstOf = (values: Float64Array) => order.findIndex((_, n) => !isMissingAt(n, values));
  while (start < end && isMissingAt(start)) start++;
  while (end > start && isMissingAt(end - 1)) end--;
  for (const values of others) {
    const first = firstOf(values);
    start = first < 0 ? end : Math.min(end, Math.max(start, first));
  }
  // Rows are taken from where all have a number on: there the first column may have a gap, but a number before it.
  const dropped = order.length - (end - start);
  const kept = order.subarray(start, end);
  const filled = (values: Float64Array) => {
    let [gaps, before] = [0, Number.NaN];
    for (let n = 0; n < start; n++) if (!isMissingAt(n, values)) before = values[order[n]!]!;
    const whole = Float64Array.from(kept, (row) => {
      if (Number.isNaN(values[row]!)) gaps++;
      else before = values[row]!;
      return before;
    });
    return { values: whole, gaps };
  };
  const { values, gaps: gapsFilled } = filled(target);
  const features = others.map((other, i) => ({ name: names[i] as string, ...filled(other) }));
  const at = Array.from(kept, (row, n) => (time ? (time.labels[row] as string | number) : n));
  return {
    values,
    gapsFilled,
    at,
    features: features.map(({ name, values }) => ({ name, values })),
    notes: [
      ...notes,
      ...(time
        ? timeNotes(
            Float64Array.from(kept, (row) => time.times[row] as number),
            at,
            time.kind,
          )
        : []),
      ...(dropped > 0 ? [`${counted(dropped, "row")} without a value at the ends left out`] : []),
      ...features
        .filter(({ gaps }) => gaps > 0)
        .map(({ name, gaps }) => `${gaps} missing values of ${name} replaced by the value before`),
    ],
  };
}

/** Takes rows off the end that have no date, where others have one: sums and notes. */
function dropUndated(table: Table, target: number): void {
  const { names, rows, rowNumbers, notes } = table;
  const column = dateColumn(table, target);
  if (column === undefined) return;
  let end = rows.length;
  while (end > 0 && !isDate(rows[end - 1]?.[column] ?? "", names[column] as string)) end--;
  const dropped = rows.length - end;
  rows.length = end;
  rowNumbers.length = end;
  if (dropped > 0)
    notes.push(`${counted(dropped, "row")} without a date after the numbers left out`);
}

/** What the other columns prove of the decimal mark. */
function markAmong({ names, rows }: Table, without: readonly number[]): DecimalMark | null {
  const marks = new Set<DecimalMark>();
  for (const [i] of names.entries()) {
    if (without.includes(i)) continue;
    const mark = provenMark(rows.map((row) => row[i] ?? ""));
    if (mark) marks.add(mark);
  }
  return marks.size === 1 ? ([...marks][0] as DecimalMark) : null;
}

function listed(words: readonly string[]): string {
  return words.length < 2
    ? (words[0] ?? "")
    : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}
