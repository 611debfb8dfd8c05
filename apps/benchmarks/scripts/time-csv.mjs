// @ts-check
// Prints how long a first reading of CSV files of 100,000 rows takes, each in a process of its own.
// After a build: node scripts/time-csv.mjs
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const ROWS = 100_000;
const day = (/** @type {number} */ i) =>
  new Date(86_400_000 * (i - 62_091)).toISOString().slice(0, 10);

/** @type {[title: string, names: string, row: (i: number) => string][]} */
const files = [
  ["two plain columns", "Date,Close", (i) => `${day(i)},${(100 + i / 100).toFixed(2)}`],
  [
    "seven, newest first, in dollars",
    "Date,Close,Open,High,Low,Adj Close,Volume",
    (i) => `${day(ROWS - i)},"$1,${100 + (i % 900)}.25",${i}.5,1.5,2.5,3.25,1.2M`,
  ],
];

const folder = mkdtempSync(join(tmpdir(), "rnnkit-time-csv-"));
const csv = fileURLToPath(new URL("../dist/csv/csv-file.js", import.meta.url));
const program = `
  const { readColumn } = await import(process.argv[1]);
  const startedAt = performance.now();
  const { values } = readColumn(process.argv[2], { column: "Close" });
  console.log(values.length, (performance.now() - startedAt).toFixed(0));`;
for (const [title, names, row] of files) {
  const path = join(folder, "file.csv");
  writeFileSync(path, [names, ...Array.from({ length: ROWS }, (_, i) => row(i))].join("\n"));
  for (let round = 0; round < 3; round++) {
    const args = ["--input-type=module", "--eval", program, csv, path];
    const [rows, ms] = execFileSync(process.execPath, args, { encoding: "utf8" }).split(" ");
    console.log(`${title}: ${rows} rows in ${ms.trim()} ms`);
  }
}
rmSync(folder, { recursive: true });
