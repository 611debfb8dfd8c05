/** Which of the first two numbers of `3/4/2020` is the day. */
export type DayOrder = "dmy" | "mdy";

/** The points in time of a column, all written alike. */
export interface Dates {
  /** Milliseconds since 1970, UTC. */
  times: Float64Array;
  /** What had to be decided to read them, in words. */
  notes: string[];
}

/** Why a column of dates cannot be read. */
export interface DateFault {
  cell: number;
  expected: string;
  cure: string;
}

const DAY = 86_400_000;
const MONTHS = [
  ...["january", "february", "march", "april", "may", "june", "july", "august"],
  ...["september", "october", "november", "december"],
];
const MONTH =
  "(?<word>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\\.?";
const WEEKDAY = "(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\\.?,? +)?";
const CLOCK =
  "(?<hour>\\d{1,2})[:.](?<minute>\\d{2})(?:[:.](?<second>\\d{2})(?:[.,]\\d+)?)?(?: ?(?<half>[ap])\\.?m\\.?)?";
const TIME = `(?:(?:T|,? +)${CLOCK})?(?<zone> ?(?:Z|UTC|GMT|[+-]\\d{2}:?\\d{2}))?`;

type Triple = [Float64Array, Float64Array, Float64Array];
type Groups = Record<string, string | undefined>;

/** One way of writing a date; the expressions are tried in this order on whole columns. */
interface Format {
  pattern: RegExp;
  /** Only in a column that is named like one of times. */
  needsName?: boolean;
  read?: (groups: Groups) => number;
}

const form = (source: string): RegExp => new RegExp(`^${source}$`, "i");
const YMD = form(`(?<year>\\d{4})([-/.])(?<month>\\d{1,2})\\2(?<day>\\d{1,2})${TIME}`);
const TWO_NUMBERS = form(`(?<a>\\d{1,2})([-/.])(?<b>\\d{1,2})\\2(?<year>\\d{4}|\\d{2})${TIME}`);

const formats: Format[] = [
  { pattern: YMD },
  { pattern: form(`(?<year>[12]\\d{3})(?<month>[01]\\d)(?<day>[0-3]\\d)`) },
  { pattern: form("(?<year>[12]\\d{3})(?:[-/]| ?M)(?<month>\\d{1,2})") },
  { pattern: form("(?<month>\\d{1,2})[-/](?<year>[12]\\d{3})") },
  { pattern: form("(?<year>[12]\\d{3})[- ]?Q(?<quarter>[1-4])") },
  { pattern: form("Q(?<quarter>[1-4])[- ]?(?<year>[12]\\d{3})") },
  { pattern: TWO_NUMBERS },
  {
    pattern: form(
      `${WEEKDAY}(?<day>\\d{1,2})[-/. ]+${MONTH},?[-/. ]+(?<year>\\d{4}|\\d{2})${TIME}`,
    ),
  },
  {
    pattern: form(`${WEEKDAY}${MONTH} +(?<day>\\d{1,2})(?:st|nd|rd|th)?,? +(?<year>\\d{4})${TIME}`),
  },
  { pattern: form(`${MONTH}[-/, ]+(?<year>\\d{4})`) },
  { pattern: form(`${MONTH}[-'’](?<year>\\d{2})`) },
  { pattern: form(`(?<year>\\d{4})[-/ ]+${MONTH}`) },
  { pattern: form("(?<unix>1\\d{9})"), needsName: true, read: ({ unix }) => 1000 * Number(unix) },
  { pattern: form("(?<unix>1\\d{12})"), needsName: true, read: ({ unix }) => Number(unix) },
];

const TIME_NAMES =
  /^(.*[^a-z])?(date|datetime|dateday|day|time|timestamp|ts|unix|epoch|year|years|yr|month|week|quarter|period|datum|fecha|t)([^a-z].*)?$/i;

/** Whether a column is called as columns of dates and times are. */
export function isTimeName(name: string): boolean {
  return TIME_NAMES.test(name);
}

/** Whether a cell is a date in one of the ways that are understood in a column called **name**. */
export function isDate(cell: string, name: string): boolean {
  return formatOf(cell, name) !== undefined;
}

function formatOf(cell: string, name: string): Format | undefined {
  return formats.find(({ pattern, needsName, read }) => {
    if (needsName && !isTimeName(name)) return false;
    const groups = pattern.exec(cell)?.groups;
    if (!groups) return false;
    if (read) return true;
    if (pattern === TWO_NUMBERS)
      return [true, false].some((first) => timeOf(groups, first) !== null);
    return timeOf(groups, true) !== null;
  });
}

/**
 * The dates of **cells**. The first cell says which form all have; whether `3/4/2020` is in March or
 * in April the whole column says, by a number above 12 or by the one order that goes on evenly.
 */
export function readDates(
  cells: readonly string[],
  name: string,
  order?: DayOrder,
): Dates | DateFault {
  const format = formatOf(cells[0] ?? "", name);
  if (!format) return fault(0, "a date");
  const { pattern, read } = format;
  const isOpen = pattern === TWO_NUMBERS;
  const [dmy, mdy, offsets] = [1, 2, 3].map(() => new Float64Array(cells.length)) as Triple;
  let [hasZones, hasShortYears] = [false, false];
  for (let i = 0; i < cells.length; i++) {
    const day = pattern === YMD ? isoDay(cells[i] as string) : null;
    if (day !== null) {
      dmy[i] = day;
      continue;
    }
    const groups = pattern.exec(cells[i] as string)?.groups;
    if (!groups) return fault(i, `a date written as ${JSON.stringify(cells[0])}`);
    if (groups.year?.length === 2) hasShortYears = true;
    if (groups.zone !== undefined) {
      hasZones = true;
      offsets[i] = offset(groups.zone);
    }
    dmy[i] = read ? read(groups) : (timeOf(groups, true) ?? Number.NaN);
    if (isOpen) mdy[i] = timeOf(groups, false) ?? Number.NaN;
    if (Number.isNaN(dmy[i]) && (!isOpen || Number.isNaN(mdy[i]))) {
      return fault(i, `a date that exists, written as ${JSON.stringify(cells[0])}`);
    }
  }
  const notes = hasShortYears ? ["years of two digits read as 1969 to 2068"] : [];
  const chosen = isOpen ? chosenOrder(dmy, mdy, cells, order) : { times: dmy, notes: [] };
  if ("cell" in chosen) return chosen;
  const { times } = chosen;
  notes.push(...chosen.notes);
  // Midnights of a zone are days; where clocks are shown, the zones count.
  if (!hasZones || times.every((time) => time % DAY === 0)) return { times, notes };
  notes.push("times with a zone put in UTC");
  return { times: times.map((time, i) => time - (offsets[i] as number)), notes };
}

/** The day first or the month: NaN stands where the one or the other is not possible. */
function chosenOrder(
  dmy: Float64Array,
  mdy: Float64Array,
  cells: readonly string[],
  order?: DayOrder,
): Dates | DateFault {
  const [first, second] = [mdy.findIndex(Number.isNaN), dmy.findIndex(Number.isNaN)];
  // With points the day stands first wherever such dates are written.
  const given = order ?? (cells[0]?.includes(".") ? "dmy" : undefined);
  const against = given === "dmy" ? second : first;
  const words = { dmy: ["day", "month"], mdy: ["month", "day"] } as const;
  if (given && against < 0) return { times: given === "dmy" ? dmy : mdy, notes: [] };
  if (given || (first >= 0 && second >= 0)) {
    const [one, two] = words[given ?? (first < second ? "dmy" : "mdy")];
    const cell = given ? against : Math.max(first, second);
    return fault(cell, `a date with the ${one} before the ${two}, as the others`);
  }
  const note = (one: string) => `dates such as ${cells[0]} read with the ${one} first`;
  if (first >= 0) return { times: dmy, notes: [note("day")] };
  if (second >= 0) return { times: mdy, notes: [note("month")] };
  const [ofDmy, ofMdy] = [unevenness(dmy), unevenness(mdy)];
  const [even, uneven] = [Math.min(ofDmy, ofMdy), Math.max(ofDmy, ofMdy)];
  if (even <= 4 && uneven > 2 * even) {
    const isDayFirst = ofDmy < ofMdy;
    const why = `${note(isDayFirst ? "day" : "month")}, so that they are evenly spaced`;
    return { times: isDayFirst ? dmy : mdy, notes: [why] };
  }
  return {
    cell: 0,
    expected: "a date whose day and month can be told apart somewhere in the column",
    cure: "say --dates dmy or --dates mdy",
  };
}

/** The longest step over the shortest, of points that go one way; Infinity where they do not. */
function unevenness(times: Float64Array): number {
  let [least, most, way] = [Number.POSITIVE_INFINITY, 0, 0];
  for (let i = 1; i < times.length; i++) {
    const step = (times[i] as number) - (times[i - 1] as number);
    if (step === 0) continue;
    if (Math.sign(step) === -way) return Number.POSITIVE_INFINITY;
    way = Math.sign(step);
    least = Math.min(least, Math.abs(step));
    most = Math.max(most, Math.abs(step));
  }
  return way === 0 ? Number.POSITIVE_INFINITY : most / least;
}

function fault(cell: number, expected: string): DateFault {
  return { cell, expected, cure: "correct the cell or delete its row" };
}

/** Milliseconds since 1970 by the clock that is written; null for a day or hour that there is not. */
function timeOf(groups: Groups, isDayFirst: boolean): number | null {
  const { a, b, word, quarter, hour, half } = groups;
  let year = Number(groups.year);
  if (groups.year?.length === 2) year += year < 69 ? 2000 : 1900;
  let month = Number(groups.month ?? (isDayFirst ? b : a) ?? 1);
  if (word) month = 1 + MONTHS.findIndex((name) => name.startsWith(word.slice(0, 3).toLowerCase()));
  if (quarter) month = 3 * Number(quarter) - 2;
  const day = Number(groups.day ?? (isDayFirst ? a : b) ?? 1);
  let hours = Number(hour ?? 0);
  if (half) {
    if (hours < 1 || hours > 12) return null;
    hours = (hours % 12) + (half.toLowerCase() === "p" ? 12 : 0);
  }
  const [minutes, seconds] = [Number(groups.minute ?? 0), Number(groups.second ?? 0)];
  if (hours > 24 || minutes > 59 || seconds > 60) return null;
  const midnight = Date.UTC(year, month - 1, day);
  const date = new Date(midnight);
  if (year < 100 || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return null;
  return midnight + 1000 * (3600 * hours + 60 * minutes + seconds);
}

/** The time of `2020-01-31`, the commonest form, without an expression; null for any other or no such day. */
function isoDay(cell: string): number | null {
  if (cell.length !== 10 || cell[4] !== "-" || cell[7] !== "-") return null;
  const [year, month, day] = [cell.slice(0, 4), cell.slice(5, 7), cell.slice(8)].map(Number);
  if (!year || !month || !day || year < 100 || month > 12 || day > 28) return null;
  return Date.UTC(year, month - 1, day);
}

function offset(zone: string): number {
  const [, sign, hours, minutes] = /([+-])(\d{2}):?(\d{2})/.exec(zone) ?? [];
  if (!sign) return 0;
  return (sign === "-" ? -1 : 1) * 60_000 * (60 * Number(hours) + Number(minutes));
}

const CLOCK_ONLY = form(CLOCK);

/** Milliseconds since midnight of a cell such as `18:30` or `18.30.00`; null for anything else. */
export function clockOf(cell: string): number | null {
  const groups = CLOCK_ONLY.exec(cell)?.groups;
  return groups ? timeOf({ ...groups, year: "1970", month: "1", day: "1" }, true) : null;
}

/** Points in time as text: days where all are midnights, else to the second. */
export function dateLabels(times: Float64Array): string[] {
  if (!times.every((time) => time % DAY === 0)) {
    return Array.from(times, (time) => `${new Date(time).toISOString().slice(0, 19)}Z`);
  }
  // By hand, because toISOString was most of what reading dates cost.
  const two = Array.from({ length: 32 }, (_, n) => String(n).padStart(2, "0"));
  return Array.from(times, (time) => {
    const date = new Date(time);
    const year = String(date.getUTCFullYear()).padStart(4, "0");
    return `${year}-${two[date.getUTCMonth() + 1]}-${two[date.getUTCDate()]}`;
  });
}
