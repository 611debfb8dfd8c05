import { didYouMean } from "@rnnkit/core-rnn";
import { printable } from "../terminal/printable.ts";
import { UsageError } from "../terminal/usage-error.ts";
import { isMissing, isNumber } from "./number-format.ts";
import type { Table } from "./table.ts";
import { timeAxis } from "./time-axis.ts";

/**
 * Which column of a table **column** names, by its name or as `#3`; without one, the only column of numbers.
 *
 * @throws UsageError, of **option**, where none is called so, or several
 */
export function columnOf(table: Table, column: string | undefined, option = "--column"): number {
  const { names, fullNames } = table;
  // Each by what --column takes: one that has no name, or shares it, by its place.
  const known = (which: readonly number[]) =>
    which
      .map((i) => {
        const name = fullNames[i] ?? "";
        if (name === "") return `#${i + 1}`;
        const isOne = fullNames.indexOf(name) === fullNames.lastIndexOf(name);
        return isOne ? `"${name}"` : `#${i + 1} ("${name}")`;
      })
      .join(", ");
  const all = names.map((_, i) => i);
  if (column === undefined) {
    const numeric = numericColumns(table);
    if (numeric.length === 1) return numeric[0] as number;
    if (numeric.length === 0) {
      throw new UsageError(printable(`--csv: expected a column of numbers, got ${known(all)}`));
    }
    throw new UsageError(printable(`--column: expected one of ${known(numeric)}, got none`));
  }
  const wanted = printable(column.trim());
  const found = all.filter((i) => names[i] === wanted || fullNames[i] === wanted);
  if (found.length === 0 && /^#\d+$/.test(wanted) && Number(wanted.slice(1)) <= names.length) {
    const at = Number(wanted.slice(1)) - 1;
    if (at >= 0) return at;
  }
  const [first] = found;
  if (first === undefined) {
    const hint = didYouMean(wanted, names);
    throw new UsageError(
      printable(`${option}: expected one of ${known(all)}, got ${JSON.stringify(column)}${hint}`),
    );
  }
  if (found.every((i) => table.rows.every((row) => row[i] === row[first]))) {
    if (found.length > 1)
      table.notes.push(
        `${found.length} columns ${JSON.stringify(wanted)} with the same cells: the first is taken`,
      );
    return first;
  }
  const choice = found.map((i) =>
    fullNames[i] === wanted ? `#${i + 1}` : JSON.stringify(fullNames[i]),
  );
  throw new UsageError(
    printable(
      `${option}: expected a name that one column has, got ${JSON.stringify(column)}, as ${found.length} are called: say ${choice.join(" or ")}`,
    ),
  );
}

/** Columns whose first rows are numbers, and neither times nor the rows' own numbers. */
export function numericColumns(table: Table): number[] {
  const sample = table.rows.slice(0, 200);
  const time = timeAxis({ ...table, rows: sample }, -1);
  const times = time && "columns" in time ? time.columns : time ? [time.column] : [];
  return table.names.flatMap((name, i) => {
    const cells = sample.map((row) => row[i] ?? "").filter((cell) => !isMissing(cell));
    const isRowNumber =
      name === "" && cells.every((cell, n) => Number(cell) === Number(cells[0]) + n);
    if (times.includes(i) || isRowNumber || cells.length === 0) return [];
    return 2 * cells.filter(isNumber).length >= cells.length ? [i] : [];
  });
}
