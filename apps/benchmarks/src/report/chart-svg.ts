import { parseHTML } from "linkedom";
import { type Chart, drawChart } from "../charts/chart.ts";

// Plot draws into any DOM; linkedom's lets it run in Node, so the report needs no script.
const { document } = parseHTML("<!doctype html><html><body></body></html>");

/** A chart's SVG, drawn in Node. */
export function chartSvg(chart: Chart, width: number): string {
  return drawChart(chart, { document: document as unknown as Document, width });
}
