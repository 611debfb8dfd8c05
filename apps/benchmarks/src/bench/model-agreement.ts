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
  model: Compared,
  peers: readonly Peer[],
): Promise<string | null> {
  return (
    (await differing(model, peers, "predictions", { do: "predictions" })) ??
    (model.dropout ? null : await differing(model, peers, "the first loss", { do: "loss" }))
  );
}

/** The same of what **peers** predict after opening **folder** anew, and of the losses of a `fit` in order. */
export async function epochDisagreement(
  model: Compared,
  peers: readonly Peer[],
  folder: string,
): Promise<string | null> {
  await askAll(peers, { do: "open", folder });
  return (
    (await differing(model, peers, "predictions", { do: "predictions" })) ??
    (model.dropout
      ? null
      : await differing(model, peers, "the losses of two epochs", { do: "losses", epochs: 2 }))
  );
}

type Compared = Pick<TutorialModel, "name" | "dropout">;

async function differing(
  model: Compared,
  peers: readonly Peer[],
  what: string,
  question: { do: string; [detail: string]: unknown },
): Promise<string | null> {
  const [ours = [], ...others] = (await askAll<Answer>(peers, question)).map(numbersOf);
  for (const [k, theirs] of others.entries()) {
    if (theirs.length === 0) continue;
    const error = ours.length === theirs.length ? relativeError(ours, theirs) : Number.NaN;
    if (error <= AGREEMENT) continue;
    const { name } = peers[k + 1] as Peer;
    return `expected ${what} of ${model.name} within ${AGREEMENT} of ${name}'s, got ${error} off`;
  }
  return null;
}

type Answer = number[] | number | null;

const numbersOf = (answer: Answer): number[] => (answer === null ? [] : [answer].flat());

/** One after the other, so that none is disturbed by another. */
async function askAll<Answer>(
  peers: readonly Peer[],
  question: { do: string; [detail: string]: unknown },
): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const peer of peers) answers.push(await peer.ask<Answer>(question));
  return answers;
}
