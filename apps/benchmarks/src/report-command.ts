import { readFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { Command } from "commander";
import { readComparison } from "./compare/read-comparison.ts";
import { type Named, renderComparisons } from "./compare/report.ts";
import { openOutputFolder, writeWhole } from "./output.ts";
import { drawnBenches, readBench, renderBenchReport } from "./report-bench.ts";
import type { Terminal } from "./terminal.ts";
import { UsageError } from "./usage-error.ts";

/** `report`: comparisons of machines or versions in one HTML document. */
export function reportCommand(terminal: Terminal, done: (exitCode: number) => void): Command {
  return new Command("report")
    .description(
      `Makes one HTML report of the JSON of one or several comparisons, or of one of ${drawnBenches.join(", ")}.`,
    )
    .argument("<files...>", "JSON that compare wrote; the first is what the others are divided by")
    .option("--html <file>", "the report", "reports/comparison.html")
    .action((files: string[], { html }: { html: string }) => {
      const [first] = files.map((file) => readBench(textOf(file)));
      const page =
        first && files.length === 1
          ? renderBenchReport(first)
          : renderComparisons(files.map((file) => named(file, files)));
      const path = resolve(html);
      openOutputFolder(dirname(path));
      writeWhole(path, page);
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

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new UsageError(`report: expected a file, got ${(error as Error).message}`);
  }
}
