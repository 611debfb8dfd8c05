import { Command, Option } from "commander";
import { reviewSource } from "../reviews/reviews.ts";
import { runSession } from "../session.ts";
import {
  type CommonOptions,
  listOf,
  wholeNumber,
  withCommonOptions,
} from "../terminal/option-types.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { UsageError } from "../terminal/usage-error.ts";
import {
  type LengthName,
  lengthNames,
  type PartName,
  partNames,
  tutorial,
} from "../tutorial/tutorial.ts";

type Options = CommonOptions & {
  part: PartName[];
  listing?: LengthName;
  imdb?: boolean;
  imdbPath?: string;
  epochs?: number;
  limit?: number;
};

/** `tutorial`: parts I to IV with the tutorial's own settings. */
export function tutorialCommand(terminal: Terminal, done: (exitCode: number) => void): Command {
  const command = new Command("tutorial")
    .description(
      "Runs the tutorial: I, an RNN by hand; II, five builders (printed, nothing is measured); III, two forecasts; IV, sentiment of reviews, generated and fewer unless --imdb or --imdb-path is given. What its Python prints begins at the margin.",
    )
    .option("--part <list>", `all, or some of ${partNames.join(",")}`, listOf(partNames), [
      ...partNames,
    ])
    .addOption(
      new Option("--listing <name>", "of the two that parts 3 and 4 have (default: both)").choices(
        lengthNames,
      ),
    )
    .option("--imdb", "part 4 on Keras's IMDB reviews, downloaded once and cached")
    .option("--imdb-path <file>", "the same from an imdb.npz you have")
    .option("--epochs <n>", "instead of each listing's own", wholeNumber(1))
    .option(
      "--limit <n>",
      "training reviews of part 4, and as many for its test, instead of its own",
      wholeNumber(10, 25_000),
    );
  return withCommonOptions(command).action(async (options: Options) => {
    const { part: parts, listing, epochs, limit, seed } = options;
    refuseUnused(options);
    const source = reviewSource(options);
    const isWhole = parts.length === partNames.length;
    const words = [
      ...(isWhole ? [] : ["part", ...[...parts].sort()]),
      ...(listing ? [listing] : []),
    ];
    done(
      await runSession(
        {
          command: ["tutorial", ...words].join(" "),
          name: ["tutorial", ...words].join("-"),
          out: options.out,
          backend: options.backend,
          terminal,
        },
        (session) =>
          tutorial(
            {
              parts,
              lengths: listing ? [listing] : lengthNames,
              source,
              seed,
              epochs,
              limit,
            },
            session,
          ),
      ),
    );
  });
}

/** Whatever no part asked for would look at is a mistake of the caller's. */
function refuseUnused({ part, listing, imdb, imdbPath, epochs, limit }: Options): void {
  const needs: [string, unknown, PartName[]][] = [
    ["--listing", listing, ["3", "4"]],
    ["--imdb", imdb, ["4"]],
    ["--imdb-path", imdbPath, ["4"]],
    ["--limit", limit, ["4"]],
    ["--epochs", epochs, ["1", "3", "4"]],
  ];
  for (const [option, value, parts] of needs) {
    if (value === undefined || parts.some((name) => part.includes(name))) continue;
    throw new UsageError(
      `${option}: expected part ${parts.join(" or ")} with it, got --part ${part.join(",")}`,
    );
  }
}
