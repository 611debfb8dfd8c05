// @ts-check
// What one import costs a bundle: minified and brotli-compressed, tfjs and Node's modules apart.
// Limits stand about 15 % above what was measured (`npx size-limit` after a build).

const builtins = ["node:*"];
const peers = ["@tensorflow/*"];
// What backend-select measures, if it is there and if it is asked to: a chunk that is loaded then.
const measured = ["@rnnkit/fused-rnn", "@rnnkit/fused-rnn/webgpu"];

/**
 * @param {string} name folder of the package
 * @param {string} names what is imported
 * @param {string} limit
 * @param {string} [file] built entry
 * @param {string[]} [apart] packages that are left out
 */
function one(name, names, limit, file = "index.js", apart = []) {
  return {
    name: `@rnnkit/${name} { ${names} }`,
    path: `packages/${name}/dist/${file}`,
    import: `{ ${names} }`,
    limit,
    /** @param {object} config esbuild's */
    modifyEsbuildConfig: (config) => ({ ...config, external: [...builtins, ...peers, ...apart] }),
  };
}

export default [
  one("core-rnn", "simpleRnnCell", "3.1 kB"),
  one("core-rnn", "lstmCell", "3.3 kB"),
  one("core-rnn", "gruCell", "3.9 kB"),
  one("core-rnn", "runSequence, lstmCell", "4.6 kB"),
  one("core-rnn", "SimpleRNN", "7.4 kB"),
  one("fused-rnn", "registerKernels", "9.2 kB"),
  one("fused-rnn", "lstm", "39 kB"),
  one("fused-rnn", "registerWebGPUKernels", "60 kB", "webgpu.js"),
  one("preprocess", "MinMaxScaler", "3.5 kB"),
  one("preprocess", "padSequences", "2.6 kB"),
  one("preprocess", "slidingWindows", "3.1 kB"),
  one("preprocess", "trainTestSplit", "3.3 kB"),
  one("preprocess", "TextVectorization", "2.6 kB"),
  one("datasets-imdb", "loadData", "11.5 kB"),
  one("datasets-imdb", "loadData", "11.2 kB", "index.browser.js"),
  one("datasets-imdb", "syntheticReviews", "3.4 kB"),
  one("keras-builders", "buildLstmForecaster", "78 kB"),
  one("keras-builders", "buildSentimentClassifier", "81 kB"),
  one("keras-files", "loadKerasModel", "110 kB"),
  one("keras-files", "loadKerasModel", "110 kB", "index.browser.js"),
  one("backend-select", "selectBackend", "12 kB", "index.js", measured),
];
