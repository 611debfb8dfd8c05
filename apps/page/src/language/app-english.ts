import { shownNumber } from "./numbers.ts";

const n = (value: number) => shownNumber("en", value);
const percent = (value: number) => `${(100 * value).toFixed(1)} %`;

/** What the page says of training, forecasting, reading, saving and opening. */
export const appEnglish = {
  "app.tagline": "Recurrent networks, trained in this page",
  "app.train": "Train a network",
  "app.unrolled": "The network, unrolled",
  "app.views": "Parts of the page",
  "app.drop": "Drop a CSV file, imdb.npz or a Keras model anywhere on this page.",
  "app.dropHint": "Nothing leaves this page: files are read and models are trained here.",

  "settings.title": "Settings",
  "settings.task": "Task",
  "settings.sine": "Sine with noise",
  "settings.sunspots": "Sunspots, 1700 to 2008",
  "settings.csv": "A CSV file of yours",
  "settings.reviews": "Film reviews, synthetic",
  "settings.imdb": "Film reviews, IMDB",
  "settings.csvFile": "CSV file",
  "settings.imdbFile": "File of the reviews, imdb.npz",
  "settings.imdbHint": "Keras's file, 17 MB, from its data sets",
  "settings.column": "Column",
  "settings.features": "Other columns that the model sees",
  "settings.decimal": "Numbers in the file",
  "settings.decimal.auto": "As they show themselves",
  "settings.decimal.point": "1,234.5 with a decimal point",
  "settings.decimal.comma": "1.234,5 with a decimal comma",
  "settings.dates": "Dates in the file",
  "settings.dates.auto": "As they show themselves",
  "settings.dates.dmy": "31/12/2024, day first",
  "settings.dates.mdy": "12/31/2024, month first",
  "settings.cell": "Cell",
  "settings.simple_rnn": "SimpleRNN",
  "settings.lstm": "LSTM",
  "settings.gru": "GRU",
  "settings.bidirectional_lstm": "Bidirectional LSTM",
  "settings.units": "Units",
  "settings.window": "Window",
  "settings.words": "Words",
  "settings.epochs": "Epochs",
  "settings.batch": "Batch",
  "settings.rate": "Learning rate",
  "settings.seed": "Seed",
  "settings.ahead": "Steps ahead",
  "settings.reviewCount": "Reviews",
  "settings.bands": "Forecast bands",
  "settings.bands.none": "None",
  "settings.bands.dropout": "By dropout, left on to forecast",
  "settings.bands.quantile": "By quantiles, all steps at once",
  "settings.backend": "Backend",
  "settings.auto": "Automatic",
  "settings.webgpu": "WebGPU, on a GPU",
  "settings.webgpu-any": "WebGPU, even without a GPU (slow)",
  "settings.wasm": "WASM",
  "settings.cpu": "CPU, plain JavaScript",
  "settings.why": "Why this backend?",
  "settings.taken": "taken",
  "settings.refused": "refused",
  "settings.notTried": "not tried",
  "settings.range": (least: number, most: number, kept: number) =>
    `From ${n(least)} to ${n(most)}. ${n(kept)} stays.`,
  "settings.fault": (name: string, got: string, taken: string) =>
    `The address says ${name}=${got}, which cannot be. ${taken} is taken.`,
  "settings.unknown": (name: string, got: string, near: string) =>
    `The address says ${name}=${got}, and there is no setting ${name}${near ? `; did you mean ${near}?` : "."}`,
  "settings.reset": "Defaults",

  "run.train": "Train",
  "run.again": "Train anew",
  "run.on": "Train further",
  "run.keeps": (layers: string, window: number) =>
    `Training further keeps the model's own layers, ${layers}, and its window of ${n(window)}: what the settings say of them is for a new model.`,
  "run.schedule": "Its learning rate follows the schedule in its file, not the settings.",
  "run.unfit.series":
    "The model forecasts a series: to train it further, choose a series as the task.",
  "run.unfit.reviews": "The model reads reviews: to train it further, choose reviews as the task.",
  "run.unfit.columns": (has: number, needed: number) =>
    `The model sees ${n(has)} ${has === 1 ? "column" : "columns"}, the settings choose ${n(needed)}: to train it further, choose as many.`,
  "run.unfit.words": (has: number, needed: number) =>
    `The model has ids for ${n(has)} words, these reviews need ${n(needed)}: it cannot be trained further on them.`,
  "run.pause": "Pause",
  "run.resume": "Resume",
  "run.stop": "Stop",
  "run.idle": "Ready to train.",
  "run.backend": "Starting the backend",
  "run.data": "Preparing the data",
  "run.training": (epoch: number, epochs: number, loss: number) =>
    `Epoch ${n(epoch)} of ${n(epochs)}, loss ${n(loss)}`,
  "run.starting": "Training",
  "run.paused": "Paused after this batch",
  "run.testing": "Testing",
  "run.complete": (seconds: number) => `Trained in ${n(seconds)} s.`,
  "run.stopped": (epochs: number) =>
    epochs === 1
      ? "Stopped in epoch 1. The model is kept."
      : `Stopped in epoch ${n(epochs)}. The model is kept.`,
  "run.walking": "Walk-forward evaluation, see below",
  "run.opening": "Opening the model",
  "run.reading": "Reading the file",
  "run.opened": "The model is open.",
  "run.failed": "That did not work",
  "run.progress": "Progress of the training",
  "run.needsFile": "Choose a file first, or drop it here.",

  "results.title": "Results",
  "results.empty":
    "What the network learns shows here as it learns it: losses, predictions and errors, epoch by epoch.",
  "results.synthetic": "synthetic",
  "results.features": (names: string) => `The model sees the past of ${names} too.`,
  "results.notes": "What was understood of the file",
  "results.gaps": (count: number) =>
    count === 1
      ? "1 value was missing and is taken to be the one before it."
      : `${n(count)} values were missing and are each taken to be the one before.`,
  "results.series": "Series and forecast",
  "results.seriesLabel": (points: number, test: number, ahead: number) =>
    `A line of ${n(points)} values, the last ${n(test)} of them with predictions` +
    (ahead > 0 ? `, and ${n(ahead)} values forecast beyond the end.` : "."),
  "results.sine": "Sine with noise",
  "results.sine.source": "generated: period 50, amplitude 1, Gaussian noise of 0.1",
  "results.sine.value": "value",
  "results.sine.place": "time step",
  "results.sunspots": "Sunspots, yearly",
  "results.sunspots.source": "NOAA, 1700 to 2008, public domain",
  "results.sunspots.value": "sunspot number, mean of the year",
  "results.sunspots.place": "year",
  "results.csv": (column: string, file: string) => (column ? `${column} of ${file}` : file),
  "results.csv.row": "row",
  "results.actual": "series",
  "results.predicted": "prediction",
  "results.ahead": "forecast beyond the end",
  "results.test": "test",
  "results.loss": "Loss, epoch by epoch",
  "results.lossLabel": (epoch: number, loss: number, validation: number) =>
    `Losses of ${n(epoch)} epochs; the last is ${n(loss)}` +
    (Number.isFinite(validation) ? `, on unseen examples ${n(validation)}.` : "."),
  "results.accuracy": "Accuracy, epoch by epoch",
  "results.accuracyLabel": (epoch: number, last: number, validation: number) =>
    `Accuracies of ${n(epoch)} epochs; the last is ${percent(last)}` +
    (Number.isFinite(validation) ? `, on unseen reviews ${percent(validation)}.` : "."),
  "results.training": "training",
  "results.validation": "validation",
  "results.unseen": "test part",
  "results.epoch": "epoch",
  "results.errors": "Errors on the test part, one step ahead",
  "results.who": "Forecast",
  "results.model": "This model",
  "results.lastValue": "The last value again",
  "results.seasonal": (season: number) => `The value ${n(season)} before`,
  "results.better": (share: number) =>
    `RMSE ${percent(share)} below that of saying the last value again`,
  "results.worse": (share: number) =>
    `RMSE ${percent(share)} above that of saying the last value again`,
  "results.unjudged": "The model has not been judged on the test part.",
  "results.judge": "Judge it",
  "results.coverage": (share: number) =>
    `${percent(share)} of the test part lie within the bands; 80 % should.`,
  "results.horizon": "Mean absolute error by steps ahead, on the test part",
  "results.horizonLabel": (steps: number, own: number, last: number) =>
    `Errors of 1 to ${n(steps)} steps ahead; of the last step ${n(own)}, ${n(last)} of the last value.`,
  "results.steps": "steps ahead",
  "results.band": "Band",
  "results.mase": "MASE: the mean error in units of the mean change from one value to the next.",
  "results.forecast": "Forecast ahead",
  "results.aheadTitle": "Beyond the end",
  "results.aheadTable": "The values that are forecast",
  "results.when": "When",
  "results.value": "Value",
  "results.reviewsTitle": "Reviews",
  "results.counts": (train: number, validation: number, test: number) =>
    `${n(train)} to train, ${n(validation)} to validate, ${n(test)} to test`,
  "results.testAccuracy": "Accuracy on test reviews",
  "results.testLoss": "Loss on test reviews",
  "results.lastAccuracy": "Accuracy in training",
  "results.notKeras": (name: string) =>
    `${name} is not Keras's own imdb.npz, by its hash: it is read all the same, its labels may mean something else.`,

  "walk.title": "Walk-forward evaluation",
  "walk.hint":
    "The series is cut into stretches, the folds. For each a new model of these settings is trained on all values before it, and judged on it. The model that you have stays as it is.",
  "walk.folds": "Folds",
  "walk.start": "Evaluate",
  "walk.progress": "Progress of the evaluation",
  "walk.fold": (fold: number, count: number) => `Fold ${n(fold)} of ${n(count)}`,
  "walk.judging": (fold: number, count: number) =>
    `Fold ${n(fold)} of ${n(count)}, its model is being judged`,
  "walk.complete": (count: number) => `All ${n(count)} folds are judged.`,
  "walk.ended": (ended: number, count: number) =>
    ended === 0
      ? "Ended before the first fold was judged."
      : `${n(ended)} of ${n(count)} folds were judged and are kept; the others did not end.`,
  "walk.caption": (series: string, cell: string, units: number, window: number, epochs: number) =>
    `Errors one step ahead: ${series}, ${cell}, ${n(units)} units, window ${n(window)}, ${n(epochs)} epochs`,
  "walk.which": "Fold",
  "walk.from": "From",
  "walk.to": "To",
  "walk.lastValue": "RMSE, last value again",
  "walk.seasonal": "RMSE, season before",
  "walk.coverage": "Within bands",
  "walk.together": "All",
  "walk.farthest": (steps: number, own: number, last: number) =>
    `${n(steps)} steps ahead, all folds: mean absolute error ${n(own)}, the last value's ${n(last)}.`,

  "model.title": "Model",
  "model.about": (parameters: number) => `${n(parameters)} weights`,
  "model.save": "Save as .keras",
  "model.open": "Open a model",
  "model.files": ".keras or .h5",
  "model.saveHint": "Keras opens the file in Python. This page opens it with its settings.",
  "model.noScaler":
    "The file does not say what its series was scaled by: the range of the series shown is taken.",
  "model.otherSeries": (column: string) =>
    `The model learnt from ${column || "another series"}, which is not the series shown: choose that task, or drop its CSV file together with the model.`,
  "model.noWords": "The file does not say which word an id is.",
  "model.warning": (what: string) => `Not taken over: ${what}`,

  "read.title": "Read a review, word by word",
  "read.label": "A review",
  "read.placeholder": "Type a review",
  "read.example": "One from the test part",
  "read.play": "Read word by word",
  "read.stop": "Stop reading",
  "read.position": "Read up to word",
  "read.nothing": "before the first word",
  "read.says": (word: string, share: number) => `${word}: ${percent(share)} positive`,
  "read.verdict": (share: number) =>
    share >= 0.5 ? `positive, ${percent(share)}` : `negative, ${percent(1 - share)}`,
  "read.unknown": "not in the vocabulary",
  "read.unknownNote": (count: number) =>
    count === 1
      ? "1 word is not in the vocabulary: the model reads it as “unknown”."
      : `${n(count)} words are not in the vocabulary: the model reads them as “unknown”.`,
  "read.forgotten": (count: number) =>
    count === 1
      ? "The review is longer than the model's window: by the end its first word is forgotten."
      : `The review is longer than the model's window: by the end its first ${n(count)} words are forgotten.`,
  "read.map": "State of the cell, a row a unit, a column a word",
  "read.mapLabel": (units: number, words: number) =>
    `A heat map of ${n(units)} units and ${n(words)} words, each cell the value of a unit after a word.`,
  "read.probability": "Probability that the review is positive, word by word",
  "read.negative": "negative",
  "read.positive": "positive",
  "read.words": "The words of the model's ids are not known.",
  "read.wordsFile": "Word index",
  "read.wordsFetch": "Fetch them from Keras's server",

  "error.softwareGpu": (adapter: string) =>
    `The browser finds no GPU: ${adapter} would compute on the CPU, slowly. “WebGPU, even without a GPU” lets it.`,
  "error.backend": (why: string) => `The backend that is chosen cannot be had: ${why}`,
  "error.noNetwork": "The words could not be fetched. Choose imdb_word_index.json instead.",
  "error.gpuLost":
    "The browser has lost the GPU, and what was computed on it. Train anew, or open a model that was saved.",
  "error.short": (least: number, window: number, ahead: number, got: number) =>
    `The series has ${n(got)} values; with a window of ${n(window)}${ahead > 0 ? ` and ${n(ahead)} steps ahead` : ""} it takes at least ${n(least)}. Choose a smaller window${ahead > 0 ? " or fewer steps ahead" : ""}.`,
  "error.shortFold": (least: number, window: number, ahead: number, got: number) =>
    `The first fold has ${n(got)} values to learn from; with a window of ${n(window)}${ahead > 0 ? ` and ${n(ahead)} steps ahead` : ""} it takes at least ${n(least)}. Choose fewer folds or a smaller window.`,
  "error.folds": (most: number, points: number) =>
    `A series of ${n(points)} values can be cut into ${n(most)} folds at most: choose fewer.`,
  "error.diverged": (fold: number) =>
    `The model${fold > 0 ? ` of fold ${n(fold)}` : ""} diverged: its loss is no number any more. A smaller learning rate may help.`,
  "error.emptyCsv": (file: string) =>
    `${file} has no table: a row of names and rows of numbers were expected.`,
  "error.noNumbers": (names: string) => `The file has no column of numbers, but ${names}.`,
  "error.dates": (column: string, row: number, cell: string) =>
    `Column ${column}: in ${cell} of row ${n(row)}, as in all others, either number may be the day. Say under “Dates in the file” which is.`,
  "error.decimal": (column: string, row: number, cell: string) =>
    `Column ${column}: ${cell} in row ${n(row)} may be in the thousands or a fraction. Say under “Numbers in the file” which it is.`,
  "error.otherFiles": (names: string) =>
    `${names}: that is none of the files that this page reads: .csv, .keras, .h5, imdb.npz, imdb_word_index.json.`,
  "error.severalFiles": (names: string) =>
    `Left out: ${names}. One file of each kind is read at a time: .csv, .keras or .h5, imdb.npz, imdb_word_index.json.`,
  "error.running": "A model is being trained or judged: stop that before you open another.",
  "error.otherModel": (inputs: string, outputs: string) =>
    `This page can use models that forecast a series, from [null, steps, columns] to [null, n], and models that judge reviews, from [null, words] through an Embedding to [null, 1]. This one goes from ${inputs} to ${outputs}.`,
};
