import type { JudgedForecasts } from "@rnnkit/benchmarks/results";
import { useRef } from "preact/hooks";
import { number, text } from "../language/language.ts";
import type { Place } from "../worker/messages.ts";
import { isReady, startWalkForward, stopTraining } from "./actions.ts";
import { Failure } from "./failure.tsx";
import { NumberField } from "./fields.tsx";
import { Scroller } from "./scroller.tsx";
import { featuresIn, type Range } from "./settings.ts";
import { foldCount, isBusy, isWalking, type Walk, walk } from "./state.ts";

const range: Range = { least: 2, most: 10, isWhole: true };
const percent = { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 } as const;

/**
 * The settings' model trained anew and judged fold by fold. The button that starts is never disabled while that runs:
 * the keyboard's place would be lost.
 */
export function WalkForwardPanel() {
  const start = useRef<HTMLButtonElement>(null);
  const { value: now } = walk;
  return (
    <section class="walk" aria-labelledby="walk-title">
      <h2 id="walk-title">{text("walk.title")}</h2>
      <p class="hint">{text("walk.hint")}</p>
      <div class="row">
        <NumberField
          label={text("walk.folds")}
          value={foldCount.value}
          range={range}
          choose={(value) => {
            foldCount.value = value;
          }}
        />
        <button
          type="button"
          ref={start}
          disabled={!isWalking.value && (isBusy.value || !isReady())}
          aria-disabled={isWalking.value}
          onClick={() => void startWalkForward()}
        >
          {text("walk.start")}
        </button>
        {isWalking.value && (
          <button
            type="button"
            onClick={() => {
              start.current?.focus();
              void stopTraining();
            }}
          >
            {text("run.stop")}
          </button>
        )}
      </div>
      {isWalking.value && (
        <progress
          aria-label={text("walk.progress")}
          max={now?.step?.total ?? 1}
          value={now?.step?.done ?? 0}
        />
      )}
      <p role="status" aria-live="polite">
        {now && told(now)}
      </p>
      <Failure message={now?.failure ?? null} />
      {now && now.folds.length > 0 && <FoldTable of={now} />}
    </section>
  );
}

function told({ step, count, folds, outcome }: Walk): string {
  if (isWalking.value)
    return text(step?.stage === "judging" ? "walk.judging" : "walk.fold", step?.fold ?? 1, count);
  if (outcome?.ending === "complete") return text("walk.complete", count);
  return text("walk.ended", folds.length, count);
}

/** What an evaluation is of, whatever the settings say by now. */
function caption({ settings, file }: Walk): string {
  const { task, column, features, cell, units, window, epochs } = settings;
  const columns = [column, ...featuresIn(features)].join(" + ");
  const series = task === "csv" ? text("results.csv", columns, file) : text(`settings.${task}`);
  return text("walk.caption", series, text(`settings.${cell}`), units, window, epochs);
}

function FoldTable({ of: evaluated }: { of: Walk }) {
  const { folds, outcome } = evaluated;
  const hasSeason = folds.some(({ seasonal }) => seasonal !== null);
  const hasBands = folds.some(({ coverage }) => coverage !== null);
  const title = caption(evaluated);
  const row = (name: string, from: Place, to: Place, judged: JudgedForecasts) => (
    <tr key={name}>
      <th scope="row">{name}</th>
      <td>{from}</td>
      <td>{to}</td>
      <td>{number(judged.model.rmse)}</td>
      <td>{number(judged.model.mae)}</td>
      <td>{orNone(judged.model.mase)}</td>
      <td>{number(judged.lastValue.rmse)}</td>
      {hasSeason && <td>{orNone(judged.seasonal?.rmse)}</td>}
      {hasBands && <td>{orNone(judged.coverage, percent)}</td>}
    </tr>
  );
  const [first, last] = [folds[0], folds.at(-1)];
  return (
    <>
      <Scroller label={title}>
        <table class="folds">
          <caption>{title}</caption>
          <thead>
            <tr>
              <th scope="col">{text("walk.which")}</th>
              <th scope="col">{text("walk.from")}</th>
              <th scope="col">{text("walk.to")}</th>
              <th scope="col">RMSE</th>
              <th scope="col">MAE</th>
              <th scope="col">MASE</th>
              <th scope="col">{text("walk.lastValue")}</th>
              {hasSeason && <th scope="col">{text("walk.seasonal")}</th>}
              {hasBands && <th scope="col">{text("walk.coverage")}</th>}
            </tr>
          </thead>
          <tbody>{folds.map((fold, i) => row(String(i + 1), fold.from, fold.to, fold))}</tbody>
          {outcome?.together && first && last && (
            <tfoot>{row(text("walk.together"), first.from, last.to, outcome.together)}</tfoot>
          )}
        </table>
      </Scroller>
      {outcome?.farthest && (
        <p>
          {text(
            "walk.farthest",
            outcome.farthest.steps,
            outcome.farthest.model.mae,
            outcome.farthest.lastValue.mae,
          )}
        </p>
      )}
    </>
  );
}

const orNone = (value: number | null | undefined, options?: Intl.NumberFormatOptions): string =>
  value == null ? "–" : number(value, options);
