import fc from "fast-check";
import { expect, test } from "vitest";
import {
  backends,
  bandKinds,
  cells,
  dateOrders,
  decimalMarks,
  defaults,
  isWithin,
  type NumberName,
  queryOf,
  ranges,
  type Settings,
  settingsFrom,
  tasks,
} from "./settings.ts";

const names = Object.keys(ranges) as NumberName[];

const anySettings: fc.Arbitrary<Settings> = fc.record({
  task: fc.constantFrom(...tasks),
  cell: fc.constantFrom(...cells),
  backend: fc.constantFrom(...backends),
  bands: fc.constantFrom(...bandKinds),
  column: fc.string(),
  features: fc.string(),
  decimal: fc.constantFrom(...decimalMarks),
  dates: fc.constantFrom(...dateOrders),
  ...(Object.fromEntries(
    names.map((name) => {
      const { least: min, most: max, isWhole } = ranges[name];
      return [name, isWhole ? fc.integer({ min, max }) : fc.double({ min, max, noNaN: true })];
    }),
  ) as Record<NumberName, fc.Arbitrary<number>>),
});

test("settings come back from the address that says them, whatever they are", () => {
  fc.assert(
    fc.property(anySettings, (settings) => {
      expect(settingsFrom(queryOf(settings))).toEqual({ settings, faults: [] });
    }),
  );
});

test("an address says no more than what is not a default", () => {
  expect(queryOf(defaults.reviews)).toBe("?task=reviews");
  expect(queryOf({ ...defaults.sine, cell: "gru", units: 8 })).toBe("?task=sine&cell=gru&units=8");
});

test("any address gives settings that can be, and each value that cannot is told of once", () => {
  const anyValue = fc.oneof(fc.string(), fc.double().map(String), fc.integer().map(String));
  const anyName = fc.constantFrom("task", "cell", "backend", "bands", ...names);
  fc.assert(
    fc.property(fc.dictionary(anyName, anyValue), (params) => {
      const { settings, faults } = settingsFrom(`?${new URLSearchParams(params)}`);
      for (const name of names) expect(isWithin(settings[name], ranges[name])).toBe(true);
      for (const [name, got] of Object.entries(params)) {
        const taken = String(settings[name as keyof Settings]);
        const isTaken = taken === got || (got.trim() !== "" && Number(taken) === Number(got));
        const told = faults.filter((fault) => fault.name === name);
        expect(told).toEqual(isTaken ? [] : [{ name, got, taken }]);
      }
    }),
  );
});

test("a name that no setting has, and one said twice, are told of", () => {
  const { settings, faults } = settingsFrom("?epoch=3&lang=zh&units=5&units=6&seed=-1&seed=9");
  expect(settings).toEqual({ ...defaults.sine, units: 5 });
  expect(faults).toEqual([
    { name: "seed", got: "-1", taken: "42" },
    { name: "epoch", got: "3", taken: null },
    { name: "units", got: "6", taken: "5" },
    { name: "seed", got: "9", taken: "42" },
  ]);
});

test("every task's defaults can be", () => {
  for (const task of tasks)
    for (const name of names) expect(isWithin(defaults[task][name], ranges[name])).toBe(true);
});
