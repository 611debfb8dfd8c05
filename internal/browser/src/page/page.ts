import { type Answer, setupOf } from "../setup.ts";
import { type Report, run } from "./program.ts";

const setup = setupOf(location.search);

/** Has a worker of this page do it. */
function runInWorker(): Promise<Answer<Report>> {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  worker.postMessage(setup);
  return new Promise((resolve) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => resolve({ failed: `the worker: ${message}` });
  });
}

async function answered(): Promise<Answer<Report>> {
  if (setup.place === "worker") return runInWorker();
  return { done: await run(setup) };
}

const answer = await answered().catch((error: Error) => ({
  failed: `${error.message}\n${error.stack}`,
}));
// As text: a browser's driver spells out every number of an array.
Object.assign(globalThis, { answer: JSON.stringify(answer) });
