// The page's end of the conversation with its worker, which starts at the first call.

import type { Call, Reply, WorkerCalls, WorkerEvent } from "../worker/messages.ts";

/** What the worker can do, each a promise here. */
export type Client = {
  [Name in keyof WorkerCalls]: (
    ...args: Parameters<WorkerCalls[Name]>
  ) => Promise<ReturnType<WorkerCalls[Name]>>;
};

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** A worker whose events go to **onEvent**. */
export function connect(onEvent: (event: WorkerEvent) => void): Client {
  const waiting = new Map<number, Waiting>();
  let worker: Worker | undefined;
  let count = 0;

  function start(): Worker {
    const started = new Worker(new URL("../worker/worker.ts", import.meta.url), { type: "module" });
    started.onmessage = ({ data }: MessageEvent<Reply | WorkerEvent>) => {
      if ("event" in data) {
        onEvent(data);
        return;
      }
      const call = waiting.get(data.id);
      waiting.delete(data.id);
      if ("failed" in data) call?.reject(new Error(data.failed));
      else call?.resolve(data.done);
    };
    // A worker that did not load answers nothing; the next call starts another.
    started.onerror = ({ message }) => {
      for (const { reject } of waiting.values()) reject(new Error(message || "the worker ended"));
      waiting.clear();
      started.terminate();
      worker = undefined;
    };
    return started;
  }

  const call = (name: keyof WorkerCalls, args: unknown[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      worker ??= start();
      count++;
      waiting.set(count, { resolve, reject });
      worker.postMessage({ id: count, name, args } satisfies Call);
    });
  return new Proxy({} as Client, {
    get:
      (_, name: keyof WorkerCalls) =>
      (...args: unknown[]) =>
        call(name, args),
  });
}
