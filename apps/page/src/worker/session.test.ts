import { afterAll, expect, test } from "vitest";
import { defaults, type Settings } from "../app/settings.ts";
import { calls } from "./session.ts";

// What the session tells goes through a channel, as it does from a worker.
const { port1, port2 } = new MessageChannel();
Object.assign(globalThis, { postMessage: (event: unknown) => port1.postMessage(event) });
afterAll(() => {
  port1.close();
  port2.close();
});

const none = { csv: null, imdb: null, words: null };
const settings: Settings = {
  ...{ ...defaults.sine, backend: "cpu", cell: "simple_rnn", bands: "dropout" },
  ...{ units: 2, window: 3, epochs: 1, batch: 128, ahead: 2 },
};

test("a forecast that another question has overtaken gives nothing, nor does one of a model that is gone", async () => {
  await calls.train(settings, none);
  const [first, second] = await Promise.all([calls.ahead(300), calls.ahead(5)]);
  expect([first, second?.values.length]).toEqual([null, 5]);
  const overtaken = calls.ahead(300);
  await calls.train(settings, none);
  expect(await overtaken).toBeNull();
  expect((await calls.ahead(5))?.values).toHaveLength(5);
});
