import {
  buildBidirectionalRnnModel,
  buildLstmGruModel,
  buildSimpleRnnModel,
  buildStackedRnnModel,
  buildVariableLengthModel,
} from "@rnnkit/keras-builders";
import type { Session } from "../session.ts";
import { wrapped } from "../terminal/wrapped-text.ts";

const inputShape = [10, 5] as const;

const builders = {
  "buildSimpleRnnModel([10, 5], 1)": () => buildSimpleRnnModel(inputShape, 1),
  "buildLstmGruModel([10, 5], 1)": () => buildLstmGruModel(inputShape, 1),
  "buildBidirectionalRnnModel([10, 5], 1)": () => buildBidirectionalRnnModel(inputShape, 1),
  "buildStackedRnnModel([10, 5], 1)": () => buildStackedRnnModel(inputShape, 1),
  "buildVariableLengthModel(100, 10000, 10)": () => buildVariableLengthModel(100, 10_000, 10),
};

/** Part II: the summaries of the five builders' models, with the tutorial's arguments. */
export function builderSummaries({ progress, colors }: Session): void {
  progress.line();
  progress.line(colors.bold("Part II: five builders"));
  const does =
    "Windows of 10 steps with 5 features and one number to predict; texts of 100 words, vocabulary 10,000, and " +
    "10 classes, whose probabilities are a softmax, which the Python leaves out. It prints the summaries of the " +
    "first and the last model; here are all five.";
  for (const line of wrapped(does)) progress.line(line);
  for (const [call, build] of Object.entries(builders)) {
    const model = build();
    progress.line();
    progress.line(`  ${colors.bold(call)}`);
    model.summary(undefined, undefined, (line: string) => progress.line(line));
    model.dispose();
  }
}
