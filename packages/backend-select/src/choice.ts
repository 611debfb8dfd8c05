// Which backend: the first of the order that works, or the fastest of those that work.
import type { BackendCandidate, Measured } from "./backend-candidate.ts";
import { type BackendName, backendEntry } from "./backend-name.ts";
import { tryCandidate } from "./candidate.ts";
import { measureCandidates } from "./measure.ts";
import type { Plan } from "./options.ts";
import { type Probe, probeName } from "./probe.ts";
import { type KeptTimes, readTimes, timingKey, writeTimes } from "./timing-cache.ts";

/** How the times of a selection came about. */
export interface MeasuredSelection {
  /** When they were measured, as ISO 8601 has it. */
  readonly at: string;
  /** Whether they are those that **cache** had. */
  readonly isCached: boolean;
  /** Why **cache** could not keep them. */
  readonly cacheFault?: string;
}

/** What became of the candidates of a plan; no name where none works. */
export interface Choice {
  readonly name: BackendName | undefined;
  readonly candidates: readonly BackendCandidate[];
  readonly measured?: MeasuredSelection;
}

/** The first of the plan's order that works. */
export async function firstThatWorks(plan: Plan): Promise<Choice> {
  const candidates: BackendCandidate[] = [];
  let taken: BackendName | undefined;
  for (const name of plan.order) {
    if (taken !== undefined) {
      candidates.push({ name, outcome: "not tried", reason: `${taken} was taken` });
    } else if (plan.required !== undefined && name !== plan.required) {
      candidates.push({ name, outcome: "not tried", reason: `${plan.required} is required` });
    } else {
      const verdict = await tryCandidate(backendEntry(name), plan);
      if (verdict.taken) taken = name;
      const outcome = verdict.taken ? "taken" : "refused";
      candidates.push({ name, outcome, reason: verdict.reason });
    }
  }
  return { name: taken, candidates };
}

/** The fastest of those that work, by times that the plan's cache has or that are measured now. */
export async function fastestOf(plan: Plan, probe: Probe): Promise<Choice> {
  const { cache } = plan;
  const key = cache && timingKey(probeName(probe) ?? "", plan.order, plan.allowSoftware);
  const kept = cache && key ? await readTimes(cache, key) : undefined;
  const choice = kept && (await fastestKept(plan, kept));
  if (choice) return choice;

  const { measured, refused } = await measureCandidates(plan, probe);
  const at = new Date().toISOString();
  const candidates = [
    ...measured.map((own) => candidateOf(own, measured[0], measured)),
    ...refused,
  ];
  const name = measured[0]?.name;
  const canKeep = cache && key && name !== undefined;
  const cacheFault = canKeep ? await writeTimes(cache, key, { at, measured }) : undefined;
  const fault = cacheFault === undefined ? {} : { cacheFault };
  return { name, candidates, measured: { at, isCached: false, ...fault } };
}

/** The fastest that can still be had, by kept times; undefined where none can. */
async function fastestKept(plan: Plan, { at, measured }: KeptTimes): Promise<Choice | undefined> {
  const refused: BackendCandidate[] = [];
  for (const fastest of measured) {
    const { name } = fastest;
    const { taken, reason } = await tryCandidate(backendEntry(name), plan);
    if (!taken) {
      refused.push({ name, outcome: "refused", reason });
      continue;
    }
    const left = measured.slice(refused.length);
    const candidates = [...left.map((own) => candidateOf(own, fastest, left)), ...refused];
    const known = measured.map((own) => own.name);
    for (const other of plan.order.filter((other) => !known.includes(other)))
      candidates.push({ name: other, outcome: "not tried", reason: `not to be had on ${at}` });
    return { name, candidates, measured: { at, isCached: true } };
  }
  return undefined;
}

function candidateOf(
  { name, ms, probe }: Measured,
  fastest: Measured,
  all: readonly Measured[],
): BackendCandidate {
  const own = `${inWords(ms)} a step`;
  if (name !== fastest.name) {
    const reason = `${own}, ${fastest.name} takes ${inWords(fastest.ms)}`;
    return { name, outcome: "slower", reason, ms, probe };
  }
  const others = all.length > 1 ? `the least of ${all.length}` : "and no other could be measured";
  return { name, outcome: "taken", reason: `${own}, ${others}`, ms, probe };
}

function inWords(ms: number): string {
  return `${Number(ms.toPrecision(3))} ms`;
}
