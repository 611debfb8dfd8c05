import { differences, isMonthEnd, isMonthly, monthOf, usualStep } from "../csv/time-order.ts";
import type { Series } from "./one-series.ts";

const DAY = 86_400_000;

/**
 * When the **n** values after a series are: its usual step goes on, in months where all its dates are on one
 * day of the month, past weekends where no date of a daily series is on one.
 */
export function labelsAhead(
  { at, axis }: Pick<Series, "at" | "axis">,
  n: number,
): (number | string)[] {
  const times = Float64Array.from(at, (point) =>
    axis.kind === "date" ? Date.parse(String(point)) : Number(point),
  );
  const last = times.at(-1) as number;
  const counts = Array.from({ length: n }, (_, i) => i + 1);
  const step = usualStep(differences(times)) || (axis.kind === "date" ? DAY : 1);
  if (axis.kind === "number") return counts.map((i) => Number((last + i * step).toPrecision(12)));
  const label = (time: number) => {
    const text = new Date(time).toISOString();
    return String(at.at(-1)).length === 10 ? text.slice(0, 10) : `${text.slice(0, 19)}Z`;
  };
  const months = usualStep(differences(times.map(monthOf)));
  if (months > 0 && isMonthly(times)) {
    const end = new Date(last);
    return counts.map((i) => {
      const [year, month] = [end.getUTCFullYear(), end.getUTCMonth() + i * months];
      const lastDay = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
      const day = times.every(isMonthEnd) ? lastDay : Math.min(end.getUTCDate(), lastDay);
      return label(Date.UTC(year, month, day) + (last % DAY));
    });
  }
  const isWeekend = (time: number) => [0, 6].includes(new Date(time).getUTCDay());
  const skips = step === DAY && times.length > 14 && !times.some((time) => isWeekend(time));
  let time = last;
  return counts.map(() => {
    do time += step;
    while (skips && isWeekend(time));
    return label(time);
  });
}
