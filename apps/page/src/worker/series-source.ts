import { type Column, columnIn, numberColumns } from "@rnnkit/benchmarks/csv/csv";
import { textOf } from "@rnnkit/benchmarks/csv/text";
import sunspots from "@rnnkit/benchmarks/data/sunspots-yearly.csv?raw";
import type { Series } from "@rnnkit/benchmarks/forecasting/one-series";
import { sineSeries } from "@rnnkit/benchmarks/forecasting/sine-series";
import { featuresIn, type Settings } from "../app/settings.ts";
import type { GivenFiles } from "./messages.ts";

const marks = { point: ".", comma: "," } as const;

type CsvFile = NonNullable<GivenFiles["csv"]>;

/**
 * The series that a visitor has chosen.
 *
 * @throws UsageError for a CSV file that is not there or cannot be read, by row and cell
 */
export function chosenSeries(settings: Settings, { csv }: GivenFiles): Series {
  const { task, seed, column } = settings;
  if (task === "sine") return sineSeries(seed);
  if (task === "sunspots") {
    const read = columnIn({ text: sunspots, notes: [] }, "sunspots", { column: "SUNACTIVITY" });
    return {
      ...seriesOf(read, "sunspots", "Sunspots, yearly", "NOAA, 1700 to 2008, public domain"),
      notes: [],
      valueLabel: "sunspot number, mean of the year",
      axis: { ...read.axis, label: "year" },
    };
  }
  if (!csv) throw new Error("expected a CSV file, got none");
  const features = featuresIn(settings.features);
  const { decimal, dates } = settings;
  const read = columnIn(textOf(csv.bytes, csv.name), csv.name, {
    ...(column && { column }),
    ...(features.length > 0 && { features }),
    ...(decimal !== "auto" && { decimal: marks[decimal] }),
    ...(dates !== "auto" && { dates }),
  });
  return seriesOf(read, "csv", `${read.name} of ${csv.name}`, csv.name);
}

/**
 * The columns of numbers of a CSV file, of which one is to be chosen.
 *
 * @throws UsageError for a file that has none
 */
export function columnsOf({ name, bytes }: CsvFile): string[] {
  const text = textOf(bytes, name);
  const found = numberColumns(text, name);
  // That refuses the file, and says what it has instead.
  if (found.length === 0) columnIn(text, name);
  return found;
}

function seriesOf(column: Column, name: string, title: string, source: string): Series {
  const { values, gapsFilled, notes, at, axis, features } = column;
  return {
    ...(features.length > 0 && { features }),
    ...{ name, title, source, synthetic: false, values, gapsFilled, notes, at, axis },
    valueLabel: column.name,
  };
}
