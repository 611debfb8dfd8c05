import * as Plot from "@observablehq/plot";
import type { Confusion } from "../results.ts";
import { formatCount, formatPercent } from "../terminal/format.ts";
import type { Chart } from "./chart.ts";
import { ink } from "./ink.ts";

const sides = ["positive", "negative"] as const;

/** What reviews are and what they were taken for, counted: the darker, the larger the share of its row. */
export function confusionChart(title: string, confusion: Confusion): Chart {
  const count = (label: (typeof sides)[number], said: (typeof sides)[number]) =>
    confusion[`${label}As${said === "positive" ? "Positive" : "Negative"}`];
  const fields = sides.flatMap((label) => {
    const all = count(label, "positive") + count(label, "negative");
    return sides.map((said) => {
      const reviews = count(label, said);
      const share = all === 0 ? 0 : reviews / all;
      const words = `${formatCount(reviews)} of ${formatCount(all)} ${label} reviews`;
      return { label, said, reviews, share, title: `${words} were taken for ${said}` };
    });
  });
  const wrong = fields.filter(({ label, said }) => label !== said);
  return {
    label: `${title}: what reviews are and what they were taken for; ${wrong.map(({ title }) => title).join(", ")}`,
    span: "half",
    options: () => ({
      height: 180,
      marginLeft: 90,
      marginTop: 10,
      padding: 0.04,
      x: { label: "taken for", domain: sides, tickSize: 0 },
      y: { label: null, domain: sides, tickSize: 0, tickFormat: (side: string) => `is ${side}` },
      opacity: { domain: [0, 1], range: [0.06, 0.4] },
      marks: [
        Plot.cell(fields, {
          x: "said",
          y: "label",
          fill: ink.train,
          fillOpacity: "share",
          title: "title",
        }),
        Plot.text(fields, {
          ...{ x: "said", y: "label", fill: "currentColor", pointerEvents: "none" },
          text: ({ reviews, share }: (typeof fields)[number]) =>
            `${formatCount(reviews)}\n${formatPercent(share)}`,
        }),
      ],
    }),
  };
}
