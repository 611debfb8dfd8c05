import * as Plot from "@observablehq/plot";
import { escapeHtml } from "../report/html.ts";

/** A picture that can be drawn at any width, in any document. */
export interface Chart {
  /** What it shows and what comes out of it, for those who do not see it. */
  label: string;
  /** *full* has a line of the page to itself; two that are *half* stand side by side where there is room. */
  span: "full" | "half";
  /** Plot's options at a size, without what every chart has. */
  options(size: Size): Plot.PlotOptions;
}

/** How much room there is: **narrow** is a phone's. */
export interface Size {
  width: number;
  narrow: boolean;
}

/** Where a chart is drawn: a browser's document or one of linkedom's, and CSS pixels across. */
export interface Frame {
  document: Document;
  width: number;
}

const NARROW = 440;
const MARGIN = { left: 56, right: 20 } as const;

/**
 * The chart as SVG text, 12 or (wide) 13 pixels its letters. Its colours are CSS variables, `inkStyle`'s; it
 * runs nothing and loads nothing. Values stand in `<title>`s, which browsers show to who points at them.
 *
 * @example
 * element.innerHTML = drawChart(trainingChart("Sunspots", epochs, "loss"), { document, width: 640 });
 */
export function drawChart({ label, options }: Chart, { document, width }: Frame): string {
  const size = { width, narrow: width < NARROW };
  const own = options(size);
  const chart = Plot.plot({
    document,
    width,
    marginLeft: MARGIN.left,
    marginRight: MARGIN.right,
    marginTop: 32,
    // A date's year stands below its month, and the axis' name below both.
    marginBottom: own.x?.type === "utc" ? 54 : 40,
    ...own,
    style: { fontSize: size.narrow ? "12px" : "13px", background: "none", overflow: "visible" },
    x: fitted(own.x, size),
    y: fitted(own.y, size),
  });
  // linkedom writes attributes with a raw "<", so the one that holds free text is added here.
  return chart.outerHTML.replace("<svg ", `<svg role="img" aria-label="${escapeHtml(label)}" `);
}

/** Pixels between the two ends of the x axis, unless a chart has margins of its own. */
export function plotWidth({ width }: Size): number {
  return width - MARGIN.left - MARGIN.right;
}

/** `text` cut to what about **pixels** have room for at a size; a letter of Chinese takes two places. */
export function fittedText(text: string, pixels: number, { narrow }: Pick<Size, "narrow">): string {
  let room = pixels / (narrow ? 6.7 : 7.2);
  let kept = "";
  for (const letter of text) {
    room -= /[\u1100-\u{1f9ff}]/u.test(letter) ? 2 : 1;
    if (room < 1) return `${kept.trimEnd()}…`;
    kept += letter;
  }
  return text;
}

// A column of a CSV file may have a name longer than a phone is wide.
function fitted(scale: Plot.ScaleOptions | null | undefined, size: Size): Plot.ScaleOptions {
  const label = scale?.label;
  const room = size.width - 32;
  return { ...scale, ...(typeof label === "string" && { label: fittedText(label, room, size) }) };
}
