import { effect, signal } from "@preact/signals";
import { chinese } from "./chinese.ts";
import { english } from "./english.ts";
import { type Language, languages, shownNumber } from "./numbers.ts";

/** A key of what the page says. */
export type TextKey = keyof typeof english;

type Args<Key extends TextKey> = (typeof english)[Key] extends (...args: infer A) => string
  ? A
  : [];

const tables = { en: english, zh: chinese };
const storageKey = "rnnkit.language";

/** Where a visitor's language can be learnt from, the first that says one first. */
export interface LanguageSources {
  /** The URL's query, such as "?lang=zh". */
  readonly query: string;
  /** What was chosen on an earlier visit. */
  readonly stored: string | null;
  /** The browser's languages, best first. */
  readonly preferred: readonly string[];
}

/** The language that a visitor is met with: the URL's, else the one chosen before, else the browser's, else English. */
export function firstLanguage({ query, stored, preferred }: LanguageSources): Language {
  const asked = [new URLSearchParams(query).get("lang"), stored, ...preferred];
  for (const tag of asked) {
    const name = languageOf(tag ?? "");
    if (name) return name;
  }
  return "en";
}

/** The page's language that a tag such as "zh-CN" means; null for any other. */
export function languageOf(tag: string): Language | null {
  const name = tag.toLowerCase().split(/[-_]/)[0];
  return name === "en" || name === "zh" ? name : null;
}

// Reading storage throws where a visitor has forbidden it.
function stored(): string | null {
  try {
    return globalThis.localStorage?.getItem(storageKey) ?? null;
  } catch {
    return null;
  }
}

/** The page's language; what a component reads by `text` follows it. */
export const language = signal<Language>(
  typeof document === "undefined"
    ? "en"
    : firstLanguage({
        query: location.search,
        stored: stored(),
        preferred: navigator.languages,
      }),
);

if (typeof document !== "undefined") {
  effect(() => {
    document.documentElement.lang = language.value === "zh" ? "zh-CN" : "en";
  });
}

/** Changes the page's language, for this and later visits; a language in the URL follows. */
export function chooseLanguage(chosen: Language): void {
  language.value = chosen;
  try {
    localStorage.setItem(storageKey, chosen);
  } catch {
    // Then it holds for this visit alone.
  }
  const url = new URL(location.href);
  if (!url.searchParams.has("lang")) return;
  url.searchParams.set("lang", chosen);
  history.replaceState(history.state, "", url);
}

/**
 * What the page says under `key`, in the language of the moment.
 *
 * @example text("unrolled.numbers.caption", "LSTM") // => "LSTM, step by step"
 */
export function text<Key extends TextKey>(key: Key, ...args: Args<Key>): string {
  const entry: string | ((...args: never[]) => string) = tables[language.value][key];
  return typeof entry === "string" ? entry : entry(...(args as never[]));
}

/** A number as the language of the moment writes it; see `shownNumber`. */
export function number(value: number, options?: Intl.NumberFormatOptions): string {
  return shownNumber(language.value, value, options);
}

export { type Language, languages };
