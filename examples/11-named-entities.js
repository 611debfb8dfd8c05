// Named entities: a tag for each word, under a mask. "jordan" is a person or a place, and some names were never seen
// before: the words around them tell, those after as well as those before.
import { selectBackend } from "@rnnkit/backend-select";
import { seededRandom } from "@rnnkit/core-rnn";
import { adam, fromTensor, layers, setRandomSeed, toTensor } from "@rnnkit/keras-builders";
import { padSequences, TextVectorization } from "@rnnkit/preprocess";
import { sequential } from "@tensorflow/tfjs-layers";

await selectBackend({ prefer: "wasm" });
setRandomSeed(1);

// Sentences from patterns, with tags as CoNLL has them: B begins an entity, I goes on with it, O is none
const random = seededRandom(1);
const one = (list) => list[Math.floor(random.uniform() * list.length)];
const names = {
  PER: ["jordan", "paris", "austin", "chelsea", "anna smith", "carlos", "li wei", "sydney jones"],
  LOC: ["jordan", "paris", "austin", "chelsea", "new york", "rome", "san jose", "sydney"],
};
const patterns = [
  "PER lives in LOC",
  "PER flew from LOC to LOC",
  "in LOC it rained",
  "the mayor of LOC met PER",
  "PER said that LOC is cold",
  "LOC is a city that PER knows",
  "PER and PER left LOC",
  "it is warm today",
];
const tags = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"];
const syllable = () => one([..."bdfgklmnprst"]) + one([..."aeiou"]);
function sentence() {
  const parts = one(patterns).split(" ");
  return parts.flatMap((part) => {
    if (!(part in names)) return [{ word: part, tag: "O" }];
    const name = random.uniform() < 0.2 ? syllable() + syllable() + syllable() : one(names[part]);
    return name.split(" ").map((word, i) => ({ word, tag: `${i ? "I" : "B"}-${part}` }));
  });
}
const train = Array.from({ length: 600 }, sentence);
const test = Array.from({ length: 200 }, sentence);

// Words outside the vocabulary share one id; 0 is padding, up to 12 words
const maxLen = 12;
const vectorize = new TextVectorization({ maxTokens: 45, outputSequenceLength: maxLen });
const texts = (some) => some.map((words) => words.map(({ word }) => word).join(" "));
vectorize.adapt(texts(train));
const x = (some) => toTensor(vectorize.transform(texts(some)));
const y = (some) => {
  const ids = some.map((words) => words.map(({ tag }) => tags.indexOf(tag)));
  return toTensor(padSequences(ids, { maxLen, padding: "post" }));
};

// The mask goes from the embedding through to the loss: padding is neither learnt nor counted
const model = sequential();
model.add(layers.embedding({ inputDim: 45, outputDim: 16, maskZero: true, inputLength: maxLen }));
model.add(layers.bidirectional({ layer: layers.lstm({ units: 16, returnSequences: true }) }));
model.add(layers.dense({ units: tags.length, activation: "softmax" }));
const loss = "sparse_categorical_crossentropy";
model.compile({ optimizer: adam({ learningRate: 0.01 }), loss, metrics: ["accuracy"] });
await model.fit(x(train), y(train), { epochs: 3, batchSize: 32 });
const [, accuracy] = [model.evaluate(x(test), y(test))].flat();
console.log(`accuracy a word, padding left out: ${accuracy.dataSync()[0].toFixed(3)}`);

const { data } = fromTensor(model.predict(x(test))); // [200, 12, 5]
const predicted = test.map((words, i) =>
  words.map((_, t) => {
    const from = (i * maxLen + t) * tags.length;
    const scores = data.slice(from, from + tags.length);
    return tags[scores.indexOf(Math.max(...scores))];
  }),
);
console.log(test[0].map(({ word }, t) => `${word}/${predicted[0][t]}`).join(" "));

// The naive answer: for each word the tag that it has had most often
const seen = train.flat();
const usual = ({ word }) => {
  const had = seen.filter((other) => other.word === word).map(({ tag }) => tag);
  const times = tags.map((tag) => had.filter((other) => other === tag).length);
  return tags[times.indexOf(Math.max(...times))];
};
console.log(
  `F1 of entities: ${f1(predicted)}, of each word's usual tag: ${f1(test.map((words) => words.map(usual)))}`,
);

/** An entity counts if its kind and both its ends are right: 2·right / (found + there). */
function f1(answers) {
  const there = test.map((words) => entities(words.map(({ tag }) => tag)));
  const found = answers.map(entities);
  const right = found.map((spans, i) => spans.filter((span) => there[i].includes(span)));
  return ((2 * right.flat().length) / (found.flat().length + there.flat().length)).toFixed(3);
}

function entities(row) {
  const begins = row.flatMap((tag, t) => (tag.startsWith("B") ? [t] : []));
  return begins.map((from) => {
    const inside = row[from].replace("B", "I");
    const length = row.slice(from + 1).findIndex((tag) => tag !== inside);
    return `${row[from]} ${from} ${length < 0 ? row.length : from + 1 + length}`;
  });
}
