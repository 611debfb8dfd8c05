import { appChinese } from "./app-chinese.ts";
import type { english } from "./english.ts";
import type { Translated } from "./translated.ts";
import { unrolledChinese } from "./unrolled-chinese.ts";

/** What the page says in Chinese, in the words of the tutorial whose readers it has. */
export const chinese: Translated<typeof english> = {
  "language.label": "语言",

  "offline.ready": "从现在起可离线使用。",
  "offline.update": "本页面已有新版本，下次访问时启用。",

  ...appChinese,
  ...unrolledChinese,
};
