import { type Answer, setupOf } from "../setup.ts";
import { answerTo, type Report } from "./program.ts";

const setup = setupOf(location.search);

/** Has a worker of this page do it. */
function runInWorker(): Promise<Answer<Report>> {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  worker.postMessage(setup);
  return new Promise((resolve) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => resolve({ failed: `the worker: ${message}`, said: [] });
  });
}

const answer = await (setup.place === "worker" ? runInWorker() : answerTo(setup));
const reply = await fetch(location.search, { method: "POST", body: JSON.stringify(answer) });
location.href = await reply.text();
