import { tolerances } from "@rnnkit/test-kit/tolerances";
import { relativeError } from "./agreement.ts";
import type { Peer } from "./peer.ts";
import type { TutorialModel } from "./tutorial-models.ts";

const AGREEMENT = tolerances.models.predictions.ofLargest;
// Of an epoch's loss. RMSprop's first steps divide a gradient by its own size, so a rounding counts as much as it
// does: Keras's own backends are up to 8e-3 apart, in SimpleRNN over 500 steps. A wrong rate or order is further off.
const EPOCH_AGREEMENT = 1e-2;

/**
 * What is wrong, in a sentence, when one of **peers**, which have opened the model, does not predict what the first
 * of them predicts, or has another loss in the first training step; null when all agree. It takes that step.
 * **allowedOf** says how far one may be off, as a share of the largest element.
 */
export async function disagreement(
  model: Compared,
  peers: readonly Peer[],
  allowedOf: (peer: Peer) => number = () => AGREEMENT,
): Promise<string | null> {
  return (
    (await differing(model, peers, "predictions", { do: "predictions" }, allowedOf)) ??
    (model.dropout
      ? null
      : await differing(model, peers, "the first loss", { do: "loss" }, allowedOf))
  );
}

/** How **peers** stand beside the first of them after opening a folder anew. */
export interface EpochAgreement {
  /** As `disagreement`, of the loss of an epoch of `fit` in the order of the examples. */
  wrong: string | null;
  /** How far each one's loss is from the first's, as a share of it; not with dropout. */
  lossErrors: (number | null)[];
}

/** Opens **folder** in all, and compares what they predict and the loss of an epoch, which is trained. */
export async function epochAgreement(
  model: Compared,
  peers: readonly Peer[],
  folder: string,
): Promise<EpochAgreement> {
  await askAll(peers, { do: "open", folder });
  const differs = await differing(model, peers, "predictions", { do: "predictions" });
  if (differs || model.dropout) return { wrong: differs, lossErrors: peers.map(() => null) };
  const losses = await askAll<[number]>(peers, { do: "losses", epochs: 1 });
  const [[ours]] = losses as [[number]];
  const lossErrors = losses.map(([loss]) => Math.abs(loss - ours) / Math.abs(ours));
  const off = lossErrors.findIndex((error) => !(error <= EPOCH_AGREEMENT));
  if (off < 0) return { wrong: null, lossErrors };
  const { name } = peers[off] as Peer;
  const wrong = `expected an epoch's loss of ${model.name} within ${EPOCH_AGREEMENT} of ${name}'s, got ${lossErrors[off]} off`;
  return { wrong, lossErrors };
}

type Compared = Pick<TutorialModel, "name" | "dropout">;

async function differing(
  model: Compared,
  peers: readonly Peer[],
  what: string,
  question: { do: string; [detail: string]: unknown },
  allowedOf: (peer: Peer) => number = () => AGREEMENT,
): Promise<string | null> {
  const [ours = [], ...others] = (await askAll<Answer>(peers, question)).map(numbersOf);
  for (const [k, theirs] of others.entries()) {
    if (theirs.length === 0) continue;
    const error = ours.length === theirs.length ? relativeError(ours, theirs) : Number.NaN;
    const peer = peers[k + 1] as Peer;
    const allowed = allowedOf(peer);
    if (error <= allowed) continue;
    const { name } = peer;
    return `expected ${what} of ${model.name} within ${allowed} of ${name}'s, got ${error} off`;
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
