import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, describe, expect, type TestContext, test } from "vitest";
import { type Outcome, outcomeOf, twoStates } from "../keras-case.fixture.ts";
import { ours } from "../keras-json.fixture.ts";
import { bareStock, stockLayers } from "../layers/stock-layers.fixture.ts";
import { prepare } from "../prepare.ts";
import type { Argument, Recorded } from "./keras-argument.fixture.ts";
import { aroundSections } from "./keras-around-arguments.fixture.ts";
import { recurrentSections } from "./keras-recurrent-arguments.fixture.ts";

/*
 * Each argument of Keras 3.15.1's recurrent layers, with the same check on this package's layers and on
 * stock tfjs-layers 4.22's. What stock does instead is recorded beside the argument, and seen here. These
 * results are the tables of FEATURES.md: `node scripts/features.mjs` writes them.
 */

declare module "vitest" {
  interface TaskMeta {
    kerasArgument?: Pick<Argument, "name" | "keras" | "of" | "note"> & {
      section: string;
      kind: string;
      by: "rnnkit" | "stock";
      outcome: Outcome;
      /** In words; where the outcome is Keras's, a limit. */
      how?: string | undefined;
    };
  }
}

beforeEach(async () => {
  await tf.setBackend("cpu");
  // Stock's orthogonal initializer needs it in plain Node.
  prepare();
  tf.engine().startScope();
});
afterEach(() => tf.engine().endScope());

const asInKeras = ["as in Keras"] as const;
/** What is recorded of one class: for all of them, or for each. */
function recorded(stock: Argument["stock"], kind: string): Recorded {
  if (stock === undefined) return asInKeras;
  return Array.isArray(stock)
    ? (stock as unknown as Recorded)
    : ((stock as Record<string, Recorded>)[kind] ?? asInKeras);
}

const apis = {
  rnnkit: { ...ours, ...twoStates },
  stock: { ...stockLayers, ...twoStates },
  bare: { ...bareStock, ...twoStates },
};

describe.each([...recurrentSections, ...aroundSections])("$title", ({ title, arguments: rows }) => {
  for (const { check, stock, rnnkit = asInKeras, bare, limit, ...row } of rows) {
    for (const kind of row.of) {
      const both = { rnnkit, stock: recorded(stock, kind) };
      for (const [by, [outcome, how]] of Object.entries(both) as ["rnnkit", Recorded][]) {
        test(`${kind}, ${row.name}: ${by}, ${outcome}`, async ({ task }: TestContext) => {
          const api = apis[by !== "rnnkit" && bare ? "bare" : by];
          const [got, error] = await outcomeOf(check(kind), api);
          expect(got, `${error}`).toBe(outcome);
          const seen = {
            kind,
            by,
            outcome: got,
            how: how ?? (by === "rnnkit" ? limit : undefined),
          };
          task.meta.kerasArgument = { ...row, section: title, ...seen };
        });
      }
    }
  }
});
