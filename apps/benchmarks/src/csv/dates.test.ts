import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { readColumn } from "./csv-file.ts";

const path = join(mkdtempSync(join(tmpdir(), "rnnkit-dates-")), "file.csv");

function read(
  dates: readonly string[],
  options = {},
  values: readonly string[] = dates.map((_, i) => String(i)),
) {
  writeFileSync(
    path,
    `when\tvalue\n${dates.map((date, i) => `${date}\t${values[i]}`).join("\n")}\n`,
  );
  return readColumn(path, { column: "value", ...options });
}

const written: [string[], string[]][] = [
  [
    ["2020-01-31", "2020-02-01"],
    ["2020-01-31", "2020-02-01"],
  ],
  [
    ["2020/1/31", "2020/2/1"],
    ["2020-01-31", "2020-02-01"],
  ],
  [
    ["20200131", "20200201"],
    ["2020-01-31", "2020-02-01"],
  ],
  [
    ["2020-01", "2020-02"],
    ["2020-01-01", "2020-02-01"],
  ],
  [
    ["01/2020", "02/2020"],
    ["2020-01-01", "2020-02-01"],
  ],
  [
    ["2020M01", "2020M02"],
    ["2020-01-01", "2020-02-01"],
  ],
  [
    ["2020-Q1", "2020-Q4"],
    ["2020-01-01", "2020-10-01"],
  ],
  [
    ["Q1 2020", "Q4 2020"],
    ["2020-01-01", "2020-10-01"],
  ],
  [
    ["31.01.2020", "01.02.2020"],
    ["2020-01-31", "2020-02-01"],
  ],
  [
    ["31/01/20", "01/02/20"],
    ["2020-01-31", "2020-02-01"],
  ],
  [
    ["1/31/99", "2/1/99"],
    ["1999-01-31", "1999-02-01"],
  ],
  [
    ["Jan 31, 2020", "Feb 1, 2020"],
    ["2020-01-31", "2020-02-01"],
  ],
  [
    ["31 January 2020", "1 February 2020"],
    ["2020-01-31", "2020-02-01"],
  ],
  [
    ["31-Jan-20", "01-Feb-20"],
    ["2020-01-31", "2020-02-01"],
  ],
  [
    ["Fri, 31 Jan 2020", "Sat, 1 Feb 2020"],
    ["2020-01-31", "2020-02-01"],
  ],
  [
    ["Jan 2020", "Feb 2020"],
    ["2020-01-01", "2020-02-01"],
  ],
  [
    ["Jan-20", "Feb-20"],
    ["2020-01-01", "2020-02-01"],
  ],
  [
    ["2020-01-31 23:30", "2020-02-01T00:00:00"],
    ["2020-01-31T23:30:00Z", "2020-02-01T00:00:00Z"],
  ],
  [
    ["1/31/2020 1:30 PM", "2/1/2020 12:30 AM"],
    ["2020-01-31T13:30:00Z", "2020-02-01T00:30:00Z"],
  ],
  [
    ["2020-01-31 00:00:00-05:00", "2020-07-01 00:00:00-04:00"],
    ["2020-01-31", "2020-07-01"],
  ],
  [
    ["2020-01-31T09:30:00+01:00", "2020-01-31T08:45:00Z"],
    ["2020-01-31T08:30:00Z", "2020-01-31T08:45:00Z"],
  ],
];

test.each(written)("%j are dates", (dates, labels) => {
  const { at, axis } = read(dates);
  expect([at, axis]).toEqual([labels, { label: "when", kind: "date" }]);
});

test("a newest-first file is put in time order and says so, as does one in no order", () => {
  const forwards = read(["2020-01-01", "2020-01-02", "2020-01-03"], {}, ["1", "2", "3"]);
  const backwards = read(["2020-01-03", "2020-01-02", "2020-01-01"], {}, ["3", "2", "1"]);
  expect(backwards).toEqual({
    ...forwards,
    notes: ["newest first in the file: put in time order", ...forwards.notes],
  });
  const mixed = read(["2020-01-02", "2020-01-03", "2020-01-01"], {}, ["2", "3", "1"]);
  expect([...mixed.values]).toEqual([1, 2, 3]);
  expect(mixed.notes[0]).toBe("not in time order in the file: put in time order");
});

test("a gap takes the value that was before it in time, whichever way the file goes", () => {
  const days = ["2020-01-03", "2020-01-02", "2020-01-01"];
  expect([...read(days, {}, ["5", "?", "7"]).values]).toEqual([7, 7, 5]);
});

test("day or month first: by a number above 12, by even steps, by --dates, else refused", () => {
  expect(read(["1/2/2020", "13/2/2020"]).notes[0]).toBe(
    "dates such as 1/2/2020 read with the day first",
  );
  expect(read(["1/2/2020", "1/13/2020"]).notes[0]).toBe(
    "dates such as 1/2/2020 read with the month first",
  );
  const monthly = [...Array(14).keys()].map(
    (i) => `${1 + (i % 12)}/1/${2020 + Math.floor(i / 12)}`,
  );
  expect(read(monthly).at.slice(0, 2)).toEqual(["2020-01-01", "2020-02-01"]);
  expect(read(monthly).notes[0]).toMatch(/month first, so that they are evenly spaced/);
  const open = ["1/2/2020", "3/4/2020", "5/7/2020"];
  expect(() => read(open)).toThrow(/row 2, got "1\/2\/2020": say --dates dmy or --dates mdy/);
  expect(read(open, { dates: "dmy" }).at[0]).toBe("2020-02-01");
  expect(() => read(["13/2/2020", "2/13/2020"])).toThrow(
    /the day before the month, as the others in row 3/,
  );
  expect(() => read(["13/2/2020", "30/2/2020", "1/3/2020", "2/3/2020", "3/3/2020"])).toThrow(
    /a date that exists.*row 3, got "30\/2\/2020"/,
  );
});

test("a row without a date among dates is refused with its place", () => {
  const days = [...Array(9).keys()].map((i) => `2020-01-0${i + 1}`);
  days[4] = "soon";
  expect(() => read(days)).toThrow(
    /when: expected a date written as "2020-01-01" in row 6, got "soon"/,
  );
});

test("steps, longer steps and repeated times are said", () => {
  const note = (dates: string[]) => read(dates).notes;
  const days = ["2020-01-01", "2020-01-02", "2020-01-03", "2020-01-04"];
  expect(note(days)).toEqual(["2020-01-01 to 2020-01-04, 1 day apart"]);
  expect(note([...days, "2020-01-09"])[0]).toBe(
    "2020-01-01 to 2020-01-09, 1 day apart but for 1 longer step, up to 5 days (after 2020-01-04): nothing is put between",
  );
  expect(note(["2020-01", "2020-02", "2020-03", "2020-06"])[0]).toMatch(
    /1 month apart but for 1 longer step, up to 3 months/,
  );
  expect(note(["2020-01-31", "2020-02-29", "2020-03-31"])).toEqual([
    "2020-01-31 to 2020-03-31, 1 month apart",
  ]);
  expect(note([...days, "2020-01-04"])).toContain(
    "1 row has the time of the row before (first: 2020-01-04): all kept",
  );
});

test("a column of times that is not understood is named", () => {
  expect(read(["01/20", "02/20"]).notes).toEqual([
    "no dates found: rows taken in the file's order, oldest first",
  ]);
  writeFileSync(path, "date,v\n01/20,5\n02/20,6\n");
  expect(readColumn(path).notes).toEqual([
    'no dates found (not understood: "01/20" of date): rows taken in the file\'s order, oldest first',
  ]);
});

test("hours beside dates, years beside months, and numbers named as times are the time too", () => {
  const of = (text: string) => {
    writeFileSync(path, text);
    return readColumn(path, { column: "v" });
  };
  // The table of a well-known file of air quality.
  expect(
    of("Date;Time;v\n10/03/2004;19.00.00;2,5\n10/03/2004;18.00.00;1,5\n13/03/2004;1.00.00;3,5\n")
      .at,
  ).toEqual(["2004-03-10T18:00:00Z", "2004-03-10T19:00:00Z", "2004-03-13T01:00:00Z"]);
  expect(of("day,hr,v\n2011-01-01,0,1\n2011-01-01,1,2\n").at[1]).toBe("2011-01-01T01:00:00Z");
  expect(of("year,month,v\n2020,2,5\n2020,1,6\n").values).toEqual(Float64Array.of(6, 5));
  expect(of("YEAR,v\n1701,2\n1700,1\n")).toMatchObject({
    at: [1700, 1701],
    axis: { label: "YEAR", kind: "number" },
  });
  expect(of("timestamp,v\n1577923200,2\n1577836800,1\n").at).toEqual(["2020-01-01", "2020-01-02"]);
});

const DAY = 86_400_000;
const forms: ((date: Date) => string)[] = [
  (date) => date.toISOString().slice(0, 10),
  (date) => date.toISOString(),
  (date) => date.toISOString().slice(0, 10).replaceAll("-", ""),
  (date) => date.toISOString().slice(0, 10).split("-").reverse().join("."),
  (date) => date.toUTCString().slice(0, 16),
  (date) =>
    `${["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"][date.getUTCMonth()]} ${date.getUTCDate()}, ${date.getUTCFullYear()}`,
];

test("dates in any form label what stands beside them, and reversing the rows changes nothing", () => {
  const days = fc.uniqueArray(fc.integer({ min: 0, max: 20_000 }), { minLength: 3, maxLength: 30 });
  const cell = fc.oneof(fc.integer().map(String), fc.constantFrom("?", "N/A", "$5", "1.5e3"));
  fc.assert(
    fc.property(days, fc.constantFrom(...forms), fc.infiniteStream(cell), (chosen, form, cells) => {
      const stream = cells[Symbol.iterator]();
      const values = chosen.map((_, i) => (i === 0 ? "7" : (stream.next().value as string)));
      const dates = chosen.map((day) => form(new Date(day * DAY)));
      const one = read(dates, {}, values);
      const other = read(dates.toReversed(), {}, values.toReversed());
      const without = ({ notes, ...column }: typeof one) => ({
        ...column,
        notes: notes.filter((note) => !/in the file|read as numbers/.test(note)),
      });
      expect(without(other)).toEqual(without(one));
      expect(one.at).toEqual(one.at.toSorted());
      for (const [i, day] of chosen.entries()) {
        const at = one.at.indexOf(new Date(day * DAY).toISOString().slice(0, 10));
        if (at >= 0 && /^-?\d+$/.test(values[i] as string))
          expect(one.values[at]).toBe(Number(values[i]));
      }
    }),
    { numRuns: 200 },
  );
});
