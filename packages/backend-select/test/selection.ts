import { afterAll, beforeAll } from "vitest";
import {
  buildPackage,
  type Contents,
  makeProject,
  type Outcome,
  removeTemporaryFolders,
  runIn,
} from "./temp-project.ts";

export let built: string;
beforeAll(async () => {
  built = await buildPackage();
}, 60_000);
afterAll(removeTemporaryFolders);

export const opening = `
import * as tf from "@tensorflow/tfjs-core";
import { describeBackend, selectBackend } from "@rnnkit/backend-select";
const show = (value) => console.log(JSON.stringify(value));
const reasons = (s) => Object.fromEntries(s.candidates.map((c) => [c.name, c.outcome + ": " + c.reason]));
const refusal = (options) => selectBackend(options).then(() => "taken", (e) => e.message);
`;
export const all = ["tfjs-core", "tfjs-backend-cpu", "tfjs-backend-wasm"] as const;
export const withCpu = ["tfjs-core", "tfjs-backend-cpu"] as const;

export function select(contents: Contents, script: string, flags: string[] = []): Promise<Outcome> {
  return runIn(makeProject(built, contents), opening + script, flags);
}
export const showSelection = `
const s = await selectBackend();
show({ name: s.name, tfBackend: s.tfBackend, current: tf.getBackend(), why: reasons(s) });`;
