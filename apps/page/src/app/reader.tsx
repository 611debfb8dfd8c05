import { useEffect, useState } from "preact/hooks";
import { number, text } from "../language/language.ts";
import type { Reading } from "../worker/messages.ts";
import { learnWords, readReview, showExample } from "./actions.ts";
import { Failure } from "./failure.tsx";
import { FileField } from "./fields.tsx";
import { model, readFailure, reading, review } from "./state.ts";
import { StateMap } from "./state-map.tsx";

/** A review, typed or of the test part, and what the model makes of it with each word. */
export function Reader() {
  const hasWords = model.value?.hasWords ?? false;
  return (
    <section class="reader" aria-labelledby="reader-title">
      <h2 id="reader-title">{text("read.title")}</h2>
      {hasWords ? (
        <>
          <label for="review">{text("read.label")}</label>
          <textarea
            id="review"
            lang="en"
            rows={3}
            maxLength={2000}
            spellcheck={false}
            placeholder={text("read.placeholder")}
            value={review.value}
            onInput={({ currentTarget }) => {
              review.value = currentTarget.value;
              void readReview();
            }}
          />
          {model.value?.hasExamples && (
            <button type="button" class="quiet" onClick={() => void showExample()}>
              {text("read.example")}
            </button>
          )}
        </>
      ) : (
        <div class="row">
          <p>{text("read.words")}</p>
          <FileField
            label={text("read.wordsFile")}
            hint="imdb_word_index.json"
            accept=".json"
            take={([file]) => void learnWords(file ?? null)}
          />
          <button type="button" onClick={() => void learnWords(null)}>
            {text("read.wordsFetch")}
          </button>
        </div>
      )}
      <Failure message={readFailure.value} />
      {hasWords && reading.value && <Read of={reading.value} />}
    </section>
  );
}

const STEP_MS = 180;

function Read({ of }: { of: Reading }) {
  const { words, probabilities, forgotten } = of;
  const [chosen, setChosen] = useState<number | null>(null);
  const [isPlaying, setPlaying] = useState(false);
  const position = Math.min(chosen ?? words.length, words.length);
  useEffect(() => setChosen(null), [of]);
  useEffect(() => {
    if (!isPlaying) return undefined;
    const timer = setTimeout(() => {
      if (position >= words.length) setPlaying(false);
      else setChosen(position + 1);
    }, STEP_MS);
    return () => clearTimeout(timer);
  });
  const share = probabilities[position] ?? Number.NaN;
  const unknown = words.filter(({ isKnown }) => !isKnown).length;
  const word = words[position - 1]?.text ?? text("read.nothing");
  return (
    <>
      <p class="verdict big" role="status" aria-live="polite" data-better={share >= 0.5}>
        {text("read.verdict", share)}
      </p>
      <p class="words" lang="en">
        {words.map(({ text: piece, isKnown }, i) => (
          <span
            key={i}
            class={isKnown ? "" : "unknown"}
            title={isKnown ? undefined : text("read.unknown")}
            data-read={i < position}
            data-now={i === position - 1}
            style={{ "--share": String(probabilities[i + 1] ?? 0.5) }}
          >
            {piece}{" "}
          </span>
        ))}
      </p>
      {unknown > 0 && <p class="hint">{text("read.unknownNote", unknown)}</p>}
      {forgotten > 0 && <p class="hint">{text("read.forgotten", forgotten)}</p>}
      <div class="row position">
        <label for="position">{text("read.position")}</label>
        <input
          id="position"
          type="range"
          min={0}
          max={words.length}
          value={position}
          aria-valuetext={text("read.says", word, share)}
          onInput={({ currentTarget }) => {
            setPlaying(false);
            setChosen(Number(currentTarget.value));
          }}
        />
        <output class="numeric">{number(position)}</output>
        <button
          type="button"
          class="quiet"
          onClick={() => {
            if (!isPlaying) setChosen(0);
            setPlaying(!isPlaying);
          }}
        >
          {text(isPlaying ? "read.stop" : "read.play")}
        </button>
      </div>
      <StateMap of={of} position={position} />
    </>
  );
}
