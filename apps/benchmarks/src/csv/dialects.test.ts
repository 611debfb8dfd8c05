import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { UsageError } from "../terminal/usage-error.ts";
import { readColumn } from "./csv-file.ts";

const folder = mkdtempSync(join(tmpdir(), "rnnkit-dialects-"));
const path = join(folder, "file.csv");

function read(content: string | Uint8Array, options = {}) {
  writeFileSync(path, content);
  return readColumn(path, options);
}

/** A column called v under **cells**, with a column of words beside it. */
function column(cells: readonly string[], delimiter = ";") {
  const quoted = cells.map((cell) => (cell.includes(delimiter) ? `"${cell}"` : cell));
  return ["name", ...quoted.map(() => "x")]
    .map((word, i) => `${word}${delimiter}${["v", ...quoted][i]}`)
    .join("\n");
}

const readings: [string[], number[], string?][] = [
  [["$1,234.50", "$950", "-$3"], [1234.5, 950, -3], "$ and thousands commas read as numbers"],
  [
    ["1.234,50 €", "950 €"],
    [1234.5, 950],
    "€, thousands points and decimal commas read as numbers",
  ],
  [
    ["1 234,5", "2\u00a0345,5", "3\u202f456"],
    [1234.5, 2345.5, 3456],
  ],
  [["1'234.5", "1’234’567"], [1234.5, 1234567], "thousands apostrophes read as numbers"],
  [["12.5%", "-3 %", "0%"], [12.5, -3, 0], "% (5% is 5) read as numbers"],
  [
    ["1.2K", "3.45M", "2B", "7bn", "12"],
    [1200, 3.45e6, 2e9, 7e9, 12],
    "K, M, B suffixes (1.2K is 1200) read as numbers",
  ],
  [
    ["(1,234.5)", "5"],
    [-1234.5, 5],
  ],
  [
    ["−5", "5-", "+5", "USD 5", "1e3", "1.5E+03", ".5", "5."],
    [-5, -5, 5, 5, 1000, 1500, 0.5, 5],
  ],
  [
    ["₹12,34,567.5", "₹1,000"],
    [1234567.5, 1000],
  ],
  [
    ["1,5", "1.234"],
    [1.5, 1234],
  ],
  [
    ["1,5E3", "2,25"],
    [1500, 2.25],
  ],
];

test.each(readings)("%j are numbers", (cells, values, note) => {
  const { values: got, notes } = read(column(cells, "\t"), { column: "v" });
  expect([...got]).toEqual(values);
  if (note) expect(notes).toContain(note);
  expect([...read(column(cells, ";"), { column: "v" }).values]).toEqual(values);
});

test("plain digits need no words", () => {
  const { notes } = read(column(["1", "-2.5", "3e-2"], ","));
  expect(notes).toEqual(["no dates found: rows taken in the file's order, oldest first"]);
});

const refusals: [string, string[], RegExp][] = [
  [
    "either mark",
    ["1.234,5", "1,234.5"],
    /a number with a decimal comma as before it in row 3, got "1,234\.5"/,
  ],
  [
    "one mark, three digits",
    ["1.234", "950"],
    /row 2, got "1\.234": say --decimal \. or --decimal ,/,
  ],
  ["three digits behind commas", ["1,234", "2,345"], /got "1,234": say --decimal/],
  ["groups of two", ["1,23,4.5", "1"], /thousands in groups of three.*row 2, got "1,23,4\.5"/],
  ["two currencies", ["$5", "€5"], /expected a number in \$, as before it in row 3, got "€5"/],
  ["some percent", ["5%", "0.05"], /expected a number with %, as before it in row 3, got "0\.05"/],
  ["hexadecimal", ["1", "0x10"], /row 3, got "0x10"/],
  ["a unit", ["1", "2 apples"], /expected a number in row 3, got "2 apples": correct the cell/],
  ["metres or millions", ["1.5m", "2"], /row 2, got "1\.5m"/],
  ["too large", ["1", "1e301"], /at most 1e300 in row 3/],
];

test.each(refusals)("%s: refused with row, cell and cure", (_, cells, message) => {
  const reading = () => read(column(cells), { column: "v" });
  expect(reading).toThrow(UsageError);
  expect(reading).toThrow(message);
});

test("the mark that one column leaves open another column or --decimal decides", () => {
  const open = "a;b\n1.234;5\n2.345;6\n";
  expect([...read(open, { column: "a", decimal: "," }).values]).toEqual([1234, 2345]);
  expect([...read(open, { column: "a", decimal: "." }).values]).toEqual([1.234, 2.345]);
  expect([...read(open.replace(";5", ";5,5"), { column: "a" }).values]).toEqual([1234, 2345]);
  expect(() => read("a;b\n1,5;5\n", { column: "a", decimal: "." })).toThrow(
    /--decimal \. has it in row 2/,
  );
  // Between commas a point is a point, and a comma between quotes is for thousands.
  expect([...read('a,b\n1.234,"1,234"\n', { column: "a" }).values]).toEqual([1.234]);
  expect([...read('a,b\n1.234,"1,234"\n', { column: "b" }).values]).toEqual([1234]);
});

test("every word for nothing is a gap", () => {
  const words = ["?", "-", "N/A", "n/a", "NaN", "null", "None", "..", ".", "#N/A", "–", "", "<NA>"];
  const { values, gapsFilled } = read(column(["1", ...words, "2"]), { column: "v" });
  expect([...values]).toEqual([1, ...words.map(() => 1), 2]);
  expect(gapsFilled).toBe(words.length);
});

const encodings: [string, (text: string) => Uint8Array, string | undefined][] = [
  ["UTF-8", (text) => Buffer.from(text), undefined],
  ["UTF-8 with its mark", (text) => Buffer.from(`\uFEFF${text}`), undefined],
  ["UTF-16 with its mark", (text) => Buffer.from(`\uFEFF${text}`, "utf16le"), "read as UTF-16"],
  ["UTF-16", (text) => Buffer.from(text, "utf16le"), "read as UTF-16"],
  [
    "big-endian UTF-16",
    (text) => Buffer.from(text, "utf16le").swap16(),
    "read as UTF-16 (big-endian)",
  ],
  [
    "big-endian with its mark",
    (text) => Buffer.from(`\uFEFF${text}`, "utf16le").swap16(),
    "read as UTF-16 (big-endian)",
  ],
  ["Latin-1", (text) => Buffer.from(text, "latin1"), "read as Latin-1"],
];

test.each(encodings)("%s is read", (_, encode, note) => {
  const { name, values, notes } = read(encode("Größe;x\n1;2\n3;4\n"), { column: "Größe" });
  expect([name, ...values]).toEqual(["Größe", 1, 3]);
  if (note) expect(notes).toContain(note);
});

test("what is no CSV at all is named", () => {
  const cases: [string | Uint8Array, RegExp][] = [
    ["PK\u0003\u0004abc", /Excel workbook: unpack it, or save its sheet/],
    [Uint8Array.of(0x1f, 0x8b, 8, 0), /compressed: unpack it with gunzip/],
    ["<!DOCTYPE html>\n<html>", /a page or XML: download the data file itself/],
    [Uint8Array.of(97, 44, 98, 10, 0, 0, 0, 0), /bytes of value 0/],
  ];
  for (const [content, message] of cases) expect(() => read(content)).toThrow(message);
});

test("names: spaces around them, twice, numbered, in a second row", () => {
  expect([...read(" a , b \n1 , 2\n", { column: "b" }).values]).toEqual([2]);
  const twice = "Close,Close\n1,2\n";
  expect(() => read(twice, { column: "Close" })).toThrow(/as 2 are called: say #1 or #2/);
  expect([...read(twice, { column: "#2" }).values]).toEqual([2]);
  const same = read("v,v\n1,1\n2,2\n", { column: "v" });
  expect([[...same.values], same.notes[0]]).toEqual([
    [1, 2],
    '2 columns "v" with the same cells: the first is taken',
  ]);
  expect(() => read("a,b\n1,2\n", { column: "A" })).toThrow(/got "A"; did you mean a\?/);

  const rows = "2020-01-02,72.7,160.6\n2020-01-03,72.0,158.6\n";
  const yfinance = `Price,Close,Close\nTicker,AAPL,MSFT\nDate,,\n${rows}`;
  const { values, at, name, notes } = read(yfinance, { column: "Close MSFT" });
  expect([[...values], at, name]).toEqual([
    [160.6, 158.6],
    ["2020-01-02", "2020-01-03"],
    "Close MSFT",
  ]);
  expect(notes).toContain("2 further rows of names understood as such (Ticker, AAPL, MSFT; Date)");
  expect(() => read(yfinance, { column: "Close" })).toThrow(/say "Close AAPL" or "Close MSFT"/);
  const units = read("date,temp\nUTC,°C\n2020-01-02,5\n2020-01-03,6\n", { column: "temp" });
  expect([...units.values]).toEqual([5, 6]);
});

test("the one column of numbers needs no name", () => {
  expect([...read("date,kind,value\n2020-01-01,a,5\n2020-01-02,b,6\n").values]).toEqual([5, 6]);
  expect([...read(",value\n0,5\n1,6\n2,9\n").values]).toEqual([5, 6, 9]);
  expect([...read("1.5\n2.5\n").values]).toEqual([1.5, 2.5]);
  expect(() => read("date,a,b\n2020-01-01,5,6\n")).toThrow('expected one of "a", "b", got none');
});

test("several series one below another are refused, by the column that tells them apart", () => {
  const rows = ["A", "B"].flatMap((name) =>
    [1, 2, 3].map((day) => `2020-01-0${day},${name},${day}`),
  );
  expect(() => read(`date,Name,close\n${rows.join("\n")}\n`)).toThrow(
    'expected one series, got 2, by "Name" ("A", "B"): keep the rows of one',
  );
  expect(() => read("a,b\nx,y\nz,y\n")).toThrow('expected a column of numbers, got "a", "b"');
});

test("titles, comments and sep= before the names, notes and sums after the numbers are left out", () => {
  const table = "Date,Close,Volume\n2020-01-01,5,1\n2020-01-02,6,2\n";
  const cases: [string, RegExp][] = [
    [`# by somebody\n# unit: ppm\n${table}`, /^2 lines with # before the names left out/],
    [
      `Data Source,World Bank,\n\nLast Updated\n${table}`.replace(
        "Data Source,World Bank,",
        "Data Source",
      ),
      /^2 rows before the names left out \("Data Source"\)/,
    ],
    [
      `${table}\nSource: World Bank\n`,
      /^1 row after the numbers left out \("Source: World Bank"\)/,
    ],
    [`${table}Total,11,3\n`, /^1 row after the numbers left out \("Total 11 3"\)/],
    [
      `${table}up to now,11,3\nand more,12,4\n`,
      /^2 rows without a date after the numbers left out/,
    ],
    [`sep=,\n${table}`, /^2020-01-01/],
  ];
  for (const [text, note] of cases) {
    const { values, notes } = read(text, { column: "Close" });
    expect([...values]).toEqual([5, 6]);
    if (!text.startsWith("sep"))
      expect(notes).toEqual(expect.arrayContaining([expect.stringMatching(note)]));
  }
});

test("a row of more cells than names is refused: an unquoted thousands comma moves all that follow", () => {
  expect(() => read("date,close\n2020-01-01,1,234\n2020-01-02,950\n", { column: "close" })).toThrow(
    /expected 2 cells in row 2, as there are names, got 3: put numbers with commas in them between quotes/,
  );
});

/** Ways to write numbers with two decimals. */
const dialects = {
  plain: (x: string) => x,
  "thousands commas": (x: string) => grouped(x, ","),
  dollars: (x: string) =>
    x.startsWith("-") ? `-$${grouped(x.slice(1), ",")}` : `$${grouped(x, ",")}`,
  German: (x: string) => grouped(x.replace(".", "!"), ".").replace("!", ","),
  French: (x: string) => grouped(x.replace(".", "!"), "\u202f").replace("!", ","),
  Swiss: (x: string) => grouped(x, "’"),
  percent: (x: string) => `${x}%`,
  accounting: (x: string) =>
    x.startsWith("-") ? `(${grouped(x.slice(1), ",")})` : grouped(x, ","),
};

function grouped(x: string, mark: string): string {
  const [whole = "", rest = ""] = x.split(/(?=[.!])/);
  return whole.replace(/\B(?=(\d{3})+$)/g, mark) + rest;
}

test("a series written in any dialect and encoding reads back as the same numbers", () => {
  const cents = fc.array(fc.integer({ min: -1e9, max: 1e9 }), { minLength: 1, maxLength: 30 });
  const options = {
    cents,
    dialect: fc.constantFrom(...(Object.keys(dialects) as (keyof typeof dialects)[])),
    delimiter: fc.constantFrom(",", ";", "\t", "|"),
    encode: fc.constantFrom(...encodings.slice(0, 6).map(([, encode]) => encode)),
    newline: fc.constantFrom("\n", "\r\n", "\r"),
    space: fc.constantFrom("", " "),
  };
  fc.assert(
    fc.property(fc.record(options), ({ cents, dialect, delimiter, encode, newline, space }) => {
      const written = cents.map((x) => dialects[dialect]((x / 100).toFixed(2)));
      const rows = written.map((cell, i) => `row ${i}${delimiter}"${space}${cell}${space}"`);
      const text = [`name${delimiter}v`, ...rows, ""].join(newline);
      const { values } = read(encode(text), { column: "v" });
      expect([...values]).toEqual(
        cents.map((x) => Number((x / 100).toFixed(2)) || 0).map((x) => x + 0),
      );
    }),
    { numRuns: 300 },
  );
});

test("bytes that come from anywhere are read or refused as a usage error", () => {
  const cell = fc.oneof(
    fc.constantFrom(
      "1",
      "-2,5",
      "$3",
      "x",
      "",
      "2020-01-01",
      "3/4/20",
      "%",
      "#",
      '"',
      "Total",
      "1.234",
      "(",
      "NaN",
    ),
    fc.string({ maxLength: 6 }),
  );
  const row = fc.array(cell, { maxLength: 4 }).map((cells) => cells.join(","));
  const text = fc.array(row, { maxLength: 8 }).map((rows) => rows.join("\n"));
  fc.assert(
    fc.property(text, fc.option(cell, { nil: undefined }), (content, name) => {
      try {
        const { values, at } = read(content, { column: name });
        expect(values.every(Number.isFinite)).toBe(true);
        expect(at.length).toBe(values.length);
      } catch (error) {
        expect(error).toBeInstanceOf(UsageError);
        expect((error as Error).message).not.toMatch(/\n|undefined|null/);
      }
    }),
    { numRuns: 500 },
  );
});
