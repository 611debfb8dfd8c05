import { expect, test } from "vitest";
import { printable } from "./printable.ts";

test("whatever a file holds prints on one line and cannot steer the terminal", () => {
  expect(printable("a\n  b\r\n\u001b[31mc\u009b")).toBe("a b \\u001b[31mc\\u009b");
});
