import { signal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { chooseLanguage, type Language, language, languages, text } from "../language/language.ts";
import { OfflineNote } from "../offline/offline-note.tsx";
import { takeFiles } from "./given-files.ts";
import { ModelPanel } from "./model-panel.tsx";
import { Reader } from "./reader.tsx";
import { ReviewsResults } from "./reviews-results.tsx";
import { RunPanel } from "./run-panel.tsx";
import { SeriesResults } from "./series-results.tsx";
import { isSeries } from "./settings.ts";
import { SettingsPanel } from "./settings-panel.tsx";
import { data, isRunning, isWalking, model, settings } from "./state.ts";
import { WalkForwardPanel } from "./walk-forward-panel.tsx";

const view = signal(location.hash === "#unrolled" ? "unrolled" : "train");
addEventListener("hashchange", () => {
  view.value = location.hash === "#unrolled" ? "unrolled" : "train";
});

/** The whole page. */
export function App() {
  const isOver = useDrop();
  useStaying(isRunning.value || isWalking.value);
  return (
    <div class="page" data-over={isOver}>
      <Head />
      <main>
        {view.value === "unrolled" && <Part />}
        <div class="columns" hidden={view.value === "unrolled"}>
          <SettingsPanel />
          <div class="results">
            <RunPanel />
            <section aria-labelledby="results-title">
              <h2 id="results-title">{text("results.title")}</h2>
              <Results />
            </section>
            {(isSeries(settings.value.task) || isWalking.value) && <WalkForwardPanel />}
            {model.value?.kind === "classifier" && <Reader />}
            <ModelPanel />
          </div>
        </div>
      </main>
      <footer>
        <p>
          {text("app.drop")} {text("app.dropHint")}
        </p>
        <OfflineNote />
      </footer>
    </div>
  );
}

/** Part I of the tutorial, loaded when it is looked at. */
function Part() {
  const [Shown, setShown] = useState<ComponentType | null>(null);
  useEffect(() => {
    void import("../unrolled/unrolled.tsx").then(({ Unrolled }) => setShown(() => Unrolled));
  }, []);
  return Shown && <Shown />;
}

function Head() {
  return (
    <header>
      <h1>rnnkit</h1>
      <p>{text("app.tagline")}</p>
      <nav aria-label={text("app.views")}>
        <a href="#train" aria-current={view.value === "train" ? "page" : undefined}>
          {text("app.train")}
        </a>
        <a href="#unrolled" aria-current={view.value === "unrolled" ? "page" : undefined}>
          {text("app.unrolled")}
        </a>
      </nav>
      <select
        aria-label={text("language.label")}
        value={language.value}
        onChange={(event) => chooseLanguage(event.currentTarget.value as Language)}
      >
        {Object.entries(languages).map(([value, name]) => (
          <option key={value} value={value} lang={value}>
            {name}
          </option>
        ))}
      </select>
    </header>
  );
}

function Results() {
  if (data.value?.kind === "series") return <SeriesResults data={data.value} />;
  if (data.value?.kind === "reviews") return <ReviewsResults data={data.value} />;
  return <p class="empty">{text("results.empty")}</p>;
}

/** Has the browser ask before the page is left, as long as something is going on that would be lost. */
function useStaying(isGoingOn: boolean): void {
  useEffect(() => {
    if (!isGoingOn) return undefined;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener("beforeunload", ask);
    return () => removeEventListener("beforeunload", ask);
  }, [isGoingOn]);
}

/** Takes files that are dropped anywhere on the page. */
function useDrop(): boolean {
  const [isOver, setOver] = useState(false);
  useEffect(() => {
    // What else is dragged, as text into a review, is the browser's.
    const hasFiles = ({ dataTransfer }: DragEvent) =>
      dataTransfer?.types.includes("Files") ?? false;
    const over = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setOver(true);
    };
    const leave = (event: DragEvent) => {
      if (event.relatedTarget === null) setOver(false);
    };
    const drop = (event: DragEvent) => {
      setOver(false);
      if (!hasFiles(event)) return;
      event.preventDefault();
      const files = [...(event.dataTransfer?.files ?? [])];
      if (files.length > 0) void takeFiles(files);
    };
    addEventListener("dragover", over);
    addEventListener("dragleave", leave);
    addEventListener("drop", drop);
    return () => {
      removeEventListener("dragover", over);
      removeEventListener("dragleave", leave);
      removeEventListener("drop", drop);
    };
  }, []);
  return isOver;
}
