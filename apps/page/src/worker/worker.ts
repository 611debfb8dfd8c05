// The worker's end of the conversation: calls in, answers and events out.

import type { Call, Reply } from "./messages.ts";
import { calls } from "./session.ts";

addEventListener("message", async ({ data: { id, name, args } }: MessageEvent<Call>) => {
  const call = calls[name] as (...args: unknown[]) => unknown;
  let reply: Reply;
  try {
    reply = { id, done: await call(...args) };
  } catch (error) {
    reply = { id, failed: error instanceof Error ? error.message : String(error) };
  }
  postMessage(reply);
});
