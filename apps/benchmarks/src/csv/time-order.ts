/** The order in which rows were, and what a reader must know of it. */
export interface TimeOrder {
  /** Index of the row that comes n-th. */
  order: Int32Array;
  notes: string[];
}

const [SECOND, HOUR, DAY] = [1000, 3_600_000, 86_400_000];

/**
 * The rows from the oldest on. A file whose rows go back in time is turned round first, so that rows of the same
 * time keep the order in which they were written down.
 */
export function timeOrder(times: Float64Array): TimeOrder {
  const order = Int32Array.from(times, (_, i) => i);
  let [later, earlier] = [0, 0];
  for (let i = 1; i < times.length; i++) {
    const step = (times[i] as number) - (times[i - 1] as number);
    if (step > 0) later++;
    else if (step < 0) earlier++;
  }
  if (earlier === 0) return { order, notes: [] };
  const ends = (times[0] as number) - (times.at(-1) as number);
  if (earlier > later || (earlier === later && ends > 0)) order.reverse();
  if (later === 0) return { order, notes: ["newest first in the file: put in time order"] };
  order.sort((a, b) => (times[a] as number) - (times[b] as number));
  const notes = ["not in time order in the file: put in time order"];
  return { order, notes };
}

/** Span and step of points in time order, and where they are not as far apart as most are. */
export function timeNotes(
  sorted: Float64Array,
  labels: readonly (string | number)[],
  kind: "number" | "date",
): string[] {
  if (sorted.length < 3) return [];
  const steps = stepsOf(sorted, kind);
  const usual = usualStep(steps.sizes);
  const longer: number[] = [];
  const same: number[] = [];
  steps.sizes.forEach((size, i) => {
    if (size > 1.5 * usual) longer.push(i);
    if (size === 0) same.push(i);
  });
  const span = `${labels[0]} to ${labels.at(-1)}`;
  const notes: string[] = [];
  if (usual === 0) notes.push(`all at ${labels[0]}`);
  else if (longer.length === 0) notes.push(`${span}, ${steps.word(usual)} apart`);
  else {
    const longest = longer.reduce((a, b) =>
      (steps.sizes[b] as number) > (steps.sizes[a] as number) ? b : a,
    );
    notes.push(
      `${span}, ${steps.word(usual)} apart but for ${longer.length} longer step${longer.length === 1 ? "" : "s"}, ` +
        `up to ${steps.word(steps.sizes[longest] as number)} (after ${labels[longest]}): nothing is put between`,
    );
  }
  if (same.length > 0) {
    notes.push(
      `${same.length} row${same.length === 1 ? " has" : "s have"} the time of the row before (first: ${labels[same[0] as number]}): all kept`,
    );
  }
  return notes;
}

/** Steps in whole months where all points are on the same day of a month, else in time. */
function stepsOf(
  sorted: Float64Array,
  kind: "number" | "date",
): { sizes: Float64Array; word: (size: number) => string } {
  if (kind === "number")
    return { sizes: differences(sorted), word: (size) => String(rounded(size)) };
  if (isMonthly(sorted)) {
    const months = sorted.map(monthOf);
    const word = (size: number) =>
      size % 12 === 0 ? plural(size / 12, "year") : plural(size, "month");
    return { sizes: differences(months), word };
  }
  const word = (size: number) => {
    if (size >= DAY) return plural(rounded(size / DAY), "day");
    if (size >= HOUR) return plural(rounded(size / HOUR), "hour");
    if (size >= 60 * SECOND) return plural(rounded(size / (60 * SECOND)), "minute");
    return plural(rounded(size / SECOND), "second");
  };
  return { sizes: differences(sorted), word };
}

/** Whether all points are on one day of a month, or all on the last, at one time of the day. */
export function isMonthly(times: Float64Array): boolean {
  const [first = 0] = times;
  const dayOf = (time: number) => new Date(time).getUTCDate();
  if (!times.every((time) => time % DAY === first % DAY)) return false;
  return times.every((time) => dayOf(time) === dayOf(first)) || times.every(isMonthEnd);
}

/** Whether the next day is in another month. */
export function isMonthEnd(time: number): boolean {
  return new Date(time + DAY).getUTCDate() === 1;
}

/** Months since the year 0. */
export function monthOf(time: number): number {
  const date = new Date(time);
  return 12 * date.getUTCFullYear() + date.getUTCMonth();
}

/** From each point to the next. */
export function differences(points: Float64Array): Float64Array {
  return points.subarray(1).map((point, i) => point - (points[i] as number));
}

/** The middle one of the steps that are any; 0 where there is none. */
export function usualStep(steps: Float64Array): number {
  const apart = steps.filter((step) => step > 0).sort();
  return apart[(apart.length - 1) >> 1] ?? 0;
}

function rounded(x: number): number {
  return Number(x.toPrecision(4));
}

function plural(n: number, unit: string): string {
  return `${n} ${unit}${n === 1 ? "" : "s"}`;
}
