import { setWholeSteps } from "@rnnkit/keras-builders";
import * as tf from "@tensorflow/tfjs-core";
import type { Sequential } from "@tensorflow/tfjs-layers";
import type { StepTimeline } from "../charts/timeline-chart.ts";
import { median } from "../statistics.ts";
import { type Column, tableHead, tableRow } from "../terminal/text-table.ts";
import type { TimelineRow } from "./bench-rows.ts";
import type { Bench } from "./bench-session.ts";
import { rounds, timedAsync } from "./rounds.ts";
import { watchStep } from "./step-watch.ts";
import { seededExamples, type TutorialModel, tutorialModels } from "./tutorial-models.ts";
import { warmUp } from "./warm-up.ts";

export interface TimelineOptions {
  /** Name of one of `tutorialModels`. */
  model: string;
  seconds: number;
  seed: number;
}

const columns: Column[] = [
  { title: "stretch", width: 26, left: true },
  { title: "phase", width: 10, left: true },
  { title: "from ms", width: 9 },
  { title: "to ms", width: 9 },
  { title: "share", width: 8 },
];

/** `bench timeline`: where the time of one training step goes, stretch by stretch. */
export async function benchTimeline(
  { model: name, seconds, seed }: TimelineOptions,
  bench: Bench<TimelineRow>,
): Promise<void> {
  const known = tutorialModels(seed).find((model) => model.name === name) as TutorialModel;
  const model = known.fused();
  const { x, y } = seededExamples(known, known.batchSize, seed);
  try {
    const whole = () => timedAsync(() => model.trainOnBatch(x, y));
    const step = () => layerByLayer(model, () => model.trainOnBatch(x, y));
    await warmUp(async () => (await whole()) + (await step()).totalMs, bench.signal);
    const measured = await rounds(async () => ({ step: await step(), wholeMs: await whole() }), {
      ...{ warmUp: 0, least: 3, seconds, signal: bench.signal },
    });
    if (measured.length === 0) return;
    const steps = measured.map(({ step }) => step).sort((a, b) => a.totalMs - b.totalMs);
    const { totalMs, bars } = steps[Math.floor(steps.length / 2)] as (typeof steps)[number];
    const row: TimelineRow = {
      ...{ model: name, title: known.title, batchSize: known.batchSize, totalMs, bars },
      ...{ rounds: measured.length, threads: bench.environment.threads },
      wholeMs: median(measured.map(({ wholeMs }) => wholeMs)),
    };
    bench.record(row);
    for (const line of rowLines(row)) bench.line(line);
  } finally {
    model.dispose();
    tf.dispose([x, y]);
  }
}

/** A step with every layer by operations of tfjs, which can be told apart; as a whole it is one call of the engine. */
async function layerByLayer(
  model: Sequential,
  step: () => Promise<unknown>,
): Promise<Pick<StepTimeline, "totalMs" | "bars">> {
  setWholeSteps(false);
  try {
    return await watchStep(model, step);
  } finally {
    setWholeSteps(true);
  }
}

function rowLines({ title, bars, totalMs, wholeMs, rounds, batchSize }: TimelineRow): string[] {
  const between = totalMs - bars.reduce((sum, bar) => sum + bar.endMs - bar.startMs, 0);
  return [
    "",
    `  ${title}; batch ${batchSize}, layer by layer, the median one of ${rounds} steps`,
    "",
    tableHead(columns),
    ...bars.map(({ name, phase, startMs, endMs }) =>
      tableRow(columns, [
        ...[name, phase, startMs.toFixed(3), endMs.toFixed(3)],
        `${((100 * (endMs - startMs)) / totalMs).toFixed(1)} %`,
      ]),
    ),
    "",
    `  ${totalMs.toFixed(3)} ms, of which ${between.toFixed(3)} between the stretches; as a whole, as fit takes it, ${wholeMs.toFixed(3)} ms`,
  ];
}
