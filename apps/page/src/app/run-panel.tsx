import { createRef } from "preact";
import { text } from "../language/language.ts";
import {
  isReady,
  pauseTraining,
  resumeTraining,
  startTraining,
  stopTraining,
  trainOn,
} from "./actions.ts";
import { Failure } from "./failure.tsx";
import { keepsOwn, type Misfit, misfit } from "./going-on.ts";
import {
  epochs,
  failure,
  isBusy,
  isRunning,
  judged,
  model,
  outcome,
  phase,
  settings,
  step,
  unfit,
} from "./state.ts";

/** Where the keyboard's place goes from a button that is gone once it is pressed. */
export const primary = createRef<HTMLButtonElement>();

/**
 * Train, pause, resume, stop; and where the training stands. One button starts, pauses and resumes, and is never
 * disabled while it runs: the keyboard's place would be lost.
 */
export function RunPanel() {
  const isPaused = phase.value === "paused";
  const canPause = phase.value === "training" || isPaused;
  const isTesting = phase.value === "testing" && judged.value !== null;
  const { done, total } = (isTesting ? judged.value : step.value) ?? { done: 0, total: 1 };
  return (
    <section class="run" aria-label={text("run.progress")}>
      <div class="buttons">
        <button
          type="button"
          class="primary"
          ref={primary}
          disabled={!isRunning.value && (isBusy.value || !isReady())}
          aria-disabled={isRunning.value && !canPause}
          onClick={() => {
            if (!isRunning.value) void startTraining();
            else if (canPause) void (isPaused ? resumeTraining() : pauseTraining());
          }}
        >
          {text(primaryKey())}
        </button>
        {isRunning.value && (
          <button
            type="button"
            onClick={() => {
              primary.current?.focus();
              void stopTraining();
            }}
          >
            {text("run.stop")}
          </button>
        )}
        {model.value && !isRunning.value && (
          <button
            type="button"
            disabled={isBusy.value || !isReady() || misfit(model.value, settings.value) !== null}
            onClick={() => {
              primary.current?.focus();
              void trainOn();
            }}
          >
            {text("run.on")}
          </button>
        )}
      </div>
      <div class="standing">
        <p class="status" data-phase={phase.value}>
          {status()}
        </p>
        <progress
          aria-label={text("run.progress")}
          max={total}
          value={done}
          data-shown={isRunning.value || step.value !== null}
        />
      </div>
      <p class="hidden" role="status" aria-live="polite">
        {told()}
      </p>
      {!isRunning.value && <OfTrainingOn />}
      <Failure message={failure.value} />
    </section>
  );
}

/** What the model keeps when it is trained further, or why it cannot be. */
function OfTrainingOn() {
  const { value: about } = model;
  if (!about) return null;
  const why = unfit.value ?? misfit(about, settings.value);
  if (why) {
    return (
      <p class="hint" role={unfit.value ? "alert" : undefined}>
        {reason(why)}
      </p>
    );
  }
  return (
    <>
      {keepsOwn(about, settings.value) && (
        <p class="hint">{text("run.keeps", about.layers.join(" → "), about.window)}</p>
      )}
      {about.hasSchedule && <p class="hint">{text("run.schedule")}</p>}
    </>
  );
}

const reason = (misfit: Misfit): string =>
  "has" in misfit
    ? text(`run.unfit.${misfit.why}`, misfit.has, misfit.needed)
    : text(`run.unfit.${misfit.why}`);

function primaryKey() {
  if (isRunning.value) return phase.value === "paused" ? "run.resume" : "run.pause";
  return model.value ? "run.again" : "run.train";
}

function status(): string {
  const { value: now } = phase;
  if (now === "training") {
    if (!step.value) return text("run.starting");
    const { epoch, epochs, loss } = step.value;
    return text("run.training", epoch, epochs, loss);
  }
  return told();
}

/** What a screen reader hears: stages and whole epochs, not batches. */
function told(): string {
  const { value: now } = phase;
  switch (now) {
    case "idle":
      return text(isReady() ? "run.idle" : "run.needsFile");
    case "training": {
      const last = epochs.value.at(-1);
      if (!last || !step.value) return text("run.starting");
      return text("run.training", last.epoch, step.value.epochs, last.loss);
    }
    case "complete":
      return text("run.complete", Number((outcome.value?.seconds ?? 0).toPrecision(2)));
    case "stopped":
      return text("run.stopped", step.value?.epoch ?? 1);
    case "backend":
    case "data":
    case "testing":
    case "walking":
    case "opening":
    case "reading":
    case "paused":
    case "opened":
    case "failed":
      return text(`run.${now}`);
  }
}
