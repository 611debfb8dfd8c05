import { loadPreprocess } from "@rnnkit/fixtures";
import { expect, test } from "vitest";
import { TextVectorization, type TextVectorizationOptions } from "./text-vectorization.ts";

interface TextCase {
  corpus: string[];
  query: string[];
  args: Record<string, unknown>;
  vocabulary: string[];
  vocabulary_size: number;
  output: number[][];
  shape: number[];
}

const { cases } = loadPreprocess("text_vectorization") as { cases: TextCase[] };
const argNames: Record<string, string> = {
  max_tokens: "maxTokens",
  output_mode: "outputMode",
  output_sequence_length: "outputSequenceLength",
  standardize: "standardize",
};

for (const [i, golden] of cases.entries()) {
  test(`TextVectorization case ${i}: ${JSON.stringify(golden.args)}`, () => {
    const options = Object.fromEntries(
      Object.entries(golden.args).map(([name, value]) => {
        if (!(name in argNames)) throw new Error(`no option for ${name} of the golden file`);
        return [argNames[name], value];
      }),
    );
    const vectorize = new TextVectorization(options).adapt(golden.corpus);
    expect(vectorize.getVocabulary()).toEqual(golden.vocabulary);
    expect(vectorize.getVocabulary()).toHaveLength(golden.vocabulary_size);
    const expected = { data: Int32Array.from(golden.output.flat()), shape: golden.shape };
    expect(vectorize.transform(golden.query)).toEqual(expected);

    const restored = new TextVectorization({ ...options, vocabulary: golden.vocabulary });
    expect(restored.transform(golden.query)).toEqual(expected);
    const special = golden.vocabulary.indexOf("[UNK]") + 1;
    const tokens = vectorize.getVocabulary({ includeSpecialTokens: false });
    expect(tokens).toEqual(golden.vocabulary.slice(special));
    restored.setVocabulary(tokens);
    expect(restored.transform(golden.query)).toEqual(expected);
  });
}

/** The tokens that a text becomes: each one's own place in a learned vocabulary, in text order. */
function tokensOf(text: string, options: TextVectorizationOptions = {}): string[] {
  const vectorize = new TextVectorization(options).adapt([text]);
  const vocabulary = vectorize.getVocabulary();
  return Array.from(vectorize.transform([text]).data, (id) => vocabulary[id]);
}

test("all of ASCII's punctuation is stripped, and nothing else", () => {
  const ascii = String.fromCharCode(...Array.from({ length: 94 }, (_, i) => i + 33));
  expect(tokensOf(ascii)).toEqual([
    "0123456789abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
  ]);
  expect(tokensOf("“quoted” — it’s")).toEqual(["“quoted”", "—", "it’s"]);
});

test("standardize lowers or strips ASCII alone, as TensorFlow does", () => {
  const text = "Über-MÄßIG Don't";
  expect(tokensOf(text)).toEqual(["ÜbermÄßig", "dont"]);
  expect(tokensOf(text, { standardize: "lower" })).toEqual(["Über-mÄßig", "don't"]);
  expect(tokensOf(text, { standardize: "strip_punctuation" })).toEqual(["ÜberMÄßIG", "Dont"]);
  expect(tokensOf(text, { standardize: (t) => t.toLowerCase() })).toEqual(["über-mäßig", "don't"]);
});

test("whitespace is ASCII's, characters are code points, null keeps the text whole", () => {
  expect(tokensOf(" a\t\nb\r\n\u00a0c ")).toEqual(["a", "b", "\u00a0c"]);
  expect(tokensOf("a😀b", { split: "character" })).toEqual(["a", "😀", "b"]);
  expect(tokensOf("a b", { split: null })).toEqual(["a b"]);
  expect(tokensOf("a|b", { split: (t) => t.split("|"), standardize: null })).toEqual(["a", "b"]);
});

test("more frequent tokens come first, ties in falling code-point order", () => {
  const vectorize = new TextVectorization({ standardize: null });
  // U+FF41 is below 😀 (U+1F600), but above its first UTF-16 unit; "aa" is above "a".
  vectorize.adapt(["b a aa 😀 ａ b"]);
  expect(vectorize.getVocabulary()).toEqual(["", "[UNK]", "b", "😀", "ａ", "aa", "a"]);
});

test("special tokens in a text are not learned, and an empty token is padding", () => {
  const split = (text: string) => text.split(" ");
  const vectorize = new TextVectorization({ standardize: null, split }).adapt(["[UNK]  a [UNK] "]);
  expect(vectorize.getVocabulary()).toEqual(["", "[UNK]", "a"]);
  expect(vectorize.transform(["[UNK]  a b"]).data).toEqual(Int32Array.of(1, 0, 2, 1));
  const count = new TextVectorization({ standardize: null, split, outputMode: "count" });
  expect(count.adapt(["a "]).transform(["a  b a"]).data).toEqual(Int32Array.of(1, 2));
});

test("adapt starts anew, from any iterable; rows are as long as the longest", () => {
  const vectorize = new TextVectorization().adapt(["old words"]);
  vectorize.adapt(new Set(["new"]));
  expect(vectorize.getVocabulary()).toEqual(["", "[UNK]", "new"]);
  expect(vectorize.transform(["new old", "new"])).toEqual({
    data: Int32Array.of(2, 1, 2, 0),
    shape: [2, 2],
  });
  expect(vectorize.transform([]).shape).toEqual([0, 0]);
});

test("padToMaxTokens widens rows to maxTokens", () => {
  const vectorize = new TextVectorization({
    outputMode: "multi_hot",
    maxTokens: 4,
    padToMaxTokens: true,
  });
  expect(vectorize.adapt(["a"]).transform(["a b"])).toEqual({
    data: Int32Array.of(1, 1, 0, 0),
    shape: [1, 4],
  });
});

test("what Keras refuses is refused", () => {
  const refuses = (options: object, message: string) =>
    expect(() => new TextVectorization(options)).toThrow(`textVectorization: ${message}`);
  refuses({ maxTokens: 1 }, "expected maxTokens to be an integer greater than 1, got 1");
  refuses(
    { standardize: "upper" },
    "expected standardize to be one of lower_and_strip_punctuation",
  );
  refuses(
    { split: "comma" },
    'expected split to be one of whitespace, character, null, got "comma"',
  );
  refuses({ outputMode: "tf_idf" }, "expected outputMode to be one of int, multi_hot, count");
  refuses({ outputMode: "count", outputSequenceLength: 3 }, "expected outputSequenceLength only");
  refuses(
    { outputSequenceLength: -1 },
    "expected outputSequenceLength to be a non-negative integer",
  );
  refuses({ padToMaxTokens: true, outputMode: "count" }, "expected maxTokens with padToMaxTokens");
  refuses({ vocabulary: [] }, "expected a vocabulary, got an empty one");
  refuses({ vocabulary: ["a", "b", "a"] }, 'expected every token once, got "a" again');
  refuses(
    { vocabulary: ["a", ""] },
    "expected tokens that are strings, and the special ones nowhere",
  );
  refuses({ vocabulary: ["a", "b"], maxTokens: 3 }, "expected at most 3 tokens, got 4");
  const given = new TextVectorization({ vocabulary: ["a"] });
  expect(() => given.adapt(["b"])).toThrow("adapt only without the vocabulary option");
  const fresh = new TextVectorization();
  expect(() => fresh.transform(["a"])).toThrow("expected a vocabulary, got none: call adapt first");
  expect(() => fresh.adapt("abc")).toThrow('expected a list of texts, got "abc"');
  expect(() => fresh.adapt([1] as never)).toThrow("expected texts, got 1");
});
