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
});
afterAll(removeTemporaryFolders);

export const opening = `
import * as tf from "@tensorflow/tfjs-core";
import { describeBackend, selectBackend } from "@rnnkit/backend-select";
const show = (value) => console.log(JSON.stringify(value));
const reasons = (s) => Object.fromEntries(s.candidates.map((c) => [c.name, c.outcome + ": " + c.reason]));
const refusal = (options) => selectBackend(options).then(() => "taken", (e) => e.message);
`;
export const withCpu = ["@tensorflow/tfjs-core", "@tensorflow/tfjs-backend-cpu"] as const;
export const all = [...withCpu, "@tensorflow/tfjs-backend-wasm"] as const;

export function select(
  contents: Contents,
  script: string,
  flags: string[] = [],
  env: NodeJS.ProcessEnv = {},
): Promise<Outcome> {
  return runIn(makeProject(built, contents), opening + script, flags, process.execPath, env);
}
export const showSelection = `
const s = await selectBackend();
show({ name: s.name, tfBackend: s.tfBackend, current: tf.getBackend(), why: reasons(s) });`;
