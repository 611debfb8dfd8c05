import type { Answer, Setup } from "../setup.ts";
import { type Report, run } from "./program.ts";

addEventListener("message", async ({ data }: MessageEvent<Setup>) => {
  const answer: Answer<Report> = await run(data).then(
    (done) => ({ done }),
    (error: Error) => ({ failed: `${error.message}\n${error.stack}` }),
  );
  postMessage(answer);
});
