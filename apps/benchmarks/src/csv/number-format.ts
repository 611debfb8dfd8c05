/** What stands between whole and fraction. */
export type DecimalMark = "." | ",";

/** One cell that is a number, taken apart; its marks are not yet understood. */
interface Written {
  negative: boolean;
  inParentheses: boolean;
  /** Digits with the marks between them, as `1,234.5`. */
  digits: string;
  exponent: number;
  currency: string;
  percent: boolean;
  suffix: string;
}

/** How the numbers of a column are written: read off all of its cells at once. */
export interface NumberFormat {
  decimal: DecimalMark;
  /** Every kind of writing beyond plain digits that stands in the column, in words. */
  words: string[];
}

/** What is wrong with a column, and at which of its cells. */
export interface NumberFault {
  cell: number;
  expected: string;
  cure: string;
}

const MISSING = new Set(
  ["", "?", "-", "--", "---", "–", "—", ".", "..", "...", ":", "n/a", "#n/a", "<na>", "na"]
    .concat(["n.a.", "n.a", "n/d", "nd", "nan", "-nan", "null", "none", "nil", "missing"])
    .concat(["#na", "#value!", "#div/0!", "#ref!", "#num!", "#null!", "#name?", "\\n"]),
);

const PLAIN = /^-?\d+(\.\d+)?([eE][+-]?\d{1,3})?$/;
const CURRENCY =
  "(?:US|CA|AU|NZ|HK|SG|C|A|S|R|MX)?\\$|\\p{Sc}|USD|EUR|GBP|JPY|CNY|INR|CHF|AUD|CAD|NZD|SEK|NOK|DKK|PLN|CZK|HUF|BRL|MXN|ZAR|KRW|SGD|HKD|TRY|RUB|Rs\\.?|kr\\.?|zł|Fr\\.?";
// Groups: open, sign, before, inner, digits, exponent, suffix, percent, after, end, close. Named ones cost twice the time.
const NUMBER = new RegExp(
  `^(\\()? ?([+-]?) ?(${CURRENCY})? ?([+-]?) ?` +
    "(\\d(?:[\\d.,'’ ]*\\d)?[.]?|[.,]\\d+)(?:[eE]([+-]?\\d{1,3}))?" +
    `(?: ?(bn|[kKMBT]))?(?: ?(%))?(?: ?(${CURRENCY}))?(-)?( ?\\))?$`,
  "u",
);

const POWERS: Record<string, number> = { k: 3, K: 3, M: 6, B: 9, bn: 9, T: 12 };
const SUFFIX_WORDS = "K, M, B suffixes (1.2K is 1200)";

/** Whether a cell says in one of the usual ways that there is no value. */
export function isMissing(cell: string): boolean {
  return cell.length <= 8 && MISSING.has(cell.trim().toLowerCase());
}

/** Whether a cell is a number in one of the ways that are understood. */
export function isNumber(cell: string): boolean {
  if (PLAIN.test(cell)) return true;
  const part = written(cell);
  return part !== null && (numberOf(part, ".") ?? numberOf(part, ",")) !== null;
}

/**
 * The numbers of a column, NaN where a value is missing, and how they were written. **among** says
 * what other columns of the file prove of the decimal mark; **delimiter** stands between its cells.
 */
export function readNumbers(
  cells: readonly string[],
  {
    decimal,
    among,
    delimiter,
  }: { decimal?: DecimalMark; among?: () => DecimalMark | null; delimiter: string },
): { values: Float64Array; format: NumberFormat } | NumberFault {
  const proof = new MarkProof();
  const parts: (Written | number)[] = new Array(cells.length);
  const words = new Set<string>();
  const currencies = new Set<string>();
  let percents = 0;
  let bare = 0;
  for (let i = 0; i < cells.length; i++) {
    const cell = cells[i] as string;
    if (PLAIN.test(cell)) {
      // Its value unless the points turn out to be thousands marks.
      parts[i] = Number(cell);
      if (!proof.hasPoint() && cell.includes(".")) proof.add(plain(cell).digits, i);
      if (parts[i] !== 0) bare++;
      if (percents > 0 && bare > 0) return mixedPercent(i, false);
      continue;
    }
    if (isMissing(cell)) {
      parts[i] = Number.NaN;
      continue;
    }
    const part = written(cell);
    if (!part) return { cell: i, expected: "a number", cure: "correct the cell or delete its row" };
    parts[i] = part;
    proof.add(part.digits, i);
    if (part.currency) currencies.add(part.currency);
    if (currencies.size > 1) {
      return {
        cell: i,
        expected: `a number in ${[...currencies][0]}, as before it`,
        cure: "keep one currency",
      };
    }
    if (part.percent) percents++;
    else if (/[1-9]/.test(part.digits)) bare++;
    if (percents > 0 && bare > 0) return mixedPercent(i, part.percent);
    if (part.suffix) words.add(SUFFIX_WORDS);
    if (part.inParentheses) words.add("parentheses as minus");
  }
  const mark = proof.decide(decimal, among, delimiter);
  if (typeof mark !== "string") return mark;
  const values = new Float64Array(cells.length);
  for (let i = 0; i < cells.length; i++) {
    const cell = cells[i] as string;
    const isReread = mark === "," && typeof parts[i] === "number" && cell.includes(".");
    const part = isReread && !isMissing(cell) ? plain(cell) : (parts[i] as Written | number);
    const value = typeof part === "number" ? part : numberOf(part, mark);
    if (value === null) {
      const fraction = mark === "." ? "decimal point" : "decimal comma";
      const expected = `a number (thousands in groups of three, ${fraction})`;
      return { cell: i, expected, cure: "correct the cell or delete its row" };
    }
    if (Math.abs(value) > 1e300) {
      return { cell: i, expected: "a number of at most 1e300", cure: "use a larger unit" };
    }
    values[i] = value;
  }
  const all = [
    ...currencies,
    ...proof.words(mark),
    ...(percents > 0 ? ["% (5% is 5)"] : []),
    ...words,
  ];
  return { values, format: { decimal: mark, words: all } };
}

function mixedPercent(cell: number, isPercent: boolean): NumberFault {
  const expected = isPercent ? "a number without %, as before it" : "a number with %, as before it";
  return { cell, expected, cure: "write all with % or none" };
}

/** What the cells of a column prove of the decimal mark; null where they prove nothing or both. */
export function provenMark(cells: readonly string[]): DecimalMark | null {
  const proof = new MarkProof();
  cells.forEach((cell, i) => {
    if (!/[.,]/.test(cell) || !isNumber(cell)) return;
    const part = written(cell);
    if (part) proof.add(part.digits, i);
  });
  return proof.proven();
}

/** Collects what each number says of the marks: `1,5` proves a decimal comma, `1,234` nothing. */
class MarkProof {
  #cells: Record<DecimalMark, number | null> = { ".": null, ",": null };
  /** Cells that may be either: one mark, three digits behind it. */
  #either: Record<DecimalMark, number | null> = { ".": null, ",": null };
  #digits = new Set<string>();

  hasPoint(): boolean {
    return this.#cells["."] !== null;
  }

  add(digits: string, cell: number): void {
    for (const mark of [" ", "'", "’"]) if (digits.includes(mark)) this.#digits.add(mark);
    const points = digits.includes(".");
    const commas = digits.includes(",");
    if (!points && !commas) return;
    if (points) this.#digits.add(".");
    if (commas) this.#digits.add(",");
    const last = digits.lastIndexOf(".") > digits.lastIndexOf(",") ? "." : ",";
    const other = last === "." ? "," : ".";
    const isAlone = points !== commas;
    const isOnce = digits.indexOf(last) === digits.lastIndexOf(last);
    if (isAlone && isOnce && /^[1-9]\d{0,2}[.,]\d{3}$/.test(digits)) this.#either[last] ??= cell;
    else this.#cells[isOnce ? last : other] ??= cell;
  }

  proven(): DecimalMark | null {
    const [point, comma] = [this.#cells["."], this.#cells[","]];
    if ((point === null) === (comma === null)) return null;
    return point === null ? "," : ".";
  }

  decide(
    given: DecimalMark | undefined,
    among: (() => DecimalMark | null) | undefined,
    delimiter: string,
  ): DecimalMark | NumberFault {
    const [point, comma] = [this.#cells["."], this.#cells[","]];
    const cure = "write all numbers alike";
    if (given) {
      const against = this.#cells[given === "." ? "," : "."];
      if (against === null) return given;
      return { cell: against, expected: `a number as --decimal ${given} has it`, cure };
    }
    if (point !== null && comma !== null) {
      const [cell, mark] = point > comma ? [point, "decimal comma"] : [comma, "decimal point"];
      return { cell, expected: `a number with a ${mark} as before it`, cure };
    }
    const proven = this.proven();
    if (proven) return proven;
    const [eitherPoint, eitherComma] = [this.#either["."], this.#either[","]];
    if (eitherPoint === null && eitherComma === null) return ".";
    const cell = Math.max(eitherPoint ?? 0, eitherComma ?? 0);
    if (eitherPoint !== null && eitherComma !== null) {
      return { cell, expected: "one kind of mark in all numbers", cure };
    }
    const told = among?.();
    if (told) return told;
    // A file of semicolons may have decimal commas or not; no cell of this one tells.
    const isPlain = eitherPoint !== null ? delimiter !== ";" : delimiter === ",";
    if (isPlain) return ".";
    return {
      cell,
      expected:
        "a number whose mark can only be one thing (thousands, or a fraction of three digits?)",
      cure: "say --decimal . or --decimal ,",
    };
  }

  words(decimal: DecimalMark): string[] {
    const names: Record<string, string> = { ",": "commas", ".": "points", " ": "spaces" };
    const thousands = [...this.#digits].filter((mark) => mark !== decimal);
    const kinds = new Set(thousands.map((mark) => names[mark] ?? "apostrophes"));
    return [
      ...[...kinds].map((kind) => `thousands ${kind}`),
      ...(decimal === "," && this.#digits.has(",") ? ["decimal commas"] : []),
    ];
  }
}

function written(cell: string): Written | null {
  if (PLAIN.test(cell)) return plain(cell);
  // Most cells are ASCII without spaces.
  const text = /[^!-~]/.test(cell)
    ? cell
        .trim()
        .replace(/\s/g, " ")
        .replace(/[−–‒﹣-]/g, "-")
    : cell;
  const match = NUMBER.exec(text);
  if (!match) return null;
  const [, open, sign = "", before = "", inner = "", digits = "", exponent = "0"] = match;
  const [suffix = "", percent, after = "", end = "", close] = match.slice(7);
  const signs = sign + inner + end;
  const inParentheses = open !== undefined;
  if (inParentheses !== (close !== undefined)) return null;
  if (signs.length > 1 || (inParentheses && signs !== "") || (before && after)) return null;
  return {
    negative: inParentheses || signs === "-",
    inParentheses,
    digits,
    exponent: Number(exponent) + (POWERS[suffix] ?? 0),
    currency: before || after,
    percent: percent !== undefined,
    suffix,
  };
}

function plain(cell: string): Written {
  const [digits = "", exponent = "0"] = cell.split(/[eE]/);
  const negative = digits.startsWith("-");
  return {
    negative,
    inParentheses: false,
    digits: negative ? digits.slice(1) : digits,
    exponent: Number(exponent),
    currency: "",
    percent: false,
    suffix: "",
  };
}

/** Groups of three, or of two before the last three, as in India. */
const GROUPS = /^(\d{1,3}(?<mark>[.,'’ ])\d{3}(\k<mark>\d{3})*|\d{1,2}(?<lakh>,)(\d{2},)*\d{3})$/;

function numberOf({ negative, digits, exponent }: Written, decimal: DecimalMark): number | null {
  const at = digits.lastIndexOf(decimal);
  let whole = at < 0 ? digits : digits.slice(0, at);
  const fraction = at < 0 ? "" : digits.slice(at + 1);
  if (/\D/.test(fraction)) return null;
  if (/\D/.test(whole)) {
    if (whole.includes(decimal) || !GROUPS.test(whole)) return null;
    whole = whole.replace(/\D/g, "");
  }
  return Number(`${negative ? "-" : ""}${whole || "0"}.${fraction || "0"}e${exponent}`);
}
