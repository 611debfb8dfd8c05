/** A further column beside a series, of the same points in time. */
export interface Feature {
  name: string;
  values: Float64Array;
}

/** A series with what a reader must know about it. */
export interface Series {
  /** Short name, fit for a file name. */
  name: string;
  title: string;
  source: string;
  /** True for generated values; always said in output and report. */
  synthetic: boolean;
  values: Float64Array;
  gapsFilled: number;
  /** What was understood, put right or left out when a file was read, a line each. */
  notes: string[];
  /** Axis label of the values, with the unit. */
  valueLabel: string;
  /** What the column of the values is called in the file. Default as **valueLabel**. */
  column?: string;
  /** Position of each value in time. */
  at: (number | string)[];
  axis: { label: string; kind: "number" | "date" };
  /** Columns whose past a forecaster sees too. Default none. */
  features?: Feature[];
}
