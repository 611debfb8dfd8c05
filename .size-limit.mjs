// @ts-check
// What one import costs a bundle: minified and brotli-compressed, tfjs and Node's modules apart.
// Limits stand about 15 % above what was measured (`npx size-limit` after a build).

const builtins = ["node:*"];
const peers = ["@tensorflow/*"];

/**
 * @param {string} name folder of the package
 * @param {string} names what is imported
 * @param {string} limit
 * @param {string} [file] built entry
 */
function one(name, names, limit, file = "index.js") {
  return {
    name: `@rnnkit/${name} { ${names} }`,
    path: `packages/${name}/dist/${file}`,
    import: `{ ${names} }`,
    limit,
    /** @param {object} config esbuild's */
    modifyEsbuildConfig: (config) => ({ ...config, external: [...builtins, ...peers] }),
  };
}

export default [
  one("core-rnn", "simpleRnnCell", "1.9 kB"),
  one("core-rnn", "lstmCell", "2.2 kB"),
  one("core-rnn", "gruCell", "2.4 kB"),
  one("core-rnn", "runSequence, lstmCell", "3.1 kB"),
  one("core-rnn", "SimpleRNN", "6 kB"),
  one("fused-rnn", "registerKernels", "5.2 kB"),
  one("fused-rnn", "lstm", "36 kB"),
  one("preprocess", "MinMaxScaler", "2.7 kB"),
  one("preprocess", "padSequences", "1.9 kB"),
  one("preprocess", "slidingWindows", "2.1 kB"),
  one("preprocess", "trainTestSplit", "2.1 kB"),
  one("preprocess", "TextVectorization", "1.8 kB"),
  one("datasets-imdb", "loadData", "11.5 kB"),
  one("datasets-imdb", "loadData", "11.2 kB", "index.browser.js"),
  one("datasets-imdb", "syntheticReviews", "2.8 kB"),
  one("keras-builders", "buildLstmForecaster", "48 kB"),
  one("keras-builders", "buildSentimentClassifier", "50 kB"),
  one("keras-files", "loadKerasModel", "970 kB"),
  one("keras-files", "loadKerasModel", "970 kB", "index.browser.js"),
  one("backend-select", "selectBackend", "4.3 kB"),
];
