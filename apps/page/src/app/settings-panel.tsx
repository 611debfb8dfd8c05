import { useEffect, useState } from "preact/hooks";
import { text } from "../language/language.ts";
import { chooseBackend, chooseColumns, chooseTask } from "./actions.ts";
import { Checks, Choice, FileField, NumberField } from "./fields.tsx";
import { takeFiles } from "./given-files.ts";
import { inPageWords } from "./page-words.ts";
import {
  backends,
  bandKinds,
  cells,
  dateOrders,
  decimalMarks,
  defaults,
  featuresIn,
  isSeries,
  type NumberName,
  ranges,
  tasks,
} from "./settings.ts";
import { backend, choose, columns, faults, files, isBusy, settings } from "./state.ts";

/** Everything that decides a training; as it is in the page's address. */
export function SettingsPanel() {
  const { task, cell, column, backend: wish } = settings.value;
  const ofSeries = isSeries(task);
  const numbers: [NumberName, string][] = [
    ["units", text("settings.units")],
    ["window", text(ofSeries ? "settings.window" : "settings.words")],
    ["epochs", text("settings.epochs")],
    ["batch", text("settings.batch")],
    ["rate", text("settings.rate")],
    ["seed", text("settings.seed")],
    ...(ofSeries
      ? ([["ahead", text("settings.ahead")]] as const)
      : ([["reviews", text("settings.reviewCount")]] as const)),
  ] as [NumberName, string][];
  return (
    <form
      class="settings"
      aria-labelledby="settings-title"
      onSubmit={(event) => event.preventDefault()}
    >
      <h2 id="settings-title">{text("settings.title")}</h2>
      <Faults />
      <fieldset disabled={isBusy.value}>
        <legend class="hidden">{text("settings.title")}</legend>
        <Choice
          label={text("settings.task")}
          value={task}
          options={tasks.map((value) => ({ value, label: text(`settings.${value}`) }))}
          choose={chooseTask}
        />
        {task === "csv" && <CsvFields />}
        {task === "imdb" && (
          <FileField
            label={text("settings.imdbFile")}
            accept=".npz"
            hint={files.value.imdb?.name ?? text("settings.imdbHint")}
            take={takeFiles}
          />
        )}
        <Choice
          label={text("settings.cell")}
          value={cell}
          options={cells.map((value) => ({ value, label: text(`settings.${value}`) }))}
          choose={(value) => choose({ cell: value })}
        />
        <div class="numbers">
          {numbers.map(([name, label]) => (
            <NumberField
              key={name}
              label={label}
              value={settings.value[name]}
              range={ranges[name]}
              choose={(value) => choose({ [name]: value })}
            />
          ))}
        </div>
        {ofSeries && (
          <Choice
            label={text("settings.bands")}
            value={settings.value.bands}
            options={bandKinds.map((value) => ({ value, label: text(`settings.bands.${value}`) }))}
            choose={(value) => choose({ bands: value })}
          />
        )}
        <Choice
          label={text("settings.backend")}
          value={wish}
          options={backends.map((value) => ({ value, label: text(`settings.${value}`) }))}
          choose={(value) => {
            choose({ backend: value });
            void chooseBackend(value);
          }}
        />
        <BackendReasons />
        <button type="button" class="quiet" onClick={() => choose({ ...defaults[task], column })}>
          {text("settings.reset")}
        </button>
      </fieldset>
    </form>
  );
}

/** The CSV file, the column of it that is forecast, and those that the model sees besides. */
function CsvFields() {
  const { column } = settings.value;
  const features = featuresIn(settings.value.features);
  const others = columns.value.filter((name) => name !== column);
  return (
    <>
      <FileField
        label={text("settings.csvFile")}
        accept=".csv,.tsv,.txt,text/csv"
        hint={files.value.csv?.name}
        take={takeFiles}
      />
      {columns.value.length > 1 && (
        <>
          <Choice
            label={text("settings.column")}
            value={column}
            options={columns.value.map((value) => ({ value, label: value }))}
            choose={(value) => chooseColumns(value, features)}
          />
          <Checks
            label={text("settings.features")}
            names={others}
            chosen={features}
            choose={(names) => chooseColumns(column, names)}
          />
        </>
      )}
      {files.value.csv && <Writing />}
    </>
  );
}

/** How numbers and dates are written, for a file that does not prove it. */
function Writing() {
  const { decimal, dates } = settings.value;
  return (
    <>
      <Choice
        label={text("settings.decimal")}
        value={decimal}
        options={decimalMarks.map((value) => ({ value, label: text(`settings.decimal.${value}`) }))}
        choose={(value) => choose({ decimal: value })}
      />
      <Choice
        label={text("settings.dates")}
        value={dates}
        options={dateOrders.map((value) => ({ value, label: text(`settings.dates.${value}`) }))}
        choose={(value) => choose({ dates: value })}
      />
    </>
  );
}

function Faults() {
  if (faults.value.length === 0) return null;
  return (
    <div class="notice" role="alert">
      <ul>
        {faults.value.map(({ name, got, taken }) => (
          <li key={`${name}=${got}`}>
            {taken === null ? (
              <Unknown name={name} got={got} />
            ) : (
              text("settings.fault", name, got, taken)
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}

/** A name that no setting has, and the one that was likely meant, known as soon as core-rnn is loaded. */
function Unknown({ name, got }: { name: string; got: string }) {
  const [near, setNear] = useState("");
  useEffect(() => {
    const names = Object.keys(settings.value);
    void import("@rnnkit/core-rnn").then(({ nearest }) => setNear(nearest(name, names) ?? ""));
  }, [name]);
  return <>{text("settings.unknown", name, got, near)}</>;
}

const outcomes = {
  taken: "settings.taken",
  refused: "settings.refused",
  "not tried": "settings.notTried",
  slower: "settings.notTried",
} as const;

/** What became of each backend, and why. */
function BackendReasons() {
  const { value: report } = backend;
  return (
    <details
      class="reasons"
      onToggle={({ currentTarget }) => {
        if (currentTarget.open && !report) void chooseBackend(settings.value.backend);
      }}
    >
      <summary>{report ? report.line : text("settings.why")}</summary>
      <dl>
        {report?.candidates.map(({ name, outcome, reason }) => {
          const { words, language } = inPageWords(reason);
          return (
            <div key={name} class={outcome === "taken" ? "taken" : ""}>
              <dt>
                {name} <span class="outcome">{text(outcomes[outcome])}</span>
              </dt>
              <dd lang={language === "en" ? "en" : "zh-CN"}>{words}</dd>
            </div>
          );
        })}
      </dl>
    </details>
  );
}
