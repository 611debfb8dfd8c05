import { expect, test } from "vitest";

/** A public function that takes options, or one of the ways to call it. */
export interface TakesOptions {
  /** How its errors name it. */
  who: string;
  /** The names that it knows; none: any. */
  names: readonly string[];
  /** What they are names of. Default *options*. */
  kind?: string;
  /** Calls it with arguments that it accepts, and with these options; may be asynchronous. */
  call: (options: never) => unknown;
  /** Options that it does not do without. */
  required?: object;
  /** A list in the place of options is something else, which it accepts. */
  takesLists?: true;
  /** *null* is as good as nothing to it. */
  takesNull?: true;
}

class Instance {
  readonly shape = [2, null];
}

/** What is no object of options, and how an error shows it. */
const others: readonly (readonly [unknown, string])[] = [
  [64, "64"],
  [[64, null], "[64, null]"],
  ["adam", '"adam"'],
  [null, "null"],
  [true, "true"],
  [() => 0, "a function"],
  [new Map(), "an instance of Map"],
  [new Instance(), "an instance of Instance of shape [2, null]"],
];

/**
 * Tests that every function of **api** that takes options refuses what it does not understand and names the
 * nearest option. **table** says of each export how it is called, or *null* where it takes no options: an
 * export that is missing there fails.
 */
export function testOptions(
  api: object,
  table: Readonly<Record<string, TakesOptions | readonly TakesOptions[] | null>>,
): void {
  test("every export takes options that are checked, or none", () => {
    expect(Object.keys(table).sort()).toEqual(Object.keys(api).sort());
  });

  for (const [name, entry] of Object.entries(table)) {
    for (const { who, names, kind = "options", required, call, takesLists, takesNull } of entry ===
    null
      ? []
      : [entry].flat()) {
      const refusal = async (options: unknown): Promise<string> => {
        try {
          await call(options as never);
        } catch (error) {
          return (error as Error).message;
        }
        return "accepted";
      };

      test(`${name}: ${who} refuses what is no object of ${kind}`, async () => {
        for (const [value, shown] of others) {
          if (takesLists ? Array.isArray(value) : takesNull && value === null) continue;
          const message = await refusal(value);
          expect(message).toMatch(`${who}: expected an object of ${kind} such as { `);
          expect(message).toMatch(`, got ${shown}`);
        }
      });

      if (names.length === 0) continue;
      test(`${name}: ${who} refuses an option of a kind that none is of`, async () => {
        const wrong: string[] = [];
        for (const known of names) {
          const message = await refusal({ ...required, [known]: /x/ });
          const words = message.toLowerCase().replaceAll(" ", "");
          const isNamed = words.includes(known.toLowerCase()) || message.includes(` ${kind} `);
          if (!isNamed || !/expected|must be|requires|valid/i.test(message)) {
            wrong.push(`${known}: ${message}`);
          }
        }
        expect(wrong).toEqual([]);
      });

      test(`${name}: ${who} names the nearest of its ${kind}`, async () => {
        for (const known of names) {
          for (const typo of typosOf(known)) {
            if (names.includes(typo)) continue;
            const message = await refusal({ [typo]: 1 });
            expect(message).toMatch(`${who}: expected ${kind} `);
            expect(message).toMatch(`, got ${typo}; did you mean ${known}?`);
          }
        }
        const message = await refusal({ qqqqqq: 1 });
        expect(message).toMatch(`${who}: expected ${kind} ${names[0]}`);
        expect(message).toMatch(/, got qqqqqq$/);
      });
    }
  }
}

/** As Python writes it, in small letters, with a letter twice, with the first two changed about. */
function typosOf(name: string): string[] {
  const middle = Math.floor(name.length / 2);
  return [
    name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    name.toLowerCase(),
    name.slice(0, middle) + name.slice(middle - 1),
    name.slice(1, 2) + name.slice(0, 1) + name.slice(2),
  ].filter((typo) => typo !== name);
}
