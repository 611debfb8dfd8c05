import type { ComponentChildren, VNode } from "preact";
import { number, text } from "../language/language.ts";
import { lowered } from "../language/numbers.ts";

/** Sizes of a state. */
export const node = { width: 44, height: 70 };
/** Sizes of an input or output. */
export const small = { width: 50, height: 24 };

/** A place in the picture. */
export type Point = readonly [x: number, y: number];

/** An arrow of the forward pass, with the name of its weights. */
export function Edge({
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

/** The units of a state as bars, to the right of the middle where positive, to the left where negative; the longest is
 * the largest of all steps. */
export function State(props: {
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

/** An input or an output, with its number once it is known. */
export function Value(props: {
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
      {isDone && <title>{`${name}${lowered(t)} = ${number(value)}`}</title>}
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

/** How inputs and outputs are written. */
export const twoDigits = { minimumFractionDigits: 2, maximumFractionDigits: 2 };

/** How wide an arrow is: 10 where the gradient is as large as at the loss, 1.4 less for each power of ten. */
export function arrowWidth(norm: number, atLoss: number): number {
  // An exact output has no gradient at all.
  if (norm === 0) return 0.6;
  return Math.min(16, Math.max(0.6, 10 + 1.4 * Math.log10(norm / atLoss)));
}

/** How a norm is written in the picture. */
export const sizeOf = (value: number): Intl.NumberFormatOptions =>
  value !== 0 && (value < 0.01 || value >= 1000)
    ? { notation: "scientific", maximumSignificantDigits: 2 }
    : { maximumSignificantDigits: 2 };

/** An arrow to the left, as wide as what flows. */
export function Flow(props: { left: number; right: number; y: number; width: number }): VNode {
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

/** `W_hh` as W with a small hh below the line. */
export function Name({ of }: { of: string }): VNode {
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
