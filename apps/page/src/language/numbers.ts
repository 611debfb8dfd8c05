/** The languages of the page. */
export type Language = "en" | "zh";

/** The names of the languages, each in its own. */
export const languages: Readonly<Record<Language, string>> = { en: "English", zh: "中文" };

const locales: Readonly<Record<Language, string>> = { en: "en", zh: "zh-CN" };

const formats = new Map<string, Intl.NumberFormat>();

/**
 * A number as a language writes it: to 4 significant digits unless `options` say otherwise, whole numbers in full,
 * below 1e-3 and from 1e9 on times a power of ten.
 *
 * @example
 * shownNumber("en", 25000); // => "25,000"
 * shownNumber("en", 0.00025); // => "2.5×10⁻⁴"
 */
export function shownNumber(
  language: Language,
  value: number,
  options?: Intl.NumberFormatOptions,
): string {
  const size = Math.abs(value);
  const chosen: Intl.NumberFormatOptions =
    options ??
    (size !== 0 && (size < 1e-3 || size >= 1e9)
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
  return format
    .format(value)
    .replace(/E(-?\d+)$/, (_, power: string) => `×10${raised(Number(power))}`);
}

/** A whole number as an exponent: `raised(-4)` is "⁻⁴". */
export function raised(power: number): string {
  return String(power)
    .replace(/\d/g, (digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)])
    .replace("-", "⁻");
}

/**
 * A whole number as an index below the line.
 *
 * @example `h${lowered(12)}` // => "h₁₂"
 */
export function lowered(index: number): string {
  return String(index).replace(/\d/g, (digit) => "₀₁₂₃₄₅₆₇₈₉"[Number(digit)]);
}
