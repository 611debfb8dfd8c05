import { expect, test } from "vitest";
import type { taskNames } from "../compare/schema.ts";
import { memoryTerminal } from "../terminal/memory-terminal.ts";
import { runCommandLine } from "./command-line.ts";
import { chosen } from "./comparison-options.ts";

const told = {
  ...{ models: ["single" as const], cells: ["lstm" as const] },
  ...{ units: 4, batchSize: 8, rounds: 1, out: "out" },
};

/** What the help says an option is where it is not given: of the task, or of all. */
async function helpOf(option: string, task: (typeof taskNames)[number]): Promise<string> {
  const terminal = memoryTerminal();
  await runCommandLine(["compare", "--help"], terminal);
  const text = terminal.text.out.replace(/\s+/g, " ");
  const [, said = ""] =
    new RegExp(`--${option} <[^>]+> [^(]*\\(default: ([^)]+)\\)`).exec(text) ?? [];
  const words = { reviews: "of reviews", imdb: "of IMDB" } as Record<string, string>;
  const parts = said.split(/[;,] (?=of )/);
  const own = parts.find((part) => words[task] && part.startsWith(words[task]));
  // What is said of reviews holds of IMDB's, unless they have their own.
  const near = task === "imdb" ? parts.find((part) => part.startsWith("of reviews")) : undefined;
  return (own ?? near ?? parts[0] ?? "").replace(/^of (reviews|IMDB) /, "");
}

test.each(["sine", "reviews", "imdb"] as const)(
  "what is not said of %s is what the help says",
  async (task) => {
    const { settings, axes, request } = chosen({ ...told, task }, memoryTerminal());
    const of: Record<string, unknown> = {
      ...{ epochs: settings.epochs, "learning-rate": settings.learningRate },
      ...{ seeds: axes.seeds, implementations: axes.implementations, backends: axes.backends },
      ...(request.kind === "series"
        ? { timesteps: request.timesteps }
        : { limit: request.limit, maxlen: request.maxlen }),
    };
    for (const [option, value] of Object.entries(of)) {
      expect([option, await helpOf(option, task)]).toEqual([option, String(value)]);
    }
    if (task === "imdb" && request.kind === "reviews") {
      expect(await helpOf("vocab", task)).toBe(String(request.vocab));
    }
  },
);
