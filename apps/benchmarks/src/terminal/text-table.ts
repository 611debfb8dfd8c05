export interface Column {
  title: string;
  width: number;
  /** Text stands left, a number right (default). */
  left?: boolean;
}

/** One line of a table with fixed columns, so that lines can be printed as they come to be known. */
export function tableRow(columns: readonly Column[], cells: readonly string[]): string {
  const line = columns.map(({ width, left }, i) =>
    left ? (cells[i] ?? "").padEnd(width) : (cells[i] ?? "").padStart(width),
  );
  return `  ${line.join("  ")}`.trimEnd();
}

/** The line of titles. */
export function tableHead(columns: readonly Column[]): string {
  return tableRow(
    columns,
    columns.map(({ title }) => title),
  );
}
