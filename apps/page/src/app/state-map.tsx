import { useEffect, useRef } from "preact/hooks";
import { number, text } from "../language/language.ts";
import type { Reading } from "../worker/messages.ts";

const LINE = 72;
const ROW = 5;

/** The probability as a line over the state as a heat map: columns are words, rows are units. */
export function StateMap({ of, position }: { of: Reading; position: number }) {
  const { probabilities, states, units } = of;
  const count = probabilities.length;
  const most = scaleOf(states);
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const draw = () => canvas.current && paint(canvas.current, states, { count, units, most });
    draw();
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", draw);
    return () => dark.removeEventListener("change", draw);
  }, [states, count, units, most]);
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
        <span>{number(-most).replace("-", "−")}</span>
        <i />
        <span>{number(most)}</span>
      </div>
    </figure>
  );
}

/** What the strongest colours mean: 1, 2 or 5 times a power of ten, not less than the largest value; 1 of nothing. */
export function scaleOf(states: Float32Array): number {
  const largest = states.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (!(largest > 0) || !Number.isFinite(largest)) return 1;
  const power = Math.floor(Math.log10(largest));
  const steps = [1, 2, 5, 10].map((step) => Number(`${step}e${power}`));
  return steps.find((step) => step >= largest) ?? largest;
}

/** One pixel a value: its sign a colour of the style sheet, its size, of the **most**, how much of it. */
function paint(
  canvas: HTMLCanvasElement,
  states: Float32Array,
  { count, units, most }: { count: number; units: number; most: number },
): void {
  const context = canvas.getContext("2d");
  if (!context) return;
  const style = getComputedStyle(canvas);
  const colors = [style.getPropertyValue("--minus"), style.getPropertyValue("--plus")];
  context.clearRect(0, 0, count, units);
  for (let word = 0; word < count; word++) {
    for (let unit = 0; unit < units; unit++) {
      const value = states[word * units + unit] as number;
      context.globalAlpha = Math.min(1, Math.abs(value) / most);
      context.fillStyle = colors[Number(value > 0)] as string;
      context.fillRect(word, unit, 1, 1);
    }
  }
}
