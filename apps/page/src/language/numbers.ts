/** The languages of the page. */
export type Language = "en" | "zh";

/** The names of the languages, each in its own. */
export const languages: Readonly<Record<Language, string>> = { en: "English", zh: "中文" };

const locales: Readonly<Record<Language, string>> = { en: "en", zh: "zh-CN" };

const formats = new Map<string, Intl.NumberFormat>();

/**
 * A number as a language writes it: to 4 significant digits unless `options` say otherwise, whole numbers in full,
 * below 1e-4 and from 1e9 on as a power of ten.
 *
 * @example shownNumber("en", 25000) // => "25,000"
 */
export function shownNumber(
  language: Language,
  value: number,
  options?: Intl.NumberFormatOptions,
): string {
  const size = Math.abs(value);
  const chosen: Intl.NumberFormatOptions =
    options ??
    (size !== 0 && (size < 1e-4 || size >= 1e9)
      ? { notation: "scientific", maximumSignificantDigits: 3 }
      : Number.isInteger(value)
        ? {}
        : { maximumSignificantDigits: 4 });
  const key = `${language} ${JSON.stringify(chosen)}`;
  let format = formats.get(key);
  if (format === undefined) {
    format = new Intl.NumberFormat(locales[language], chosen);
    formats.set(key, format);
  }
  return format.format(value);
}
