// What a model needs besides its weights, in a member of its own in the `.keras` file, which Keras does not look at.

import type { ForecasterLayout } from "@rnnkit/benchmarks/forecasting/layout";
import type { BandSettings } from "@rnnkit/benchmarks/results";
import { MinMaxScaler, type MinMaxScalerJson } from "@rnnkit/preprocess";
import { strFromU8, strToU8, unzipSync, zipSync } from "fflate";
import { queryOf, type Settings, settingsFrom } from "../app/settings.ts";
import type { WordIndex } from "./word-by-word.ts";

/** The file's member, and the ending of the file beside a model that the command line writes. */
const MEMBER = "rnnkit.json";
const MOST_BYTES = 16 * 1024 * 1024;

/** Beside a forecaster: what the command line writes as well. */
export interface ForecasterCompanion {
  kind: "rnnkit forecaster";
  layout: ForecasterLayout;
  bands: BandSettings | null;
  scaler: MinMaxScaler;
  /** The columns of a window, the one to forecast first. */
  columns: string[];
  /** Values in a season; null where none was found. */
  season: number | null;
  /** What the page's settings were; null in a file of the command line. */
  settings: Settings | null;
}

/** Beside a classifier. */
export interface ClassifierCompanion {
  kind: "rnnkit classifier";
  maxLen: number;
  vocabSize: number;
  words: WordIndex | null;
  settings: Settings | null;
}

export type Companion = ForecasterCompanion | ClassifierCompanion;

interface Written {
  kind: Companion["kind"];
  version: 1 | 2;
  timesteps?: number;
  outputs?: number;
  columns?: string[];
  allColumns?: boolean;
  levels?: number[];
  bands?: BandSettings | null;
  season?: number | null;
  scaler?: MinMaxScalerJson;
  /** Of version 1, which has neither **columns** nor **levels**. */
  column?: string;
  maxLen?: number;
  vocabSize?: number;
  /** By rank, the first has rank 1. */
  words?: string[];
  page?: string;
}

/** The bytes of a `.keras` file with a companion in it. */
export function withCompanion(file: Uint8Array, companion: Companion): Uint8Array {
  const { settings } = companion;
  const page = settings ? queryOf(settings) : undefined;
  const written: Written =
    companion.kind === "rnnkit forecaster"
      ? {
          ...{ kind: companion.kind, version: 2, timesteps: companion.layout.timesteps },
          ...{ outputs: companion.layout.steps, columns: companion.columns },
          allColumns: companion.layout.columns > 1,
          ...{ levels: [...companion.layout.levels], bands: companion.bands },
          ...{ season: companion.season, scaler: companion.scaler.toJSON(), page },
        }
      : {
          ...{ kind: companion.kind, version: 1, maxLen: companion.maxLen },
          ...{ vocabSize: companion.vocabSize, page },
          ...(companion.words && { words: ranked(companion.words, companion.vocabSize) }),
        };
  const member = strToU8(JSON.stringify(written));
  return zipSync({ ...unzipSync(file), [MEMBER]: member }, { level: 0 });
}

/** The companion in a `.keras` file; null where it has none, as Keras's own. */
export function companionIn(file: Uint8Array): Companion | null {
  // A legacy .h5 is no zip.
  if (file[0] !== 0x50 || file[1] !== 0x4b) return null;
  const isMember = ({ name, originalSize }: { name: string; originalSize: number }) =>
    name === MEMBER && originalSize <= MOST_BYTES;
  const member = unzipSync(file, { filter: isMember })[MEMBER];
  return member ? companionOf(strFromU8(member)) : null;
}

/**
 * The companion that a text is, of this page or of the command line.
 *
 * @throws where it is none
 */
export function companionOf(json: string): Companion {
  const written = JSON.parse(json) as Written;
  const settings = written.page === undefined ? null : settingsFrom(written.page).settings;
  const isCount = (n: unknown): n is number => Number.isInteger(n) && (n as number) > 0;
  const { kind, version, timesteps, outputs: steps, maxLen, vocabSize, words } = written;
  const isKnown = version === 1 || version === 2;
  if (isKnown && kind === "rnnkit forecaster" && isCount(timesteps) && isCount(steps)) {
    const { levels = [], bands = null, season = null, allColumns = false } = written;
    const columns = (written.columns ?? [written.column ?? ""]).map(String);
    const scaler = MinMaxScaler.fromJSON(JSON.stringify(written.scaler));
    const features = columns.length;
    if (scaler.dataMin.length !== features) {
      throw new Error(
        `expected a scaler of the ${features} columns ${columns.join(", ")}, got one of ${scaler.dataMin.length}`,
      );
    }
    const layout = { timesteps, steps, features, columns: allColumns ? features : 1, levels };
    return { kind, layout, bands, scaler, columns, season, settings };
  }
  if (version === 1 && kind === "rnnkit classifier" && isCount(maxLen) && isCount(vocabSize)) {
    const index = words && new Map(words.map((word, i) => [String(word), i + 1]));
    return { kind, maxLen, vocabSize, words: index ?? null, settings };
  }
  throw new Error(
    `expected the settings of a forecaster or a classifier, got ${String(kind)} of ${String(version)}`,
  );
}

/** Words by rank, as many as the model has ids for. */
function ranked(words: WordIndex, vocabSize: number): string[] {
  const list: string[] = [];
  for (const [word, rank] of words) if (rank + 3 < vocabSize) list[rank - 1] = word;
  return Array.from(list, (word) => word ?? "");
}
