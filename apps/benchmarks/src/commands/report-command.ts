import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { Command } from "commander";
import { readComparison } from "../compare/read-comparison.ts";
import { type Named, renderComparisons } from "../compare/report.ts";
import { openOutputFile, openOutputFolder, writeWhole } from "../output.ts";
import { drawnBenches, readBench, renderBenchReport } from "../report/bench.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { UsageError } from "../terminal/usage-error.ts";

/** `report`: comparisons of machines or versions in one HTML document. */
export function reportCommand(terminal: Terminal, done: (exitCode: number) => void): Command {
  return new Command("report")
    .description(
      `Makes one HTML report of the JSON of one or several comparisons, or of one of ${drawnBenches.join(", ")}.`,
    )
    .argument("<files...>", "JSON that compare wrote; the first is what the others are divided by")
    .option("--html <file>", "the report", "reports/comparison.html")
    .action((files: string[], { html }: { html: string }) => {
      const path = resolve(html);
      const input = files.find((file) => isSame(file, path));
      if (input !== undefined) {
        throw new UsageError(
          `--html: expected another file than those that are read, got ${input}`,
        );
      }
      const [first] = files.map((file) => readBench(textOf(file)));
      const page =
        first && files.length === 1
          ? renderBenchReport(first)
          : renderComparisons(files.map((file) => named(file, files)));
      openOutputFolder(dirname(path), "--html");
      writeWhole(openOutputFile(html, "--html"), page);
      terminal.out.write(`report   ${path}\n`);
      done(0);
    });
}

/** A file by the shortest name that tells it from the others. */
function named(file: string, files: readonly string[]): Named {
  const isOnly = files.filter((other) => basename(other) === basename(file)).length === 1;
  const name = isOnly ? basename(file) : join(basename(dirname(resolve(file))), basename(file));
  return { name, comparison: readComparison(textOf(file), file) };
}

/** Whether two paths lead to one file, by links too. */
function isSame(one: string, other: string): boolean {
  const [a, b] = [one, other].map((path) => (existsSync(path) ? statSync(path) : undefined));
  return (
    resolve(one) === resolve(other) || (a !== undefined && a.dev === b?.dev && a.ino === b.ino)
  );
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new UsageError(`report: expected a file, got ${(error as Error).message}`);
  }
}
