import { confusionChart } from "../charts/confusion-chart.ts";
import { historyChart } from "../charts/history-chart.ts";
import { type SentimentRun, secondsPerEpoch } from "../results.ts";
import { formatCount, formatNumber, formatPercent, formatSeconds } from "../terminal/format.ts";
import { epochTable, figure, key, named, number, optionText, table } from "./elements.ts";
import { escapeHtml } from "./html.ts";

/**
 * The report's part on classifiers that saw the same reviews: a row a cell, and the histories of all in
 * one chart of accuracies and one of losses.
 */
export function sentimentSection(title: string, intro: string, runs: SentimentRun[]): string {
  const { data } = runs[0] as SentimentRun;
  const best = Math.max(...runs.map((run) => run.test?.accuracy ?? 0));
  const several = runs.length > 1;
  const rows = runs.map((run) => [
    named(cellTitle(run), run.status),
    number(formatCount(run.model.parameters)),
    number(formatPercent(run.epochs.at(-1)?.accuracy)),
    number(formatPercent(run.epochs.at(-1)?.validationAccuracy)),
    number(
      formatPercent(run.test?.accuracy),
      several && run.test !== null && run.test.accuracy === best,
    ),
    number(formatNumber(run.test?.loss)),
    number(run.epochs.length > 0 ? formatSeconds(secondsPerEpoch(run.epochs)) : "–"),
    number(formatSeconds(run.timings.trainSeconds)),
  ]);
  return `<section>
<h2>${escapeHtml(title)}</h2>
${intro ? `<p>${escapeHtml(intro)}</p>` : ""}
<p>${escapeHtml(capital(data.title))}${data.synthetic ? " (<strong>generated</strong>, not real ones)" : ""}:
${formatCount(data.trainReviews)} training, ${formatCount(data.validationReviews)} validation and
${formatCount(data.testReviews)} test reviews, padded or cut to ${formatCount(data.maxLen)} words of a
vocabulary of ${formatCount(data.vocabSize)}.${several ? " The best test accuracy is bold." : ""}</p>
${table(
  [
    ["cell"],
    ["weights", "number"],
    ["train accuracy", "number"],
    ["validation accuracy", "number"],
    ["test accuracy", "number"],
    ["test loss", "number"],
    ["an epoch", "number"],
    ["training", "number"],
  ],
  rows,
)}
${histories(runs)}
${confusions(runs)}
${runs.map((run) => details(run, several)).join("\n")}
</section>`;
}

function histories(runs: SentimentRun[]): string {
  const trained = runs.filter(({ epochs }) => epochs.length > 0);
  if (trained.length === 0) return "";
  return figure(
    [historyChart(trained, "accuracy"), historyChart(trained, "loss")],
    trained.map((run, i) => key(`cell-${i + 1}`, cellTitle(run))).join("") +
      key("solid", "training") +
      key("dashed", "validation"),
  );
}

/** What each cell's test reviews were taken for. */
function confusions(runs: SentimentRun[]): string {
  const charts = runs.flatMap((run) =>
    run.test ? [confusionChart(cellTitle(run), run.test.confusion)] : [],
  );
  const names = runs.filter(({ test }) => test !== null).map(cellTitle);
  if (charts.length === 0) return "";
  return figure(
    charts,
    escapeHtml(`Test reviews, counted, and their share of the row: ${names.join(", ")}.`),
    names,
  );
}

/** The reviews that a cell was most sure of and wrong about; folded where it is one cell of several. */
function mostWrong({ test }: SentimentRun, isFolded: boolean): string {
  if (!test || test.mostWrong.length === 0) return "";
  const items = test.mostWrong.map(({ label, probability, text, index }) => {
    const words =
      text === null
        ? `test review ${index + 1}, without a word index`
        : `<q>${escapeHtml(text)}</q>`;
    return `<li><strong>${label}</strong>, held positive at ${formatPercent(probability)}: ${words}</li>`;
  });
  return `<details${isFolded ? "" : " open"}><summary>Most wrong on the test reviews: what was read of them</summary>
<ol>
${items.join("\n")}
</ol></details>`;
}

function details(run: SentimentRun, isFolded: boolean): string {
  if (run.epochs.length === 0) return "";
  return `<h3>${escapeHtml(cellTitle(run))}</h3>
<p class="quiet">${escapeHtml(optionText(run))}</p>
${mostWrong(run, isFolded)}
${epochTable(run)}`;
}

function cellTitle(run: SentimentRun): string {
  return run.cell.replaceAll("_", " ");
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
