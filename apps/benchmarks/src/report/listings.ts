import { trainingChart } from "../charts/history-chart.ts";
import type { ClassicRun, ForecastRun, Listing, Run, SentimentRun } from "../results.ts";
import { formatCount, formatNumber } from "../terminal/format.ts";
import { listings } from "../tutorial/listings.ts";
import { cell, epochTable, figure, key, number, optionText, table } from "./elements.ts";
import { factText, testFigure, trainingFigure } from "./forecasts.ts";
import { escapeHtml } from "./html.ts";
import { sentimentSection } from "./sentiments.ts";

/** The report's part on one listing of the tutorial: what it does, what came, what to think of it. */
export function listingSection(listing: Listing, runs: Run[]): string {
  const { title, does, mind } = listings[listing];
  const classifiers = runs.filter((run): run is SentimentRun => run.kind === "sentiment");
  if (classifiers.length > 0) {
    const smaller = classifiers[0]?.data.synthetic ? "Here on generated reviews, and smaller." : "";
    const intro = [does, mind, smaller].filter(Boolean).join(" ");
    return sentimentSection(title, intro, classifiers);
  }
  const run = runs[0] as ClassicRun | ForecastRun;
  const status = run.status === "complete" ? "" : ` (${run.status})`;
  const [figures, charts, facts] =
    run.kind === "classic"
      ? [classicTable(run), classicFigure(run), optionText(run)]
      : [errorTable(run), testFigure(run, false) + trainingFigure(run), factText(run)];
  return `<section>
<h2>${escapeHtml(title + status)}</h2>
<p>${escapeHtml(does)}</p>
${figures}
<p>${escapeHtml(mind)}</p>
${charts}
<p class="quiet">${escapeHtml(facts)}</p>
${epochTable(run)}
</section>`;
}

function classicTable({ data, loss, statesShape }: ClassicRun): string {
  const sequences = `${formatCount(data.sequences)} sequences`;
  return table(
    [["what"], ["value", "number"]],
    [
      [cell("shape of the hidden states"), number(`(${statesShape.join(", ")})`)],
      [cell("mean squared error before training"), number(formatNumber(loss.before))],
      [cell(`after it, on its ${sequences}`), number(formatNumber(loss.after))],
      [cell(`after it, on ${sequences} that it never saw`), number(formatNumber(loss.unseen))],
    ],
  );
}

function classicFigure({ epochs }: ClassicRun): string {
  if (epochs.length === 0) return "";
  const chart = trainingChart("SimpleRNN", epochs, "loss (mean squared error)");
  return figure(chart, key("train", "training loss"));
}

function errorTable({ model, rmse, baselineRmse, deviation }: ForecastRun): string {
  const row = (name: string, errors: { train: number; test: number } | null) => [
    cell(name),
    number(formatNumber(errors?.train)),
    number(formatNumber(errors?.test)),
  ];
  return table(
    [["root mean squared error"], ["train", "number"], ["test", "number"]],
    [
      row(model.builder, rmse),
      row("no change since the last value", baselineRmse),
      row("the series' own deviation", deviation),
    ],
  );
}
