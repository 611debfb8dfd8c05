import { appChinese } from "./app-chinese.ts";
import type { english } from "./english.ts";
import { shownNumber } from "./numbers.ts";

const n = (value: number) => shownNumber("zh", value);

/** The keys of English, each with a string or a function of the same arguments. */
type SameKeys = {
  readonly [Key in keyof typeof english]: (typeof english)[Key] extends (
    ...args: infer Args
  ) => string
    ? (...args: Args) => string
    : string;
};

/** What the page says in Chinese, in the words of the tutorial whose readers it has. */
export const chinese: SameKeys = {
  "language.label": "语言",

  "offline.ready": "从现在起可离线使用。",
  "offline.update": "本页面已有新版本,下次访问时启用。",

  "unrolled.title": "展开的循环神经网络",
  "unrolled.steps": (count: number) => `${n(count)} 个时间步`,

  ...appChinese,
};
