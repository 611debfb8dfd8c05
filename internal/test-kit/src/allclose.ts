import "vitest";

export interface AllcloseOptions {
  /** Allowed error relative to the expected element. Default 1e-5. */
  rtol?: number;
  /** Allowed absolute error. Default 1e-8. */
  atol?: number;
  /**
   * Allowed error relative to the largest expected element: what a float32 sum of many terms can
   * promise. Default 0.
   */
  ofLargest?: number;
}

type Numbers = ArrayLike<number> | number | readonly Numbers[];

declare module "vitest" {
  // biome-ignore lint/suspicious/noExplicitAny: vitest's own default, which a merge must repeat.
  interface Matchers<T = any> {
    /** Element by element within `atol + rtol·|expected| + ofLargest·max|expected|`. */
    toBeAllclose(expected: Numbers, options?: AllcloseOptions): T;
  }
}

/** The matcher behind `expect(x).toBeAllclose(y)`; names the worst element when it fails. */
export function toBeAllclose(
  received: Numbers,
  expected: Numbers,
  options: AllcloseOptions = {},
): { pass: boolean; message: () => string } {
  const { rtol = 1e-5, atol = 1e-8, ofLargest = 0 } = options;
  const got = flatten(received);
  const want = flatten(expected);
  if (got.length !== want.length) {
    return { pass: false, message: () => `expected ${want.length} numbers, got ${got.length}` };
  }
  const largest = want.reduce((most, x) => Math.max(most, Number.isFinite(x) ? Math.abs(x) : 0), 0);
  let worst = -1;
  let worstExcess = 0;
  for (let i = 0; i < want.length; i++) {
    const g = got[i] as number;
    const w = want[i] as number;
    if (Object.is(g, w) || g === w) continue;
    const error = Math.abs(g - w);
    const allowed = atol + rtol * Math.abs(w) + ofLargest * largest;
    const comparable = Number.isFinite(error) && Number.isFinite(w);
    const excess = !comparable ? Infinity : error <= allowed ? 0 : error / allowed;
    if (excess > worstExcess) {
      worstExcess = excess;
      worst = i;
    }
  }
  return {
    pass: worst < 0,
    message: () =>
      worst < 0
        ? "expected the numbers to differ"
        : `worst element ${worst} of ${want.length}: expected ${want[worst]}, got ${got[worst]}` +
          ` (error ${Math.abs((got[worst] as number) - (want[worst] as number))}, largest ${largest})`,
  };
}

function flatten(x: Numbers): number[] {
  if (typeof x === "number") return [x];
  const out: number[] = [];
  for (let i = 0; i < x.length; i++) {
    const element = x[i] as Numbers;
    if (typeof element === "number") out.push(element);
    else out.push(...flatten(element));
  }
  return out;
}
