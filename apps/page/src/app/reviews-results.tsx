import { number, text } from "../language/language.ts";
import type { ReviewsData } from "../worker/messages.ts";
import { EpochFigure } from "./epoch-figure.tsx";
import { epochs, outcome } from "./state.ts";

const percent = { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 } as const;

const percentOrNone = (share: number | null | undefined): string =>
  share == null ? "–" : number(share, percent);

/** How well a classifier of reviews learns. */
export function ReviewsResults({ data }: { data: ReviewsData }) {
  const test = outcome.value?.test;
  const last = epochs.value.at(-1);
  return (
    <>
      <p class="source">
        <strong>{text("results.reviewsTitle")}</strong>{" "}
        {text("results.counts", data.train, data.validation, data.test)}
        {data.isSynthetic && <span class="tag">{text("results.synthetic")}</span>}
      </p>
      {data.notes.map((name) => (
        <p class="notice" key={name}>
          {text("results.notKeras", name)}
        </p>
      ))}
      {test && (
        <dl class="figures">
          <div>
            <dt>{text("results.testAccuracy")}</dt>
            <dd>{percentOrNone(test.accuracy)}</dd>
          </div>
          <div>
            <dt>{text("results.testLoss")}</dt>
            <dd>{number(test.loss)}</dd>
          </div>
          <div>
            <dt>{text("results.lastAccuracy")}</dt>
            <dd>{percentOrNone(last?.accuracy)}</dd>
          </div>
        </dl>
      )}
      <div class="pair">
        <EpochFigure kind="loss" unseen={text("results.validation")} />
        <EpochFigure kind="accuracy" unseen={text("results.validation")} />
      </div>
    </>
  );
}
