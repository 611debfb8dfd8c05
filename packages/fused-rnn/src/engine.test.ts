import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import { composedEngine } from "./composed.ts";
import { shapeOf } from "./conformance/call.fixture.ts";
import { chooseEngine, type Engine, type EngineCall } from "./engine.ts";
import { bidirectional, gru, lstm } from "./index.ts";
import { addEngine } from "./recurrent.ts";

beforeAll(() => tf.setBackend("cpu"));
afterEach(() => vi.restoreAllMocks());

const x = tf.ones([2, 3, 4]);
const weights = { kernel: tf.ones([4, 20]), recurrentKernel: tf.ones([5, 20]) };
const gates = { kernel: tf.ones([4, 15]), recurrentKernel: tf.ones([5, 15]) };

/** An engine that runs LSTMs alone, and counts them. */
function lstms(name: string): Engine & { runs: number } {
  return {
    ...composedEngine,
    name,
    runs: 0,
    refuses: ({ cell }) => (cell === "lstm" ? undefined : `${name} has no ${cell}`),
    forward(calls: readonly EngineCall[]) {
      this.runs += calls.length;
      return composedEngine.forward(calls);
    },
  };
}

test("a call goes to the first engine that does not refuse it, with the reasons of those before", () => {
  const [one, two] = [lstms("one"), lstms("two")];
  const engines = [one, two, composedEngine];
  expect(chooseEngine(engines, shapeOf("lstm"), "cpu")).toEqual({ engine: one, reasons: [] });
  expect(chooseEngine(engines, shapeOf("gruAfter"), "cpu")).toEqual({
    engine: composedEngine,
    reasons: ["one has no gruAfter", "two has no gruAfter"],
  });
  expect(() => chooseEngine([one, two], shapeOf("simpleRnn"), "cpu")).toThrow(
    "fused-rnn: expected an engine for simpleRnn, got none: one has no simpleRnn; two has no simpleRnn",
  );
});

test("an engine asks for the shape of the call, and the backend", () => {
  const asked: unknown[] = [];
  const remove = addEngine({
    ...composedEngine,
    refuses: (...given) => void asked.push(given),
  });
  lstm(x, weights, { returnSequences: false });
  remove();
  const sizes = { B: 2, T: 3, I: 4, H: 5 };
  expect(asked).toEqual([[shapeOf("lstm", { ...sizes, returnSequences: false }), "cpu"]]);
});

test("an engine added in front runs what it does not refuse, and is gone when it is taken away", () => {
  const [before, added, front] = [lstm(x, weights), lstms("added"), lstms("front")];
  const remove = addEngine(added);
  lstm(x, weights);
  expect(added.runs).toBe(1);
  gru(x, gates);
  expect(added.runs).toBe(1);
  const removeFront = addEngine(front);
  bidirectional("lstm", x, [weights, weights]);
  expect([front.runs, added.runs]).toEqual([2, 1]);
  remove();
  remove();
  lstm(x, weights);
  expect([front.runs, added.runs]).toEqual([3, 1]);
  removeFront();
  const after = lstm(x, weights);
  expect([front.runs, added.runs]).toEqual([3, 1]);
  expect(after.outputs.dataSync()).toEqual(before.outputs.dataSync());
});

test("why a call is composed is said once", () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const gelu = { activation: "gelu" } as const;
  for (let call = 0; call < 3; call++) lstm(x, weights, gelu);
  bidirectional("lstm", x, [weights, weights], [gelu, gelu]);
  expect(warn.mock.calls).toEqual([
    [
      "lstm: composed of tfjs operations, which is slow, because gelu/sigmoid is not a fused activation",
    ],
  ]);
  const remove = addEngine({ ...lstms("none"), refuses: () => "none runs nothing" });
  lstm(x, weights, gelu);
  gru(x, gates, gelu);
  lstm(x, weights);
  remove();
  expect(warn.mock.calls.slice(1)).toEqual([
    [
      "lstm: composed of tfjs operations, which is slow, because none runs nothing; gelu/sigmoid is not a fused activation",
    ],
  ]);
});

test("an engine that composes by choice, refused by none, has nothing to say", () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const remove = addEngine(composedEngine);
  lstm(x, weights);
  remove();
  expect(warn).not.toHaveBeenCalled();
});
