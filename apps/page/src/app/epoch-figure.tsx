import { text } from "../language/language.ts";
import { Figure } from "./figure.tsx";
import { epochs } from "./state.ts";

/** Losses or accuracies of the epochs so far. */
export function EpochFigure({ kind, unseen }: { kind: "loss" | "accuracy"; unseen: string }) {
  const last = epochs.value.at(-1);
  if (!last) return null;
  const [own, other] =
    kind === "loss"
      ? [last.loss, last.validationLoss]
      : [last.accuracy ?? Number.NaN, last.validationAccuracy];
  const label = text(
    kind === "loss" ? "results.lossLabel" : "results.accuracyLabel",
    last.epoch,
    own,
    other ?? Number.NaN,
  );
  const title = text(kind === "loss" ? "results.loss" : "results.accuracy");
  const training = text("results.training");
  return (
    <Figure
      title={title}
      label={label}
      height={260}
      draw={(plots, width) =>
        plots.epochPlot(
          epochs.value,
          kind,
          { training, unseen, epoch: text("results.epoch") },
          width,
        )
      }
    >
      <ul class="legend">
        <li class="of-training">{training}</li>
        {other !== null && <li class="of-prediction">{unseen}</li>}
      </ul>
    </Figure>
  );
}
