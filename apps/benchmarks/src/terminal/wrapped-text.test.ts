import fc from "fast-check";
import { expect, test } from "vitest";
import { wrapped } from "./wrapped-text.ts";

test("lines are indented and no longer than 96, and hold every word in order", () => {
  const word = fc.stringMatching(/^[a-z]{1,40}$/);
  fc.assert(
    fc.property(fc.array(word, { maxLength: 80 }), (words) => {
      const lines = wrapped(words.join(" "));
      for (const line of lines) expect(line).toMatch(/^ {2}\S.{0,93}$/);
      expect(lines.flatMap((line) => line.trim().split(" "))).toEqual(words);
      // No word that would have fitted the line before it.
      lines.slice(1).forEach((line, i) => {
        const first = line.trim().split(" ")[0] as string;
        expect((lines[i] as string).length + 1 + first.length).toBeGreaterThan(96);
      });
    }),
  );
});
