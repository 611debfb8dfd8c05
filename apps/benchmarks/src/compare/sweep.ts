import type { Progress } from "../terminal/progress.ts";
import type { JobResult } from "./perform-job.ts";
import type { Job } from "./plan.ts";
import type { ComparisonFile } from "./record.ts";
import { resultLines } from "./result-lines.ts";

/** Takes results in and says so, as they come. */
export interface Results {
  /** Writes a result to the file and a line to the terminal. */
  take(result: JobResult): void;
}

/** Takes the results of **jobs** into a file; one that comes twice counts once. */
export function resultsInto(
  file: ComparisonFile,
  jobs: readonly Job[],
  progress: Progress,
): Results {
  const missing = new Set(jobs.map(({ key }) => key));
  return {
    take(result) {
      const { key } = result.kind === "heat" ? result.heat : result.run;
      if (!missing.delete(key)) return;
      file.add(result);
      const { measure } = file.comparison.task;
      const count = `${jobs.length - missing.size}/${jobs.length}`;
      for (const line of resultLines(result, measure, count)) progress.line(line);
    },
  };
}
