import { median, quantile } from "../statistics.ts";

/**
 * How much longer one side takes than another: of the ratios of all turns the middle, and what eight in ten lie
 * between; and the ratio of each side's least time, which a busy machine disturbs least.
 */
export interface Ratio {
  median: number;
  low: number;
  high: number;
  least: number;
}

/** How a ratio's range is meant, for what is printed above a table. */
export const ratioWords =
  "median of the turns' ratios (10 % to 90 % of them), and the ratio of the least times";

/** One / other, turn by turn: a machine that changes its speed changes it for both. */
export function ratioOf(one: readonly number[], other: readonly number[]): Ratio {
  const turns = Math.min(one.length, other.length);
  const ratios = Array.from(
    { length: turns },
    (_, turn) => (one[turn] as number) / (other[turn] as number),
  );
  return {
    ...{ median: median(ratios), low: quantile(ratios, 0.1), high: quantile(ratios, 0.9) },
    least: Math.min(...one) / Math.min(...other),
  };
}

/** As *0.93 (0.90-1.04) 0.91*. */
export function ratioText({ median: middle, low, high, least }: Ratio): string {
  const digits = (x: number) => (x >= 10 ? x.toFixed(0) : x.toFixed(2));
  return `${digits(middle)} (${digits(low)}-${digits(high)}) ${digits(least)}`;
}
