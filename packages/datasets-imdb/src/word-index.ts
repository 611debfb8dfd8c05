import { DatasetError } from "./dataset-error.ts";
import { shown } from "./generated/options.ts";
import { obtain, wordIndexFile } from "./obtain.ts";
import { checkNames, checkSource, type SourceOptions, sourceNames } from "./options.ts";
import type { Platform } from "./platform.ts";

/** Words and their ranks by frequency, the most frequent 1; a Map, for "constructor" is a word. */
export type WordIndex = ReadonlyMap<string, number>;

export async function getWordIndexOn(
  platform: Platform,
  options: SourceOptions,
): Promise<Map<string, number>> {
  const who = "getWordIndex";
  checkNames(who, options, sourceNames);
  checkSource(who, options);
  const bytes = await obtain(who, wordIndexFile, options, platform);
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new DatasetError("format", `${who}: expected JSON, got ${(cause as Error).message}`, {
      cause,
    });
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed))
    throw new DatasetError(
      "format",
      `${who}: expected an object of words and ranks, got ${shown(parsed)}`,
    );
  const ranks = new Map<string, number>();
  for (const [word, rank] of Object.entries(parsed)) {
    if (!Number.isInteger(rank) || rank < 1 || rank > 2 ** 30)
      throw new DatasetError(
        "format",
        `${who}: expected a rank of 1 or more for ${shown(word)}, got ${shown(rank)}`,
      );
    ranks.set(word, rank);
  }
  return ranks;
}
