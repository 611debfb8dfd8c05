import type { Listing } from "../results.ts";

/** What a reader is told of a listing. */
export interface ListingText {
  title: string;
  /** What the tutorial's Python does. */
  does: string;
  /** What the tutorial does not say of what comes out, or "". */
  mind: string;
}

/** Each of the tutorial's listings that trains, in the words of output and report. */
export const listings: Record<Listing, ListingText> = {
  I: {
    title: "Part I: an RNN by hand",
    does:
      "A SimpleRNN of 3 inputs, 4 hidden units and 2 outputs, its weights normal times 0.01, reads 5 steps " +
      "of random numbers; the Python prints the shape of the hidden states.",
    mind:
      "The Python cannot learn: its backward keeps no states, forgets what comes from later steps and gives " +
      "the output layer no gradient. Here all of it is there, so this one learns.",
  },
  "III short": {
    title: "Part III, short listing: stock prices",
    does:
      "1,000 uniform random numbers, scaled to 0 and 1 as a whole; windows of 20, the first 80 % of them to " +
      "train; LSTM 50, Dense 1; Adam, mean squared error, 50 epochs of batches of 32; the rest is predicted.",
    mind:
      "Random numbers cannot be forecast. The best that any model can do is to say their mean, and to be wrong " +
      "by their own deviation; an RMSE near that is the right result, not a bad one.",
  },
  "III full": {
    title: "Part III, full listing: time series prediction",
    does:
      "1,000 points of one turn of the sine, 0 to 2π, with normal noise of 0.1, scaled to 0 and 1 as a whole; the " +
      "first 80 % of the points to train; windows of 20; two LSTM 50 with relu, dropout 0.2 after each, Dense 1; " +
      "Adam, mean squared error, 50 epochs of batches of 32, validated on the test part.",
    mind:
      "No forecast can err by less than the noise, 0.1. The scaler has seen the test part, as the tutorial has " +
      "it; the command forecast fits it on the training part alone.",
  },
  "IV short": {
    title: "Part IV, short listing: one bidirectional LSTM",
    does:
      "IMDB reviews of 200 words, vocabulary 10,000; Embedding 64, Bidirectional LSTM 64, Dense 1 (sigmoid); Adam, " +
      "binary crossentropy, 5 epochs of batches of 32, the last fifth for validation.",
    mind: "The Python stops there; here the test reviews are judged as well.",
  },
  "IV full": {
    title: "Part IV, full listing: four cells",
    does:
      "IMDB reviews of 500 words, vocabulary 10,000; Embedding 32, then SimpleRNN, LSTM, GRU or Bidirectional LSTM " +
      "of 32, Dense 1 (sigmoid); RMSprop, binary crossentropy, 10 epochs of batches of 32, the last fifth for " +
      "validation; the test reviews judged, the histories of all four drawn together.",
    mind: "",
  },
};
