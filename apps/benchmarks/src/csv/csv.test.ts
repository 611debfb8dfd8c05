import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { UsageError } from "../terminal/usage-error.ts";
import { readColumn } from "./csv-file.ts";

const folder = mkdtempSync(join(tmpdir(), "rnnkit-csv-"));

function fileWith(text: string): string {
  const path = join(folder, `${Math.random()}.csv`);
  writeFileSync(path, text);
  return path;
}

test("a column is read by name: quotes, byte order mark, CRLF, exponents", () => {
  const path = fileWith('\uFEFF"a","the value"\r\n1,"2.5"\r\n2,-1e3\r\n');
  expect([...readColumn(path, { column: "the value" }).values]).toEqual([2.5, -1000]);
});

test("semicolons and tabs separate too", () => {
  expect([...readColumn(fileWith("a;b\n1;2\n3;4\n"), { column: "b" }).values]).toEqual([2, 4]);
  expect([...readColumn(fileWith("a\tb\n1\t2\n"), { column: "b" }).values]).toEqual([2]);
});

test("a gap takes the value before it; gaps before the first number are dropped", () => {
  const { values, gapsFilled } = readColumn(fileWith("x,y\n1,\n2,NA\n3,7\n4,\n5,nan\n6,8\n"), {
    column: "y",
  });
  expect([...values]).toEqual([7, 7, 7, 8]);
  expect(gapsFilled).toBe(2);
});

test("further columns keep step with the first: its rows and its order, gaps filled from before alone", () => {
  const rows = ["2020-01-05,5,,x", "2020-01-04,,40,x", "2020-01-03,3,,x", "2020-01-02,2,20,x"];
  const path = fileWith(
    `date,y,a b,c\n${[...rows, "2020-01-01,1,,x", "2019-12-31,,10,x"].join("\n")}\n`,
  );
  const { values, gapsFilled, at, features, notes } = readColumn(path, {
    column: "y",
    features: ["a b"],
  });
  // The first day has no y. The second none of its own of a b, but one from before.
  expect(at).toEqual(["2020-01-01", "2020-01-02", "2020-01-03", "2020-01-04", "2020-01-05"]);
  expect([[...values], gapsFilled]).toEqual([[1, 2, 3, 3, 5], 1]);
  expect(features).toEqual([{ name: "a b", values: Float64Array.of(10, 20, 20, 40, 40) }]);
  expect(notes).toContain("3 missing values of a b replaced by the value before");
  const late = readColumn(path, { column: "a b", features: ["y"] });
  // Before its first y there is nothing to fill in, and the last row without an a b is none of it.
  expect([late.at[0], late.at.at(-1)]).toEqual(["2020-01-01", "2020-01-04"]);
  expect([[...late.values], [...late.features[0]!.values]]).toEqual([
    [10, 20, 20, 40],
    [1, 2, 3, 3],
  ]);
  const never = fileWith("date,y,a,b\n2020-01-01,1,,\n2020-01-02,2,,\n2020-01-03,,,4\n");
  for (const name of ["a", "b"]) {
    expect(() => readColumn(never, { column: "y", features: [name] })).toThrow(
      `--features: expected numbers of ${name} before the last of y`,
    );
  }
  expect(() => readColumn(path, { column: "y", features: ["c"] })).toThrow(
    '--features c: expected a number in row 2, got "x"',
  );
});

test("names without or with another's are offered by their place, as --column takes them", () => {
  const path = fileWith("date,price,price,\n2020-01-01,1,2,3\n2020-01-02,2,3,9\n");
  expect(() => readColumn(path, {})).toThrow(
    '--column: expected one of #2 ("price"), #3 ("price"), #4, got none',
  );
  expect([...readColumn(path, { column: "#3" }).values]).toEqual([2, 3]);
});

test("a name is what may be printed: line ends and control characters in it are shown", () => {
  const path = fileWith('date,"price\nEUR",\u001b[31mred\n2020-01-01,1,2\n2020-01-02,2,3\n');
  const read = readColumn(path, { column: "price\nEUR", features: ["\u001b[31mred"] });
  expect([read.name, read.features[0]?.name]).toEqual(["price EUR", "\\u001b[31mred"]);
  // So is what is given, which may come from the terminal's own output.
  expect(readColumn(path, { column: "price EUR" }).name).toBe("price EUR");
});

test("the usual column is taken where nobody says another and the file has it", () => {
  const path = fileWith("date,open,close\n2020-01-01,1,2\n2020-01-02,2,3\n");
  expect(readColumn(path, { usualColumn: "close" }).name).toBe("close");
  expect(readColumn(path, { usualColumn: "close", column: "open" }).name).toBe("open");
  expect(() => readColumn(path, { usualColumn: "low" })).toThrow(/expected one of "open", "close"/);
});

test("what cannot be used is a usage error that says why, on one line", () => {
  const good = fileWith("a,b\n1,2\n");
  const cases: [string, string | undefined, RegExp][] = [
    [join(folder, "absent.csv"), "a", /cannot read .*absent\.csv: there is no such file/],
    [folder, "a", /cannot read .*: it is a folder/],
    [good, "c", /expected one of "a", "b", got "c"/],
    [good, undefined, /expected one of "a", "b", got none/],
    [fileWith("a\n1\n2 apples\n"), "a", /expected a number in row 3, got "2 apples"/],
    [fileWith("a\n1\nInfinity\n"), "a", /row 3, got "Infinity"/],
    [fileWith("a,b\n"), "a", /expected a row of names and rows of numbers/],
    [fileWith(""), "a", /expected a row of names/],
    [fileWith('a\n"1\n'), "a", /is not CSV/],
    [fileWith("\u001b[31mred\n1\n"), "a", /"\\u001b\[31mred"/],
  ];
  for (const [path, column, message] of cases) {
    const read = () => readColumn(path, { column });
    expect(read).toThrow(UsageError);
    expect(read).toThrow(message);
    expect(read).not.toThrow(/\n/);
  }
});
