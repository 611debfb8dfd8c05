import type { ComponentChildren, VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { number, text } from "../language/language.ts";
import { lowered } from "../language/numbers.ts";
import { drawnCells, type UnrolledPasses, type UnrolledStep } from "./backpropagation.ts";
import { type Moment, momentAt } from "./playback.ts";
import { Scroller } from "./scroller.tsx";

// In units of the drawing, which are CSS pixels: the picture is as wide as it has steps, and is scrolled.
const column = 114;
const margin = 30;
const node = { width: 44, height: 70 };
const small = { width: 50, height: 24 };
const rows = { y: 34, c: 130, h: 130, x: 232 };
const cellRow = 116;

/** The unrolled network of one cell, with both passes as far as `position`. */
export function Network(props: {
  passes: UnrolledPasses;
  position: number;
  still: boolean;
}): VNode {
  const { passes, position, still } = props;
  const { steps } = passes;
  const moment = momentAt(position, steps.length);
  const scroller = useRef<HTMLElement>(null);
  const current = currentStep(moment, steps.length);
  useEffect(() => {
    const box = scroller.current;
    if (!box || box.scrollWidth <= box.clientWidth) return;
    const left = margin + (current - 0.5) * column - box.clientWidth / 2;
    box.scrollTo({ left, behavior: still ? "instant" : "smooth" });
  }, [current, still]);

  const largest = {
    h: largestOf(steps.map(({ h }) => h)),
    c: largestOf(steps.map(({ c }) => c ?? [])),
  };
  const hasC = passes.cell === "lstm";
  const shift = hasC ? cellRow : 0;
  const width = 2 * margin + steps.length * column + (column - small.width) / 2;
  const height = rows.x + shift + 30;
  return (
    <Scroller box={scroller} label={text("unrolled.scroll")}>
      <svg
        {...{ width, height, viewBox: `0 0 ${width} ${height}` }}
        role="img"
        aria-label={text("unrolled.picture", drawnCells[passes.cell], steps.length)}
      >
        {steps.map((step, k) => (
          <Column
            key={`${k + 1}`}
            {...{ passes, step, moment, shift, largest }}
            t={k + 1}
            isCurrent={k + 1 === current && position > 0 && position < 2 * steps.length}
          />
        ))}
        <Target passes={passes} shown={position >= steps.length} />
      </svg>
    </Scroller>
  );
}

function largestOf(vectors: readonly ArrayLike<number>[]): number {
  const sizes = vectors.flatMap((values) => Array.from(values, Math.abs));
  return Math.max(Number.MIN_VALUE, ...sizes);
}

/** The step that the moment is about, from 1. */
export function currentStep({ forward, backward }: Moment, steps: number): number {
  return backward > steps ? Math.max(1, forward) : backward;
}

interface ColumnProps {
  passes: UnrolledPasses;
  step: UnrolledStep;
  t: number;
  moment: Moment;
  shift: number;
  isCurrent: boolean;
  /** The largest value of a unit in the whole sequence. */
  largest: { h: number; c: number };
}

function Column({ passes, step, t, moment, shift, isCurrent, largest }: ColumnProps): VNode {
  const { cell, steps } = passes;
  const x = centre(t);
  const isDone = t <= moment.forward;
  const hRow = rows.h + shift;
  const isSimple = cell === "simpleRnn";
  // The gradient of step t comes from step t + 1.
  const isBack = t >= moment.backward;
  const atLoss = steps[steps.length - 1].dhNorm;
  return (
    <g class={`unrolled-column${isDone ? "" : " is-waiting"}${isCurrent ? " is-current" : ""}`}>
      <Edge from={[x, rows.x + shift - 12]} to={[x, hRow + node.height / 2]}>
        {isSimple ? "W_xh" : "W"}
      </Edge>
      {t > 1 && (
        <Edge from={[centre(t - 1) + node.width / 2, hRow - 9]} to={[x - node.width / 2, hRow - 9]}>
          {isSimple ? "W_hh" : "U"}
        </Edge>
      )}
      {t > 1 && step.c && (
        <Edge
          from={[centre(t - 1) + node.width / 2, rows.c - 9]}
          to={[x - node.width / 2, rows.c - 9]}
        >
          f
        </Edge>
      )}
      {step.c && <Edge from={[x, hRow - node.height / 2]} to={[x, rows.c + node.height / 2]} />}
      <OutputEdge {...{ x, shift }} />
      {step.c && (
        <State
          name="c"
          values={step.c}
          at={[x, rows.c]}
          t={t}
          isDone={isDone}
          largest={largest.c}
        />
      )}
      <State name="h" values={step.h} at={[x, hRow]} t={t} isDone={isDone} largest={largest.h} />
      <Value name="x" value={step.x} at={[x, rows.x + shift]} t={t} isDone />
      <Value name="y" value={step.y} at={[x, rows.y]} t={t} isDone={isDone} />
      {isBack && t < steps.length && (
        <Gradient
          from={t + 1}
          y={hRow + 13}
          norm={step.dhNorm}
          of={`∂L/∂h${lowered(t)}`}
          atLoss={atLoss}
        />
      )}
      {isBack && t < steps.length && step.dcNorm !== undefined && (
        <Gradient
          from={t + 1}
          y={rows.c + 13}
          norm={step.dcNorm}
          of={`∂L/∂c${lowered(t)}`}
          atLoss={atLoss}
        />
      )}
      {isBack && t === steps.length && <LossGradient {...{ x, shift, norm: step.dhNorm, t }} />}
    </g>
  );
}

const centre = (t: number) => margin + (t - 0.5) * column;

type Point = readonly [x: number, y: number];

/** An arrow of the forward pass, with the name of its weights. */
function Edge({
  from,
  to,
  children,
}: {
  from: Point;
  to: Point;
  children?: ComponentChildren;
}): VNode {
  const [dx, dy] = [Math.sign(to[0] - from[0]), Math.sign(to[1] - from[1])];
  const tip = [to[0] - 6 * dx, to[1] - 6 * dy] as const;
  const corners = [
    to,
    [tip[0] - 3.5 * dy, tip[1] - 3.5 * dx],
    [tip[0] + 3.5 * dy, tip[1] + 3.5 * dx],
  ];
  return (
    <g class="unrolled-edge">
      <line x1={from[0]} y1={from[1]} x2={tip[0]} y2={tip[1]} />
      <polygon points={corners.map((corner) => corner.join(",")).join(" ")} />
      {children !== undefined && (
        <text
          x={(from[0] + to[0]) / 2 + (dx === 0 ? 5 : 0)}
          y={(from[1] + to[1]) / 2 + (dx === 0 ? 4 : -5)}
          text-anchor={dx === 0 ? "start" : "middle"}
        >
          <Name of={String(children)} />
        </text>
      )}
    </g>
  );
}

/** From h_t up to y_t; past c_t, where there is one. */
function OutputEdge({ x, shift }: { x: number; shift: number }): VNode {
  const top = rows.y + small.height / 2;
  if (shift === 0) {
    return (
      <Edge from={[x, rows.h - node.height / 2]} to={[x, top]}>
        W_hy
      </Edge>
    );
  }
  const aside = x + node.width / 2 + 9;
  const from = rows.h + shift - node.height / 2 + 8;
  return (
    <g class="unrolled-edge">
      <path
        d={`M${x + node.width / 2},${from} H${aside} V${rows.y + 30} L${x + 5},${top + 5}`}
        fill="none"
      />
      <polygon points={`${x},${top} ${x + 8},${top + 2} ${x + 4},${top + 8}`} />
      <text x={aside - 6} y={rows.y + 26} text-anchor="start" dx={10}>
        <Name of="W_hy" />
      </text>
    </g>
  );
}

/** The units of a state as bars, to the right of the middle where positive, to the left where negative; the longest is
 * the largest of all steps. */
function State(props: {
  name: "h" | "c";
  values: Float64Array;
  at: Point;
  t: number;
  isDone: boolean;
  largest: number;
}): VNode {
  const { name, values, at, t, isDone, largest } = props;
  const [left, top] = [at[0] - node.width / 2, at[1] - node.height / 2];
  const pitch = (node.height - 22) / values.length;
  const length = (value: number) => ((node.width / 2 - 4) * Math.abs(value)) / largest;
  const unitText = name === "h" ? "unrolled.unit" : "unrolled.unit.c";
  return (
    <g class="unrolled-state">
      <rect x={left} y={top} width={node.width} height={node.height} rx={7} />
      <text class="unrolled-name" x={at[0]} y={top + 11} text-anchor="middle">
        <Name of={`${name}_${t}`} />
      </text>
      {isDone &&
        [...values].map((value, j) => (
          <g key={`${j + 1}`} class={value < 0 ? "is-negative" : "is-positive"}>
            <title>{text(unitText, t, j + 1, number(value))}</title>
            <rect
              class="unrolled-unit-back"
              x={left + 2}
              y={top + 19 + j * pitch}
              width={node.width - 4}
              height={pitch}
            />
            <rect
              class="unrolled-unit"
              x={value < 0 ? at[0] - length(value) : at[0]}
              y={top + 19 + j * pitch}
              width={Math.max(0.75, length(value))}
              height={Math.max(1, pitch - 1)}
            />
          </g>
        ))}
    </g>
  );
}

function Value(props: {
  name: "x" | "y";
  value: number;
  at: Point;
  t: number;
  isDone: boolean;
}): VNode {
  const { name, value, at, t, isDone } = props;
  const [left, top] = [at[0] - small.width / 2, at[1] - small.height / 2];
  return (
    <g class={`unrolled-value is-${name}`}>
      <title>{`${name}${lowered(t)} = ${number(value)}`}</title>
      <rect x={left} y={top} width={small.width} height={small.height} rx={12} />
      <text x={at[0]} y={at[1] + 4} text-anchor="middle">
        {isDone ? number(value, twoDigits) : ""}
      </text>
      <text
        class="unrolled-name"
        x={at[0]}
        y={name === "y" ? top - 5 : top + small.height + 13}
        text-anchor="middle"
      >
        <Name of={`${name}_${t}`} />
      </text>
    </g>
  );
}

const twoDigits = { minimumFractionDigits: 2, maximumFractionDigits: 2 };

/** How wide an arrow is: 10 where the gradient is as large as at the loss, 1.4 less for each power of ten. */
export function arrowWidth(norm: number, atLoss: number): number {
  return Math.min(16, Math.max(0.6, 10 + 1.4 * Math.log10(norm / atLoss)));
}

/** The gradient on its way from step `from` to the step before it. */
function Gradient(props: {
  from: number;
  y: number;
  norm: number;
  of: string;
  atLoss: number;
}): VNode {
  const { from, y, norm, of, atLoss } = props;
  const [right, left] = [centre(from) - node.width / 2 - 1, centre(from - 1) + node.width / 2 + 1];
  const written = number(norm, sizeOf(norm));
  return (
    <g class="unrolled-gradient">
      <title>{`|${of}| = ${number(norm)}`}</title>
      <Flow {...{ left, right, y, width: arrowWidth(norm, atLoss) }} />
      <text x={(left + right) / 2} y={y + 19} text-anchor="middle">
        {written}
      </text>
    </g>
  );
}

const sizeOf = (value: number): Intl.NumberFormatOptions =>
  value !== 0 && (value < 0.01 || value >= 1000)
    ? { notation: "scientific", maximumSignificantDigits: 2 }
    : { maximumSignificantDigits: 2 };

function Flow(props: { left: number; right: number; y: number; width: number }): VNode {
  const { left, right, y, width } = props;
  const wing = Math.max(3, width / 2 + 2);
  const neck = left + wing + 3;
  const half = width / 2;
  const outline = [
    [left, y],
    [neck, y - wing],
    [neck, y - half],
    [right, y - half],
    [right, y + half],
    [neck, y + half],
    [neck, y + wing],
  ];
  return <polygon points={outline.map((point) => point.join(",")).join(" ")} />;
}

/** From the loss down into the last state. */
function LossGradient(props: { x: number; shift: number; norm: number; t: number }): VNode {
  const { x, shift, norm, t } = props;
  const y = rows.h + shift + 13;
  const left = x + node.width / 2 + 1;
  return (
    <g class="unrolled-gradient">
      <title>{`|∂L/∂h${lowered(t)}| = ${number(norm)}`}</title>
      <Flow {...{ left, right: left + 34, y, width: 10 }} />
      <text x={left + 18} y={y + 19} text-anchor="middle">
        {number(norm, sizeOf(norm))}
      </text>
    </g>
  );
}

/** What the last output should have been, and the loss. */
function Target({ passes, shown }: { passes: UnrolledPasses; shown: boolean }): VNode {
  const x = centre(passes.steps.length) + small.width / 2 + 6;
  return (
    <g class={`unrolled-loss${shown ? "" : " is-waiting"}`}>
      <text x={x} y={rows.y - 2}>
        {text("unrolled.target")} {number(passes.target, twoDigits)}
      </text>
      <text x={x} y={rows.y + 14}>
        {`L = ${shown ? number(passes.loss, sizeOf(passes.loss)) : ""}`}
      </text>
    </g>
  );
}

/** `W_hh` as W with a small hh below the line. */
function Name({ of }: { of: string }): VNode {
  const [base, below] = of.split("_");
  return (
    <>
      <tspan font-style="italic">{base}</tspan>
      {below && (
        <tspan dy={3} font-size="0.75em">
          {below}
        </tspan>
      )}
    </>
  );
}
