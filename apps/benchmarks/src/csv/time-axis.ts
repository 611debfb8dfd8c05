import {
  clockOf,
  type Dates,
  type DayOrder,
  dateLabels,
  isDate,
  isTimeName,
  readDates,
} from "./date-format.ts";
import { isMissing, isNumber, readNumbers } from "./number-format.ts";
import type { Table } from "./table.ts";

/** When each row of a table was. */
export interface TimeAxis {
  /** The columns that say it. */
  columns: number[];
  times: Float64Array;
  labels: (string | number)[];
  label: string;
  kind: "number" | "date";
  notes: string[];
}

/** A table's time cannot be understood at one of its rows. */
export interface TimeFault {
  row: number;
  column: number;
  expected: string;
  cure: string;
}

const SAMPLE = 200;

/**
 * The column, other than **target**, that says when each row was: dates, with a column of hours beside
 * them where there is one; columns of years and months; or numbers, named as times are, that only
 * grow or only fall. Null where there is none.
 */
export function timeAxis(
  table: Table,
  target: number,
  order?: DayOrder,
): TimeAxis | TimeFault | null {
  const column = dateColumn(table, target);
  if (column !== undefined) return dateAxis(table, column, target, order);
  return calendarAxis(table, target) ?? numberAxis(table, target);
}

/** Most of the first rows have a date in it; one that is named like it goes before one that is not. */
export function dateColumn({ names, rows }: Table, target: number): number | undefined {
  const sample = rows.slice(0, SAMPLE);
  const columns = names.flatMap((name, i) => {
    const cells = sample.map((row) => row[i] ?? "").filter((cell) => cell !== "");
    const dates = cells.filter((cell) => isDate(cell, name)).length;
    const least = isTimeName(name) ? 0.5 : 0.8;
    return i !== target && dates > 0 && dates >= least * cells.length ? [i] : [];
  });
  return columns.find((i) => isTimeName(names[i] as string)) ?? columns[0];
}

function dateAxis(
  table: Table,
  column: number,
  target: number,
  order?: DayOrder,
): TimeAxis | TimeFault {
  const { names, rows } = table;
  const name = names[column] as string;
  const cells = rows.map((row) => row[column] ?? "");
  const read = readDates(cells, name, order);
  if ("cell" in read) {
    return { row: read.cell, column, expected: read.expected, cure: read.cure };
  }
  const clock = clockColumn(table, read, target);
  const columns = clock ? [column, clock.column] : [column];
  const times = clock ? read.times.map((day, i) => day + (clock.times[i] as number)) : read.times;
  return {
    columns,
    times,
    labels: dateLabels(times),
    label: name || "date",
    kind: "date",
    notes: read.notes,
  };
}

/** A column of times of the day, or of hours, beside dates without any. */
function clockColumn(
  { names, rows }: Table,
  { times: days }: Dates,
  target: number,
): { column: number; times: number[] } | null {
  if (days.some((time) => time % 86_400_000 !== 0)) return null;
  for (const [column, name] of names.entries()) {
    if (column === target || !/time|hour|^hr$|uhr/i.test(name)) continue;
    const times = rows.map((row) => {
      const cell = row[column] ?? "";
      const isHour = /^(hr|hour)s?$/i.test(name) && /^\d{1,2}$/.test(cell) && Number(cell) <= 24;
      return isHour ? 3_600_000 * Number(cell) : clockOf(cell);
    });
    if (times.every((time) => time !== null)) return { column, times };
  }
  return null;
}

/** Columns called year and month, and day where there is one. */
function calendarAxis({ names, rows }: Table, target: number): TimeAxis | null {
  const called = (pattern: RegExp) =>
    names.findIndex((name, i) => i !== target && pattern.test(name));
  const [year, month] = [called(/^(year|yr|yyyy)$/i), called(/^(month|mon|mo|mm)$/i)];
  const day = called(/^(day|dy|dd)$/i);
  if (year < 0 || month < 0) return null;
  const columns = [year, month, ...(day < 0 ? [] : [day])];
  const cells = rows.map((row) => columns.map((i) => (row[i] ?? "").padStart(2, "0")).join("-"));
  const read = readDates(cells, "date");
  if ("cell" in read) return null;
  const label = columns.map((i) => names[i]).join(", ");
  return { columns, ...read, labels: dateLabels(read.times), label, kind: "date" };
}

function numberAxis({ names, rows, delimiter }: Table, target: number): TimeAxis | null {
  for (const [column, name] of names.entries()) {
    if (column === target || !isTimeName(name)) continue;
    const cells = rows.map((row) => row[column] ?? "");
    if (!cells.slice(0, SAMPLE).every(isNumber) || cells.some(isMissing)) continue;
    const read = readNumbers(cells, { delimiter });
    if ("cell" in read) continue;
    const times = read.values;
    const way = Math.sign((times[1] ?? 0) - (times[0] ?? 0));
    const goesOn = times.every(
      (time, i) => i === 0 || Math.sign(time - (times[i - 1] as number)) === way,
    );
    if (way === 0 || !goesOn) continue;
    return { columns: [column], times, labels: [...times], label: name, kind: "number", notes: [] };
  }
  return null;
}
