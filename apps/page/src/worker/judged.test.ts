import "@tensorflow/tfjs-backend-cpu";
import { expect, test } from "vitest";
import { bandKinds, defaults } from "../app/settings.ts";
import { forecastBeyond, forecasterFor, judgeTest } from "./forecaster.ts";
import type { Share } from "./messages.ts";
import { chosenSeries } from "./series-source.ts";

const { signal } = new AbortController();
const none = { csv: null, imdb: null, words: null };

for (const bands of bandKinds) {
  const settings = {
    ...defaults.sine,
    bands,
    cell: "simple_rnn",
    units: 2,
    window: 4,
    ahead: 3,
  } as const;
  const forecaster = forecasterFor(chosenSeries(settings, none), settings);

  test(`how much of the test part is judged grows with each batch, to all of it: bands ${bands}`, async () => {
    const told: Share[] = [];
    const judged = await judgeTest(forecaster, settings.ahead, signal, (share) => told.push(share));
    const { done, total } = told.at(-1)!;
    expect(done).toBe(total);
    expect(told.every((share, i) => share.done > (told[i - 1]?.done ?? 0))).toBe(true);
    // A hundred windows: three steps, at once or one behind the other; then 50 samples of one step.
    expect(total).toBe({ none: 300, dropout: 300 + 5100, quantile: 100 }[bands]);
    expect(judged?.horizon?.model).toHaveLength(3);
  });

  test(`a forecast that is overtaken gives nothing: bands ${bands}`, async () => {
    expect(await forecastBeyond(forecaster, 3, AbortSignal.abort())).toBeNull();
    const overtaken = new AbortController();
    const asked = forecastBeyond(forecaster, 3, overtaken.signal);
    overtaken.abort();
    // What one batch says is there before anyone can overtake it.
    const said = await asked;
    expect(said === null || said.values.length === 3).toBe(true);
  });
}
