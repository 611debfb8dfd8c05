import { appEnglish } from "./app-english.ts";
import { unrolledEnglish } from "./unrolled-english.ts";

/**
 * What the page says, by key; a sentence with numbers in it is a function of them. The keys of a part of the page
 * begin with its name. What is added here is missing in `chinese.ts` until it stands there too: a type error.
 */
export const english = {
  "language.label": "Language",

  "offline.ready": "Works offline from now on.",
  "offline.update": "A newer version of this page is ready. It opens at the next visit.",

  ...appEnglish,
  ...unrolledEnglish,
};
