// What a visitor chooses, and how it stands in the page's address.

/** What a model can be trained on. */
export const tasks = ["sine", "sunspots", "csv", "reviews", "imdb"] as const;
export type Task = (typeof tasks)[number];

/** The recurrent cells, in keras-builders' words. */
export const cells = ["simple_rnn", "lstm", "gru", "bidirectional_lstm"] as const;
export type Cell = (typeof cells)[number];

/** *auto* leaves the choice to backend-select; *webgpu-any* is WebGPU where it finds no GPU, too, and software computes. */
export const backends = ["auto", "webgpu", "webgpu-any", "wasm", "cpu"] as const;
export type Backend = (typeof backends)[number];

/** How the ends of a forecast's bands are made, if there are any; see the command line's `forecast`. */
export const bandKinds = ["none", "dropout", "quantile"] as const;
export type Bands = (typeof bandKinds)[number];

/** The mark between whole and fraction in a CSV file; *auto* is what its numbers prove. */
export const decimalMarks = ["auto", "point", "comma"] as const;
export type DecimalMark = (typeof decimalMarks)[number];

/** Which of two numbers in a CSV file's dates is the day; *auto* is what they prove. */
export const dateOrders = ["auto", "dmy", "mdy"] as const;
export type DateOrder = (typeof dateOrders)[number];

/** Everything that decides a training; equal settings give equal models on equal backends. */
export interface Settings {
  task: Task;
  cell: Cell;
  backend: Backend;
  bands: Bands;
  /** The column of a CSV file; empty for the only one. */
  column: string;
  /** Its columns whose past the model sees too, as `featuresText` writes them; empty for none. */
  features: string;
  decimal: DecimalMark;
  dates: DateOrder;
  units: number;
  /** Past values, or words, that the model sees. */
  window: number;
  epochs: number;
  batch: number;
  /** The optimizer's step size. */
  rate: number;
  seed: number;
  /** Values beyond the end of a series. */
  ahead: number;
  /** Reviews to train on, and as many to test. */
  reviews: number;
}

/** The names of the numbers among the settings. */
export type NumberName = {
  [Name in keyof Settings]: Settings[Name] extends number ? Name : never;
}[keyof Settings];

/** What a number may be. */
export interface Range {
  least: number;
  most: number;
  isWhole: boolean;
}

const whole = (least: number, most: number): Range => ({ least, most, isWhole: true });

/** Bounds that a page's worker can bear. */
export const ranges: Readonly<Record<NumberName, Range>> = {
  units: whole(1, 512),
  window: whole(2, 1000),
  epochs: whole(1, 500),
  batch: whole(1, 1024),
  rate: { least: 1e-6, most: 1, isWhole: false },
  seed: whole(0, 1_000_000),
  ahead: whole(1, 500),
  reviews: whole(20, 25_000),
};

const choices = {
  ...{ task: tasks, cell: cells, backend: backends, bands: bandKinds },
  ...{ decimal: decimalMarks, dates: dateOrders },
} as const;

/** Whether a task is a series of numbers; else it is reviews. */
export const isSeries = (task: Task): boolean => task !== "reviews" && task !== "imdb";

const ofSeries: Omit<Settings, "task"> = {
  cell: "lstm",
  backend: "auto",
  bands: "none",
  column: "",
  features: "",
  decimal: "auto",
  dates: "auto",
  units: 32,
  window: 22,
  epochs: 20,
  batch: 16,
  rate: 0.005,
  seed: 42,
  ahead: 50,
  reviews: 2000,
};
const ofReviews = {
  ...ofSeries,
  cell: "gru",
  window: 80,
  epochs: 6,
  batch: 32,
  rate: 0.01,
} as const;

/** Names of columns in one text, commas and all. */
export const featuresText = (names: readonly string[]): string =>
  names.map(encodeURIComponent).join(",");

/** The columns that a text names, each once. */
export function featuresIn(text: string): string[] {
  const names = text.split(",").filter((name) => name !== "");
  return [...new Set(names.map(decoded))];
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    // Typed into the address by hand: a percent sign that begins nothing.
    return name;
  }
}

/** What a task begins with. */
export const defaults: Readonly<Record<Task, Settings>> = {
  sine: { task: "sine", ...ofSeries, window: 25 },
  sunspots: { task: "sunspots", ...ofSeries, epochs: 40, ahead: 22 },
  csv: { task: "csv", ...ofSeries, ahead: 20 },
  reviews: { task: "reviews", ...ofReviews },
  imdb: { task: "imdb", ...ofReviews, window: 200, rate: 0.001 },
};

/** What an address said that cannot be, and what is taken for it; null where no setting has the name. */
export interface Fault {
  name: string;
  got: string;
  taken: string | null;
}

/** Whether a number is within its range. */
export function isWithin(value: number, { least, most, isWhole }: Range): boolean {
  return value >= least && value <= most && (!isWhole || Number.isInteger(value));
}

/**
 * The settings in an address's **query**; what is no value there is the default's, and a fault, and so is what has no
 * setting's name, or the name of one that was said before.
 */
export function settingsFrom(query: string): { settings: Settings; faults: Fault[] } {
  const params = new URLSearchParams(query);
  const faults: Fault[] = [];
  const refuse = (name: string, got: string, taken: string | number) =>
    faults.push({ name, got, taken: String(taken) });
  const oneOf = <T extends string>(name: keyof typeof choices, fallback: T): T => {
    const got = params.get(name);
    if (got === null) return fallback;
    if ((choices[name] as readonly string[]).includes(got)) return got as T;
    refuse(name, got, fallback);
    return fallback;
  };
  const base = defaults[oneOf("task", "sine")];
  const settings: Settings = {
    ...base,
    cell: oneOf("cell", base.cell),
    backend: oneOf("backend", base.backend),
    bands: oneOf("bands", base.bands),
    decimal: oneOf("decimal", base.decimal),
    dates: oneOf("dates", base.dates),
    column: params.get("column") ?? "",
    features: params.get("features") ?? "",
  };
  for (const [name, range] of Object.entries(ranges) as [NumberName, Range][]) {
    const got = params.get(name);
    if (got === null) continue;
    const value = got.trim() === "" ? Number.NaN : Number(got);
    if (isWithin(value, range)) settings[name] = value;
    else refuse(name, got, base[name]);
  }
  const said = new Set<string>();
  for (const [name, got] of params) {
    const isSetting = Object.hasOwn(settings, name);
    if (!isSetting && name !== "lang") faults.push({ name, got, taken: null });
    else if (said.has(name))
      refuse(
        name,
        got,
        isSetting ? settings[name as keyof Settings] : (params.get(name) as string),
      );
    said.add(name);
  }
  return { settings, faults };
}

/** The query that says **settings**: the task, and what is not its default. */
export function queryOf(settings: Settings): string {
  const base = defaults[settings.task];
  const params = new URLSearchParams({ task: settings.task });
  for (const [name, value] of Object.entries(settings)) {
    if (name !== "task" && value !== base[name as keyof Settings]) params.set(name, String(value));
  }
  return `?${params}`;
}
