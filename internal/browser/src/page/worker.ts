import type { Setup } from "../setup.ts";
import { answerTo } from "./program.ts";

addEventListener("message", async ({ data }: MessageEvent<Setup>) => {
  postMessage(await answerTo(data));
});
