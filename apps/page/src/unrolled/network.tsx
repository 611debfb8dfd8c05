import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Scroller } from "../app/scroller.tsx";
import { number, text } from "../language/language.ts";
import { lowered } from "../language/numbers.ts";
import { drawnCells, type UnrolledPasses, type UnrolledStep } from "./backpropagation.ts";
import { type Moment, momentAt } from "./playback.ts";
import {
  arrowWidth,
  Edge,
  Flow,
  Name,
  node,
  State,
  sizeOf,
  small,
  twoDigits,
  Value,
} from "./shapes.tsx";

// In units of the drawing, which are CSS pixels: the picture is as wide as it has steps, and is scrolled.
const column = 114;
const margin = 30;
const rows = { y: 34, c: 130, h: 130, x: 232 };
const cellRow = 116;
// How far the frame of a cell with gates, which are in it, stands off its two states.
const frame = 8;

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
  const pad = step.c ? frame : 0;
  // The gradient of step t comes from step t + 1.
  const isBack = t >= moment.backward;
  const atLoss = steps[steps.length - 1].dhNorm;
  return (
    <g class={`unrolled-column${isDone ? "" : " is-waiting"}${isCurrent ? " is-current" : ""}`}>
      <Edge from={[x, rows.x + shift - 12]} to={[x, hRow + node.height / 2 + pad]}>
        {isSimple ? "W_xh" : "W"}
      </Edge>
      {t > 1 && (
        <Edge
          from={[centre(t - 1) + node.width / 2, hRow - 9]}
          to={[x - node.width / 2 - pad, hRow - 9]}
        >
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
      {step.c && (
        <>
          <rect
            class="unrolled-frame"
            x={x - node.width / 2 - frame}
            y={rows.c - node.height / 2 - frame}
            width={node.width + 2 * frame}
            height={cellRow + node.height + 2 * frame}
            rx={12}
          />
          <Edge from={[x, rows.c + node.height / 2]} to={[x, hRow - node.height / 2]}>
            o
          </Edge>
        </>
      )}
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
  const aside = x + node.width / 2 + frame + 5;
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
