import { performJob } from "./perform-job.ts";
import type { Job } from "./plan.ts";
import type { Results } from "./sweep.ts";
import { openWorkplace, type Workplace } from "./workplace.ts";

/** Does **jobs** one after the other in this process, until there is none left or the signal says to stop. */
export async function sweepHere(
  jobs: readonly Job[],
  of: Pick<Workplace, "loaded" | "settings" | "progress" | "signal">,
  results: Results,
): Promise<void> {
  const place = openWorkplace(of);
  for (const job of jobs) {
    if (place.signal.aborted) return;
    const result = await performJob(job, place);
    if (result) results.take(result);
  }
}
