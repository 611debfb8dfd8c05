import { tolerances } from "@rnnkit/test-kit/tolerances";
import { relativeError } from "./agreement.ts";
import type { Peer } from "./peer.ts";
import type { TutorialModel } from "./tutorial-models.ts";

const AGREEMENT = tolerances.models.predictions.ofLargest;

/**
 * What is wrong, in a sentence, when one of **peers**, which have opened the model, does not predict what the first
 * of them predicts, or has another loss in the first training step; null when all agree. It takes that step.
 */
export async function disagreement(
  model: Pick<TutorialModel, "name" | "compile" | "dropout">,
  peers: readonly Peer[],
): Promise<string | null> {
  const predictions = await askAll<number[]>(peers, { do: "predictions" });
  const losses = (await askAll<number | null>(peers, { do: "loss" })).map((loss) =>
    loss === null ? [] : [loss],
  );
  const compared: [what: string, values: number[][]][] = [
    ["predictions", predictions],
    ["the first loss", losses],
  ];
  for (const [what, [ours = [], ...others]] of compared) {
    if (model.dropout && what !== "predictions") continue;
    for (const [k, theirs] of others.entries()) {
      if (theirs.length === 0) continue;
      const error = ours.length === theirs.length ? relativeError(ours, theirs) : Number.NaN;
      if (error <= AGREEMENT) continue;
      const { name } = peers[k + 1] as Peer;
      return `expected ${what} of ${model.name} within ${AGREEMENT} of ${name}'s, got ${error}`;
    }
  }
  return null;
}

/** One after the other, so that none is disturbed by another. */
async function askAll<Answer>(peers: readonly Peer[], question: { do: string }): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const peer of peers) answers.push(await peer.ask<Answer>(question));
  return answers;
}
