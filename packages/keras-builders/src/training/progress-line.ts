import type { TrainingProgress } from "./training-progress.ts";

const WIDTH = 20;

/** The line that Keras prints of an epoch: steps, bar, time, time a step, losses and metrics by the alphabet. */
export function progressLine(state: TrainingProgress): string {
  const { step, steps, secondsLeft, seconds, secondsPerStep, values, isEpochEnd } = state;
  const count =
    steps === null
      ? `${String(step).padStart(7)}/Unknown`
      : `${String(step).padStart(String(steps).length)}/${steps} ${bar(step / steps)}`;
  const time = isEpochEnd || secondsLeft === null ? `${seconds.toFixed(0)}s` : clock(secondsLeft);
  const numbers = Object.keys(values)
    .sort()
    .map((name) => `${name}: ${decimals(values[name] as number)}`);
  return [`${count} ${time} ${perStep(secondsPerStep)}`, ...numbers].join(" - ");
}

function bar(share: number): string {
  const done = Math.floor(WIDTH * Math.min(1, share));
  return "━".repeat(done) + "─".repeat(WIDTH - done);
}

function clock(seconds: number): string {
  const whole = Math.floor(seconds);
  const two = (n: number) => String(n).padStart(2, "0");
  if (seconds > 3600) {
    return `${Math.floor(whole / 3600)}:${two(Math.floor((whole % 3600) / 60))}:${two(whole % 60)}`;
  }
  return seconds > 60 ? `${Math.floor(whole / 60)}:${two(whole % 60)}` : `${whole}s`;
}

function perStep(seconds: number): string {
  if (seconds >= 1 || seconds === 0) return `${seconds.toFixed(0)}s/step`;
  if (seconds >= 1e-3) return `${(1e3 * seconds).toFixed(0)}ms/step`;
  return `${(1e6 * seconds).toFixed(0)}us/step`;
}

function decimals(value: number): string {
  return Math.abs(value) > 1e-3 || !Number.isFinite(value)
    ? value.toFixed(4)
    : value.toExponential(4).replace(/e([+-])(\d)$/, "e$10$2");
}
