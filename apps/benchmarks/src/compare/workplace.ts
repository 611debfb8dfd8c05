import type { Progress } from "../terminal/progress.ts";
import { startBackend } from "./backend.ts";
import { type CheckCase, checkVariant, type KnownNumbers, wrongNumbers } from "./check.ts";
import { type BuildModel, buildModel, type Problem } from "./models.ts";
import type { Check, Outcome, Settings, Variant } from "./schema.ts";
import type { LoadedTask } from "./task.ts";

/** What all jobs of a comparison have in common. */
export interface Workplace {
  loaded: LoadedTask;
  settings: Settings;
  known: KnownNumbers;
  progress: Progress;
  /** Aborted: the job ends after its step or round, and has no result. */
  signal: AbortSignal;
  /** What makes the models; a test has others. */
  build: BuildModel;
}

/** A workplace with the models of the project. */
export function openWorkplace(
  of: Pick<Workplace, "loaded" | "settings" | "progress" | "signal">,
): Workplace {
  return { ...of, known: new Map(), build: buildModel };
}

/** The problem that a model of this comparison has. */
export function problemOf({ loaded, settings }: Pick<Workplace, "loaded" | "settings">): Problem {
  const { kind, examples } = loaded.task;
  const { units, learningRate, optimizer } = settings;
  const { steps, features } = examples;
  return { kind, steps, features, units, learningRate, optimizer };
}

/** Why a variant may not be measured here, or its check where it may. */
export async function admit(
  variant: Variant,
  place: Workplace,
): Promise<{ check: Check | null; refusal: Outcome | null }> {
  const cannot = (reason: string) => ({
    check: null,
    refusal: { outcome: "cannot", reason } as const,
  });
  try {
    const { trainsEmbedding } = await startBackend(variant.backend);
    const isText = place.loaded.task.kind === "reviews";
    if (variant.implementation === "stock" && isText && !trainsEmbedding) {
      return cannot(
        "tfjs's wasm backend has no UnsortedSegmentSum, the gradient of an Embedding, so stock layers cannot train one there",
      );
    }
  } catch (error) {
    return cannot(messageOf(error));
  }
  const on: CheckCase = {
    problem: problemOf(place),
    examples: place.loaded.train,
    build: place.build,
  };
  try {
    const check = await checkVariant(variant, on, place.known);
    const wrong = wrongNumbers(check);
    return { check, refusal: wrong === null ? null : { outcome: "wrong", reason: wrong } };
  } catch (error) {
    return { check: null, refusal: { outcome: "failed", reason: messageOf(error) } };
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
