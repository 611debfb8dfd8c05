import type { Listing, Results, Run } from "../results.ts";
import { formatSeconds } from "../terminal/format.ts";
import { listings } from "../tutorial/listings.ts";
import { reportDocument } from "./document.ts";
import { cell, table } from "./elements.ts";
import { forecastSection } from "./forecasts.ts";
import { escapeHtml } from "./html.ts";
import { listingSection } from "./listings.ts";
import { sentimentSection } from "./sentiments.ts";

/**
 * The report as one HTML document, a pure function of the results and of the name of the file beside it that
 * holds them, to which it has a link: no script, nothing loaded from
 * anywhere (its own content policy forbids both), readable in light and dark and on paper.
 */
export function renderReport(results: Results, json: string): string {
  const title = `rnnkit benchmarks: ${results.command}`;
  return reportDocument({
    title,
    lead: `<p class="quiet">${escapeHtml(subtitle(results))}. <a href="${encodeURIComponent(json)}">All numbers as JSON</a></p>
${warning(results)}`,
    main: `${sections(results.runs).join("\n")}
${environmentSection(results)}`,
  });
}

function sections(runs: Run[]): string[] {
  const ofListings = (Object.keys(listings) as Listing[])
    .map((listing) => [listing, runs.filter((run) => run.listing === listing)] as const)
    .filter(([, those]) => those.length > 0)
    .map(([listing, those]) => listingSection(listing, those));
  const others = runs.filter(({ listing }) => listing === null);
  const forecasts = others.filter((run) => run.kind === "forecast");
  const sentiments = others.filter((run) => run.kind === "sentiment");
  return [
    ...ofListings,
    ...(forecasts.length > 0 ? [forecastSection(forecasts)] : []),
    ...(sentiments.length > 0
      ? [sentimentSection("Sentiment: one classifier, each cell", "", sentiments)]
      : []),
  ];
}

function subtitle({ startedAt, seconds, environment }: Results): string {
  const when = `${startedAt.slice(0, 10)} ${startedAt.slice(11, 16)} UTC`;
  return (
    `${when}, ${formatSeconds(seconds)} on the ${environment.backend.name} backend, ` +
    `${environment.cpu}, Node ${environment.node}`
  );
}

function warning({ status, error }: Results): string {
  if (status === "complete") return "";
  const text =
    status === "interrupted"
      ? "Interrupted: this report holds what had been measured until then."
      : `Failed: ${error ?? "unknown error"}. This report holds what had been measured until then.`;
  return `<p class="warning" role="status">${escapeHtml(text)}</p>`;
}

function environmentSection({ environment }: Results): string {
  const { backend } = environment;
  const facts: [string, string][] = [
    ["processor", `${environment.cpu}, ${environment.logicalCores} logical cores`],
    ["memory", `${environment.memoryGiB} GiB`],
    ["system", environment.platform],
    ["Node", environment.node],
    ["backend", backend.name],
  ];
  return `<section>
<h2>Environment</h2>
${table(
  [["what"], ["value"]],
  facts.map(([name, value]) => [cell(name), cell(value)]),
)}
${table(
  [["backend candidate"], ["outcome"], ["why"]],
  backend.candidates.map(({ name, outcome, reason }) => [cell(name), cell(outcome), cell(reason)]),
)}
${table(
  [["package"], ["version"]],
  Object.entries(environment.packages).map(([name, version]) => [cell(name), cell(version)]),
)}
</section>`;
}
