import type { Errors } from "@rnnkit/benchmarks/results";
import { number, text } from "../language/language.ts";
import type { Predictions, SeriesData } from "../worker/messages.ts";
import { forecastAhead, judgeModel } from "./actions.ts";
import { EpochFigure } from "./epoch-figure.tsx";
import { NumberField } from "./fields.tsx";
import { Figure } from "./figure.tsx";
import { primary } from "./run-panel.tsx";
import { ranges } from "./settings.ts";
import {
  ahead,
  choose,
  horizon,
  isBusy,
  isRunning,
  model,
  predictions,
  settings,
} from "./state.ts";

const HEIGHT = 260;

/** The series with what is predicted of it, losses, errors, and values beyond its end. */
export function SeriesResults({ data: told }: { data: SeriesData }) {
  const data = inOwnWords(told);
  const { title, source, isSynthetic, features, notes, gapsFilled } = data;
  return (
    <>
      <p class="source">
        <strong>{title}</strong> {source}
        {features.length > 0 && ` ${text("results.features", features.join(", "))}`}
        {isSynthetic && <span class="tag">{text("results.synthetic")}</span>}
      </p>
      {gapsFilled > 0 && <p class="hint">{text("results.gaps", gapsFilled)}</p>}
      {notes.length > 0 && (
        <details>
          <summary>{text("results.notes")}</summary>
          <ul lang="en">
            {notes.map((note) => (
              <li key={note}>{note}</li>
            ))}
          </ul>
        </details>
      )}
      <Figure
        title={text("results.series")}
        label={text(
          "results.seriesLabel",
          data.values.length,
          predictions.value?.values.length ?? 0,
          ahead.value?.values.length ?? 0,
        )}
        height={HEIGHT}
        draw={(plots, width) =>
          plots.seriesPlot(
            data,
            predictions.value,
            ahead.value,
            { test: text("results.test") },
            width,
          )
        }
      >
        <Legend />
      </Figure>
      <EpochFigure kind="loss" unseen={text("results.unseen")} />
      {horizon.value && <HorizonFigure season={data.season} />}
      {predictions.value && <ErrorTable predictions={predictions.value} season={data.season} />}
      {model.value?.kind === "forecaster" && !isRunning.value && (
        <>
          {!predictions.value && <Unjudged />}
          <AheadPanel />
        </>
      )}
    </>
  );
}

/** A series told of in the page's language, but for the names in a file. */
function inOwnWords(data: SeriesData): SeriesData {
  const { name, axis, valueLabel, source } = data;
  if (name === "csv") {
    const isCounted = axis.kind === "number" && axis.label === "row";
    return {
      ...data,
      title: text("results.csv", valueLabel, source),
      source: "",
      axis: isCounted ? { ...axis, label: text("results.csv.row") } : axis,
    };
  }
  if (name !== "sine" && name !== "sunspots") return data;
  return {
    ...data,
    title: text(`results.${name}`),
    source: text(`results.${name}.source`),
    valueLabel: text(`results.${name}.value`),
    axis: { ...axis, label: text(`results.${name}.place`) },
  };
}

function Legend() {
  return (
    <ul class="legend">
      <li class="of-series">{text("results.actual")}</li>
      {predictions.value && <li class="of-prediction">{text("results.predicted")}</li>}
      {ahead.value && <li class="of-ahead">{text("results.ahead")}</li>}
    </ul>
  );
}

function ErrorTable(props: { predictions: Predictions; season: number | null }) {
  const { model: own, lastValue, seasonal } = props.predictions;
  const rows: [string, Errors][] = [
    [text("results.model"), own],
    [text("results.lastValue"), lastValue],
    ...(seasonal && props.season
      ? ([[text("results.seasonal", props.season), seasonal]] as [string, Errors][])
      : []),
  ];
  const change = 1 - own.rmse / lastValue.rmse;
  return (
    <section>
      <table class="errors">
        <caption>{text("results.errors")}</caption>
        <thead>
          <tr>
            <th scope="col">{text("results.who")}</th>
            <th scope="col">RMSE</th>
            <th scope="col">MAE</th>
            <th scope="col">MASE</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, { rmse, mae, mase }]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{number(rmse)}</td>
              <td>{number(mae)}</td>
              <td>{mase === null ? "–" : number(mase)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {Number.isFinite(change) && (
        <p class="verdict" data-better={change > 0}>
          {text(change > 0 ? "results.better" : "results.worse", Math.abs(change))}
        </p>
      )}
      {props.predictions.coverage !== null && (
        <p>{text("results.coverage", props.predictions.coverage)}</p>
      )}
      <p class="hint">{text("results.mase")}</p>
    </section>
  );
}

/** How errors grow with the steps ahead. */
function HorizonFigure({ season }: { season: number | null }) {
  const errors = horizon.value;
  if (!errors) return null;
  const names = {
    model: text("results.model"),
    lastValue: text("results.lastValue"),
    seasonal: text("results.seasonal", season ?? 0),
  };
  const steps = errors.model.length;
  return (
    <Figure
      title={text("results.horizon")}
      label={text(
        "results.horizonLabel",
        steps,
        errors.model.at(-1) as number,
        errors.lastValue.at(-1) as number,
      )}
      height={HEIGHT}
      draw={(plots, width) =>
        plots.horizonPlot(errors, { ...names, steps: text("results.steps") }, width)
      }
    >
      <ul class="legend">
        <li class="of-prediction">{names.model}</li>
        <li class="of-last">{names.lastValue}</li>
        {errors.seasonal && <li class="of-seasonal">{names.seasonal}</li>}
      </ul>
    </Figure>
  );
}

/** A judgement that was stopped can be had later. */
function Unjudged() {
  return (
    <section class="unjudged">
      <p>{text("results.unjudged")}</p>
      <button
        type="button"
        disabled={isBusy.value}
        onClick={() => {
          primary.current?.focus();
          void judgeModel();
        }}
      >
        {text("results.judge")}
      </button>
    </section>
  );
}

function AheadPanel() {
  const { value: beyond } = ahead;
  return (
    <section class="ahead">
      <h3>{text("results.aheadTitle")}</h3>
      <div class="row">
        <NumberField
          label={text("settings.ahead")}
          value={settings.value.ahead}
          range={ranges.ahead}
          choose={(value) => choose({ ahead: value })}
        />
        <button type="button" onClick={() => void forecastAhead()}>
          {text("results.forecast")}
        </button>
      </div>
      {beyond && (
        <details>
          <summary>{text("results.aheadTable")}</summary>
          <table>
            <thead>
              <tr>
                <th scope="col">{text("results.when")}</th>
                <th scope="col">{text("results.value")}</th>
                {beyond.lower && <th scope="col">{text("results.band")}</th>}
              </tr>
            </thead>
            <tbody>
              {beyond.values.map((value, i) => (
                <tr key={beyond.at[i]}>
                  <th scope="row">{beyond.at[i]}</th>
                  <td>{number(value)}</td>
                  {beyond.lower && (
                    <td>
                      {number(beyond.lower[i] as number)} – {number(beyond.upper?.[i] as number)}
                    </td>
                  )}
                </tr>
              ))}
            </tbody>
          </table>
        </details>
      )}
    </section>
  );
}
