import type { VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { number, text } from "../language/language.ts";
import { raised } from "../language/numbers.ts";
import { type DrawnCell, drawnCells, type UnrolledPasses } from "./backpropagation.ts";
import { cellNames } from "./playback.ts";

type Plot = typeof import("@observablehq/plot");

/** One curve: its name and its norms from step 1 on. */
export interface Curve {
  name: string;
  cell: DrawnCell;
  isCellState: boolean;
  norms: readonly number[];
}

/** The curves of the chart, in the order of the key: |∂L/∂h_t| of every cell, and the LSTM's |∂L/∂c_t|. */
export function curvesOf(passes: Readonly<Record<DrawnCell, UnrolledPasses>>): Curve[] {
  return cellNames.flatMap((cell) => {
    const { steps } = passes[cell];
    const hidden = { cell, isCellState: false, norms: steps.map(({ dhNorm }) => dhNorm) };
    const curves = [{ ...hidden, name: cell === "lstm" ? "LSTM, h" : drawnCells[cell] }];
    const [first] = steps;
    if (first.dcNorm === undefined) return curves;
    const norms = steps.map(({ dcNorm }) => dcNorm ?? 0);
    return [...curves, { cell, isCellState: true, norms, name: "LSTM, c" }];
  });
}

/** |∂L/∂h_t| against t on a logarithmic axis, all cells over each other, the `current` step marked. */
export function GradientChart(props: {
  passes: Readonly<Record<DrawnCell, UnrolledPasses>>;
  current: number;
}): VNode {
  const { passes, current } = props;
  const box = useRef<HTMLDivElement>(null);
  const [plot, setPlot] = useState<Plot>();
  const [width, setWidth] = useState(0);
  const curves = curvesOf(passes);
  const [across, up] = [text("unrolled.chart.x"), text("unrolled.chart.y")];

  useEffect(() => {
    let isGone = false;
    // The page has painted by then; what is not seen waits for its library.
    void import("@observablehq/plot").then((loaded) => {
      if (!isGone) setPlot(loaded);
    });
    const observer = new ResizeObserver(([entry]) => setWidth(entry?.contentRect.width ?? 0));
    if (box.current) observer.observe(box.current);
    return () => {
      isGone = true;
      observer.disconnect();
    };
  }, []);

  useEffect(() => {
    if (!plot || !box.current || width === 0) return;
    const drawn = drawChart(plot, curves, current, { width, across, up });
    // An image has one name; those that Plot gives to its parts are no names of anything then.
    for (const part of drawn.querySelectorAll("g[aria-label]")) part.removeAttribute("aria-label");
    drawn.setAttribute("role", "img");
    drawn.setAttribute(
      "aria-label",
      `${text("unrolled.chart")}. ${text("unrolled.chart.caption")}`,
    );
    box.current.replaceChildren(drawn);
  }, [plot, width, passes, current, across, up]);

  return (
    <figure class="unrolled-chart">
      <figcaption>{text("unrolled.chart")}</figcaption>
      <p class="quiet">{text("unrolled.chart.caption")}</p>
      <ul class="unrolled-keys">
        {curves.map(({ name, cell, isCellState }) => (
          <li key={name} class={`is-${cell}${isCellState ? " is-cell-state" : ""}`}>
            {name}
          </li>
        ))}
      </ul>
      <div class="unrolled-chart-box" ref={box} />
    </figure>
  );
}

function drawChart(
  plot: Plot,
  curves: readonly Curve[],
  current: number,
  labels: { width: number; across: string; up: string },
): SVGSVGElement | HTMLElement {
  const points = curves.flatMap((curve) =>
    curve.norms.map((norm, k) => ({ ...curve, t: k + 1, norm })).filter(({ norm }) => norm > 0),
  );
  const ticks = powersOfTen(points.map(({ norm }) => norm));
  const colour = ({ cell }: { cell: DrawnCell }) => `var(--of-${cell})`;
  const dash = (isCellState: boolean) => ({
    filter: (point: Curve) => point.isCellState === isCellState,
    ...(isCellState ? { strokeDasharray: "5 3" } : {}),
  });
  const line = (isCellState: boolean) =>
    plot.lineY(points, {
      ...{ x: "t", y: "norm", z: "name", stroke: colour, strokeWidth: 2 },
      ...dash(isCellState),
    });
  return plot.plot({
    width: labels.width,
    height: Math.min(340, Math.max(240, labels.width * 0.45)),
    marginLeft: 48,
    marginBottom: 42,
    style: { fontSize: "12px", background: "none" },
    x: { label: labels.across, tickFormat: "d", ticks: Math.min(10, curves[0].norms.length) },
    y: {
      type: "log",
      label: labels.up,
      grid: true,
      domain: [ticks[0], ticks[ticks.length - 1]],
      ticks,
      tickFormat: (value: number) => `10${raised(Math.round(Math.log10(value)))}`,
    },
    marks: [
      plot.ruleX([current], {
        stroke: "currentColor",
        strokeOpacity: 0.35,
        strokeDasharray: "2 3",
      }),
      line(false),
      line(true),
      plot.dot(points, {
        ...{ x: "t", y: "norm", r: 2.5, fill: colour },
        title: ({ name, t, norm }: Curve & { t: number; norm: number }) =>
          `${name}, t = ${t}: ${number(norm)}`,
      }),
    ],
  });
}

/** Whole powers of ten from below the least norm to above the largest, ten of them at most. */
export function powersOfTen(norms: readonly number[]): number[] {
  const powers = norms.filter((norm) => norm > 0).map((norm) => Math.log10(norm));
  const [from, to] = [Math.floor(Math.min(...powers)), Math.ceil(Math.max(...powers))];
  const every = Math.ceil((to - from + 1) / 10);
  const count = Math.ceil((to - from) / every);
  return Array.from({ length: count + 1 }, (_, k) => 10 ** (to - (count - k) * every));
}
