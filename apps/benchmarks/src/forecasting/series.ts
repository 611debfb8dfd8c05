import { basename, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { ReadOptions } from "../csv/csv.ts";
import { readColumn } from "../csv/csv-file.ts";
import { printable } from "../terminal/printable.ts";
import { UsageError } from "../terminal/usage-error.ts";
import type { Series } from "./one-series.ts";
import { sineSeries } from "./sine-series.ts";

interface Embedded {
  title: string;
  file: string;
  column: string;
  source: string;
  valueLabel: string;
}

const embedded: Record<string, Embedded> = {
  sunspots: {
    title: "Sunspots, yearly",
    file: "sunspots-yearly.csv",
    column: "SUNACTIVITY",
    source: "NOAA, 1700 to 2008, public domain",
    valueLabel: "sunspot number, mean of the year",
  },
  co2: {
    title: "CO₂ at Mauna Loa, weekly",
    file: "co2-maunaloa-weekly.csv",
    column: "co2",
    source: "CDIAC, 1958 to 2001, public domain",
    valueLabel: "CO₂ in air (ppm)",
  },
  temperature: {
    title: "Daily maximum temperature in Seattle",
    file: "seattle-weather.csv",
    column: "temp_max",
    source: "NOAA, 2012 to 2015, public domain",
    valueLabel: "maximum of the day (°C)",
  },
};

/** The names that `--series` knows: the tutorial's noisy sine, then the embedded real series. */
export const seriesNames: readonly string[] = ["sine", ...Object.keys(embedded)];

/**
 * The series called **name**: *sine* is generated from **seed**, the others are embedded files, whose other columns
 * may be **features**.
 *
 * @throws UsageError for a name that is not in `seriesNames`, and for features that its file has not
 */
export function namedSeries(name: string, seed: number, features?: readonly string[]): Series {
  if (name === "sine") {
    if (features) throw new UsageError("--features: expected none, as the sine has one column");
    return sineSeries(seed);
  }
  const entry = embedded[name];
  if (!entry) {
    throw new UsageError(`--series: expected one of ${seriesNames.join(", ")}, got ${name}`);
  }
  const path = fileURLToPath(new URL(`../../data/${entry.file}`, import.meta.url));
  const { column } = entry;
  const { values, gapsFilled, at, axis, features: read } = readColumn(path, { column, features });
  return {
    name,
    title: entry.title,
    source: entry.source,
    synthetic: false,
    values,
    gapsFilled,
    notes: [],
    valueLabel: entry.valueLabel,
    column,
    at,
    axis: { ...axis, label: axis.label.toLowerCase() },
    features: read,
  };
}

/**
 * The series in a column of the CSV file at **path** (relative to the current folder).
 *
 * @throws UsageError when the file or the column cannot be used
 */
export function csvSeries(path: string, options: ReadOptions = {}): Series {
  const { name, values, gapsFilled, notes, at, axis, features } = readColumn(
    resolve(path),
    options,
  );
  return {
    name: "csv",
    title: printable(`${name} of ${basename(path)}`),
    source: printable(basename(path)),
    synthetic: false,
    values,
    gapsFilled,
    notes,
    valueLabel: name,
    at,
    axis,
    features,
  };
}
