import type { VNode } from "preact";
import { Scroller } from "../app/scroller.tsx";
import { number, text } from "../language/language.ts";
import { type DrawnCell, drawnCells, fading, type UnrolledPasses } from "./backpropagation.ts";
import { curvesOf } from "./gradient-chart.tsx";
import { cellNames } from "./playback.ts";

type AllPasses = Readonly<Record<DrawnCell, UnrolledPasses>>;

/** What became of the gradient in every cell, and what a step keeps of it. */
export function FadingTable({
  passes,
  recurrentScale,
}: {
  passes: AllPasses;
  recurrentScale: number;
}): VNode {
  return (
    <Scroller label={text("unrolled.chart")}>
      <table class="unrolled-fading">
        <thead>
          <tr>
            <th scope="col">{text("unrolled.cell")}</th>
            <th scope="col">{text("unrolled.fading.ratio")}</th>
            <th scope="col">{text("unrolled.fading.factor")}</th>
            <th scope="col">{text("unrolled.fading.keeping")}</th>
            <th scope="col">{text("unrolled.fading.loss")}</th>
          </tr>
        </thead>
        <tbody>
          {cellNames.map((cell) => {
            const { ratio, factor } = fading(passes[cell]);
            return (
              <tr key={cell} class={`is-${cell}`}>
                <th scope="row">{drawnCells[cell]}</th>
                <td>{number(ratio, ratio < 0.01 || ratio >= 1000 ? scientific : threeDigits)}</td>
                <td>{number(factor, threeDigits)}</td>
                <td>{keepingText(passes[cell], recurrentScale)}</td>
                <td>{number(passes[cell].loss, threeDigits)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </Scroller>
  );
}

const threeDigits = { maximumSignificantDigits: 3 };
const scientific: Intl.NumberFormatOptions = {
  notation: "scientific",
  maximumSignificantDigits: 2,
};

function keepingText({ cell, keeping }: UnrolledPasses, recurrentScale: number): string {
  const kept = number(keeping, threeDigits);
  if (cell !== "simpleRnn") return text(`unrolled.keeping.${cell}`, kept);
  return text("unrolled.keeping.simpleRnn", kept, number(keeping * recurrentScale, threeDigits));
}

/** Every number of the picture of one cell, a row a time step. */
export function StepsTable({ passes }: { passes: UnrolledPasses }): VNode {
  const { cell, steps } = passes;
  const hasC = cell === "lstm";
  const columns = [
    "xₜ",
    ...(hasC ? ["cₜ"] : []),
    "hₜ",
    "yₜ",
    "|∂L/∂hₜ|",
    ...(hasC ? ["|∂L/∂cₜ|"] : []),
  ];
  const vector = (values: ArrayLike<number> | undefined) =>
    Array.from(values ?? [], (value) => number(value, { maximumFractionDigits: 3 })).join("; ");
  return (
    <details>
      <summary>{text("unrolled.numbers")}</summary>
      <Scroller label={text("unrolled.numbers")}>
        <table class="unrolled-numbers">
          <caption>{text("unrolled.numbers.caption", drawnCells[cell])}</caption>
          <thead>
            <tr>
              <th scope="col">{text("unrolled.numbers.step")}</th>
              {columns.map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {steps.map(({ x, c, h, y, dhNorm, dcNorm }, k) => (
              <tr key={`${k + 1}`}>
                <th scope="row">{k + 1}</th>
                <td>{number(x)}</td>
                {hasC && <td class="unrolled-vector">{vector(c)}</td>}
                <td class="unrolled-vector">{vector(h)}</td>
                <td>{number(y)}</td>
                <td>{number(dhNorm)}</td>
                {dcNorm !== undefined && <td>{number(dcNorm)}</td>}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroller>
    </details>
  );
}

/** The curves of the chart as numbers. */
export function CurvesTable({ passes }: { passes: AllPasses }): VNode {
  const curves = curvesOf(passes);
  return (
    <details>
      <summary>{text("unrolled.numbers.all")}</summary>
      <Scroller label={text("unrolled.numbers.all")}>
        <table class="unrolled-numbers">
          <caption>{text("unrolled.chart.y")}</caption>
          <thead>
            <tr>
              <th scope="col">{text("unrolled.numbers.step")}</th>
              {curves.map(({ name }) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {curves[0].norms.map((_, k) => (
              <tr key={`${k + 1}`}>
                <th scope="row">{k + 1}</th>
                {curves.map(({ name, norms }) => (
                  <td key={name}>{number(norms[k])}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroller>
    </details>
  );
}
