import { useEffect, useRef } from "preact/hooks";
import { text } from "../language/language.ts";
import type { Reading } from "../worker/messages.ts";

const LINE = 72;
const ROW = 5;

/** The probability as a line over the state as a heat map: columns are words, rows are units. */
export function StateMap({ of, position }: { of: Reading; position: number }) {
  const { probabilities, states, units } = of;
  const count = probabilities.length;
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const draw = () => canvas.current && paint(canvas.current, states, count, units);
    draw();
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", draw);
    return () => dark.removeEventListener("change", draw);
  }, [states, count, units]);
  const column = 100 / count;
  const x = (i: number) => (i + 0.5) * column;
  const points = probabilities.map((p, i) => `${x(i)},${LINE - 4 - p * (LINE - 8)}`).join(" ");
  return (
    <figure class="state">
      <figcaption>{text("read.probability")}</figcaption>
      <div class="line">
        <span class="top">{text("read.positive")}</span>
        <span class="bottom">{text("read.negative")}</span>
        <svg
          viewBox={`0 0 100 ${LINE}`}
          preserveAspectRatio="none"
          height={LINE}
          role="img"
          aria-label={text("read.probability")}
        >
          <line class="middle" x1="0" x2="100" y1={LINE / 2} y2={LINE / 2} />
          <polyline points={points} />
          <rect class="now" x={position * column} width={column} y="0" height={LINE} />
        </svg>
      </div>
      <figcaption>{text("read.map")}</figcaption>
      <div class="map" style={{ height: `${Math.max(96, Math.min(320, units * ROW))}px` }}>
        <canvas
          ref={canvas}
          role="img"
          aria-label={text("read.mapLabel", units, count - 1)}
          width={count}
          height={units}
        />
        <i class="now" style={{ left: `${position * column}%`, width: `${column}%` }} />
      </div>
      <div class="scale" aria-hidden="true">
        <span>−1</span>
        <i />
        <span>1</span>
      </div>
    </figure>
  );
}

/** One pixel a value: its sign a colour of the style sheet, its size how much of it. */
function paint(
  canvas: HTMLCanvasElement,
  states: Float32Array,
  count: number,
  units: number,
): void {
  const context = canvas.getContext("2d");
  if (!context) return;
  const style = getComputedStyle(canvas);
  const colors = [style.getPropertyValue("--minus"), style.getPropertyValue("--plus")];
  context.clearRect(0, 0, count, units);
  for (let word = 0; word < count; word++) {
    for (let unit = 0; unit < units; unit++) {
      const value = states[word * units + unit] as number;
      context.globalAlpha = Math.min(1, Math.abs(value));
      context.fillStyle = colors[Number(value > 0)] as string;
      context.fillRect(word, unit, 1, 1);
    }
  }
}
