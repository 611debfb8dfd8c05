import { Command } from "commander";
import { numberFrom } from "../terminal/option-types.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** `worker`: takes the jobs of comparisons from a queue, on any machine. */
export function workerCommand(terminal: Terminal, done: (exitCode: number) => void): Command {
  return new Command("worker")
    .description(
      "Takes the jobs of comparisons from Redis, one at a time, until Ctrl-C. It must be of the same commit as compare.",
    )
    .requiredOption("--queue <url>", "Redis, such as redis://:password@host:6379")
    .option(
      "--lease <seconds>",
      "after which a job whose worker gives no sign of life goes to another",
      numberFrom(1, 3600),
      30,
    )
    .option("--imdb-path <file>", "an imdb.npz on this machine (default: the cache, or a download)")
    .action(async ({ queue, lease, imdbPath }: WorkerArgs) => {
      if (imdbPath !== undefined)
        (await import("../reviews/reviews.ts")).reviewSource({ imdbPath });
      const { work } = await import("../queue/worker.ts");
      done(await work({ url: queue, lease, imdbPath, terminal }));
    });
}

interface WorkerArgs {
  queue: string;
  lease: number;
  imdbPath?: string;
}
