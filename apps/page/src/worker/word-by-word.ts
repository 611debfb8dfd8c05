// A review as a classifier reads it: what it would say after each word, and the state it would say it from.

import { encodeReview } from "@rnnkit/datasets-imdb";
import { toTensor } from "@rnnkit/keras-builders";
import { padSequences } from "@rnnkit/preprocess";
import { dispose, type Tensor } from "@tensorflow/tfjs-core";
import { type LayersModel, model as modelOf, type SymbolicTensor } from "@tensorflow/tfjs-layers";

/** Words and their ranks, the most frequent 1. */
export type WordIndex = ReadonlyMap<string, number>;

/** A word of a typed text, and its id. */
export interface Token {
  text: string;
  id: number;
  isKnown: boolean;
}

const START = 1;
const UNKNOWN = 2;

// What datasets-imdb's encodeReview takes for the end of a word.
const word = /[^!"#$%&()*+,\-./:;<=>?@[\\\]^_`{|}~\t\n\r ]+/g;

/** The words of a text with their ids, as `encodeReview` gives them to the whole. */
export function tokensOf(text: string, words: WordIndex, numWords: number): Token[] {
  return (text.match(word) ?? []).map((piece) => {
    const [id = UNKNOWN] = encodeReview(piece, words, { startChar: null, numWords });
    return { text: piece, id, isKnown: id !== UNKNOWN };
  });
}

/**
 * A model of two outputs, the state [B, H] that the last layer reads and what that layer makes of it: the classifier's
 * own layers and weights.
 */
export function stateReader(classifier: LayersModel): LayersModel {
  const head = classifier.layers.at(-1);
  return modelOf({
    inputs: classifier.inputs,
    outputs: [head?.input as SymbolicTensor, head?.output as SymbolicTensor],
  });
}

/**
 * What a classifier of **maxLen** words says of the beginning of a review, and of that with each word more; the states
 * are [ids + 1, H]. Each beginning is padded and read as a review of its own. One pass over the whole would not do:
 * of a model without a mask the padding in front is part of what is read, and its length is another for each; and a
 * Bidirectional layer reads from the end.
 */
export async function readWordByWord(
  reader: LayersModel,
  ids: readonly number[],
  maxLen: number,
): Promise<{ probabilities: Float32Array; states: Float32Array; units: number }> {
  const all = [START, ...ids];
  const beginnings = all.map((_, n) => all.slice(0, n + 1));
  const x = toTensor(padSequences(beginnings, { maxLen }));
  const [states, probabilities] = reader.predict(x, { batchSize: 64 }) as [Tensor, Tensor];
  try {
    return {
      probabilities: (await probabilities.data()) as Float32Array,
      states: (await states.data()) as Float32Array,
      units: states.shape[1] as number,
    };
  } finally {
    dispose([x, states, probabilities]);
  }
}
