import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readColumn } from "./csv-file.ts";
import { UsageError } from "./usage-error.ts";

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

test("what cannot be used is a usage error that says why, on one line", () => {
  const good = fileWith("a,b\n1,2\n");
  const cases: [string, string | undefined, RegExp][] = [
    [join(folder, "absent.csv"), "a", /cannot read .*absent\.csv.*ENOENT/],
    [folder, "a", /cannot read .*EISDIR/],
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
