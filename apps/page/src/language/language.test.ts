import { afterEach, expect, test } from "vitest";
import { chinese } from "./chinese.ts";
import { english } from "./english.ts";
import { firstLanguage, language, number, text } from "./language.ts";

afterEach(() => {
  language.value = "en";
});

const from = (query: string, stored: string | null, ...preferred: string[]) =>
  firstLanguage({ query, stored, preferred });

test("the URL's language goes before the one chosen earlier, that before the browser's", () => {
  expect(from("?lang=zh", "en", "en-GB")).toBe("zh");
  expect(from("?cell=lstm", "zh", "en-GB")).toBe("zh");
  expect(from("", null, "fr", "zh-Hans-CN", "en")).toBe("zh");
  expect(from("?lang=zh-CN", null)).toBe("zh");
});

test("a language that the page does not speak is passed over", () => {
  expect(from("?lang=de", "zh")).toBe("zh");
  expect(from("", "tlh", "de", "fr")).toBe("en");
});

// What stays in Latin letters in a Chinese sentence: names of cells, measures, libraries, files and functions.
const names = new Set(
  `SimpleRNN LSTM GRU IMDB CSV RMSE MASE MAE Keras WebGPU WASM CPU rnnkit tanh sigmoid keras npz imdb word index
  json null Embedding`.split(/\s+/),
);

/** The words of a text, with arguments filled in where it has any. */
const words = (entry: string | ((...args: never[]) => string)): string =>
  typeof entry === "string" ? entry : entry(...(Array(8).fill(2) as never[]));

test("both languages have the same keys, in the same order, and as many arguments", () => {
  expect(Object.keys(chinese)).toEqual(Object.keys(english));
  for (const [key, entry] of Object.entries(english)) {
    const other = chinese[key as keyof typeof english];
    expect([key, typeof other]).toEqual([key, typeof entry]);
    expect(words(entry).trim(), key).not.toBe("");
    expect(words(other).trim(), key).not.toBe("");
  }
});

test("no English is left in Chinese, but names", () => {
  for (const [key, entry] of Object.entries(chinese)) {
    const latin = words(entry).match(/[a-z]{2,}/gi) ?? [];
    expect([key, ...latin.filter((word) => !names.has(word))]).toEqual([key]);
  }
});

test("punctuation beside Chinese is Chinese", () => {
  for (const [key, entry] of Object.entries(chinese)) {
    const found = words(entry).match(/[,:;()?!](?=\p{Script=Han})|(?<=\p{Script=Han})[,:;()?!]/u);
    expect([key, found]).toEqual([key, null]);
  }
});

test("no Chinese is left in English", () => {
  for (const [key, entry] of Object.entries(english)) {
    expect(words(entry), key).not.toMatch(/\p{Script=Han}/u);
  }
});

test("a text follows the language, its numbers written as the language writes them", () => {
  expect(text("unrolled.play")).toBe("Play");
  expect(text("unrolled.picture", "LSTM", 25_000)).toMatch("LSTM unrolled over 25,000 time steps");
  language.value = "zh";
  expect(text("unrolled.play")).toBe("播放");
  expect(text("unrolled.picture", "LSTM", 25_000)).toMatch("LSTM 按 25,000 个时间步展开");
});

test("small and large numbers are powers of ten, others have four digits", () => {
  expect([0, 12.3456, 1234567, 0.00001234, 2.5e10].map((value) => number(value))).toEqual([
    "0",
    "12.35",
    "1,234,567",
    "1.23×10⁻⁵",
    "2.5×10¹⁰",
  ]);
});
