import { text } from "../language/language.ts";
import type { OpenNote } from "../worker/messages.ts";
import { saveModel } from "./actions.ts";
import { FileField } from "./fields.tsx";
import { takeFiles } from "./given-files.ts";
import { isBusy, model, openNotes } from "./state.ts";

/** The model that there is, as a file; or another, out of one. */
export function ModelPanel() {
  const { value: about } = model;
  return (
    <section class="model" aria-labelledby="model-title">
      <h2 id="model-title">{text("model.title")}</h2>
      {about && (
        <p class="layers">
          <span lang="en">{about.layers.join(" → ")}</span>
          <span>{text("model.about", about.parameters)}</span>
        </p>
      )}
      {openNotes.value.length > 0 && (
        <ul class="notice">
          {openNotes.value.map((note) => (
            <li key={JSON.stringify(note)}>{noteText(note)}</li>
          ))}
        </ul>
      )}
      <div class="row">
        <button type="button" disabled={!about || isBusy.value} onClick={() => void saveModel()}>
          {text("model.save")}
        </button>
        <FileField
          label={text("model.open")}
          accept=".keras,.h5,.hdf5,.json"
          several
          isDisabled={isBusy.value}
          take={(given) => void takeFiles(given)}
        />
      </div>
      <p class="hint">{text("model.saveHint")}</p>
    </section>
  );
}

function noteText(note: OpenNote): string {
  if (note.note === "noScaler") return text("model.noScaler");
  if (note.note === "otherSeries") return text("model.otherSeries", note.column);
  if (note.note === "noWords") return text("model.noWords");
  return text("model.warning", note.text);
}
