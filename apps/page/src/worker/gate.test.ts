import { expect, test } from "vitest";
import { gate } from "./gate.ts";

test("what waits at a closed gate goes on once it is open, and how long that was is known", async () => {
  let now = 0;
  const { close, open, passed, waited } = gate(() => now);
  await passed();
  now = 100;
  close();
  now = 130;
  let isThrough = false;
  const waiting = passed().then(() => {
    isThrough = true;
  });
  now = 150;
  await Promise.resolve();
  expect([isThrough, waited()]).toEqual([false, 0]);
  close();
  open();
  await waiting;
  // From when the training came to it, not from when it was closed.
  expect([isThrough, waited()]).toEqual([true, 20]);
  close();
  const again = passed();
  now = 155;
  open();
  await again;
  await passed();
  expect(waited()).toBe(25);
});
