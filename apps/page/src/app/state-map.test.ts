import fc from "fast-check";
import { expect, test } from "vitest";
import { scaleOf } from "./state-map.tsx";

test("the strongest colour is 1, 2 or 5 times a power of ten, and no value is beyond it nor all below two fifths", () => {
  const size = fc.double({ min: 1e-30, max: 1e30, noNaN: true });
  fc.assert(
    fc.property(fc.array(size, { minLength: 1 }), (sizes) => {
      const states = Float32Array.from(sizes, (value, i) => (i % 2 ? value : -value));
      const largest = Math.max(...states.map(Math.abs));
      const most = scaleOf(states);
      expect(most.toExponential()[0]).toMatch(/[125]/);
      expect(most).toBeGreaterThanOrEqual(largest);
      expect(largest).toBeGreaterThanOrEqual(0.3999 * most);
    }),
  );
});

test("states that are all 0, or none, have the scale of a cell", () => {
  expect([scaleOf(new Float32Array(3)), scaleOf(new Float32Array(0))]).toEqual([1, 1]);
});
