// Losses and metrics, which Keras and tfjs-layers mostly call alike.

/** tfjs's name of each loss, by Keras's names in snake case. */
export const lossNames: Readonly<Record<string, string>> = {
  ...{ mse: "meanSquaredError", mean_squared_error: "meanSquaredError" },
  ...{ mae: "meanAbsoluteError", mean_absolute_error: "meanAbsoluteError" },
  mape: "meanAbsolutePercentageError",
  mean_absolute_percentage_error: "meanAbsolutePercentageError",
  msle: "meanSquaredLogarithmicError",
  mean_squared_logarithmic_error: "meanSquaredLogarithmicError",
  binary_crossentropy: "binaryCrossentropy",
  categorical_crossentropy: "categoricalCrossentropy",
  sparse_categorical_crossentropy: "sparseCategoricalCrossentropy",
  ...{ hinge: "hinge", squared_hinge: "squaredHinge", categorical_hinge: "categoricalHinge" },
  cosine_similarity: "cosineProximity",
  ...{ log_cosh: "logcosh", logcosh: "logcosh", poisson: "poisson" },
  ...{
    kl_divergence: "kullbackLeiblerDivergence",
    kullback_leibler_divergence: "kullbackLeiblerDivergence",
  },
};

/** tfjs's name of each metric, by Keras's names in snake case. */
export const metricNames: Readonly<Record<string, string>> = {
  ...{ accuracy: "accuracy", acc: "accuracy", binary_accuracy: "binaryAccuracy" },
  categorical_accuracy: "categoricalAccuracy",
  ...{ mse: "mse", mean_squared_error: "mse", mae: "mae", mean_absolute_error: "mae" },
  ...{ mape: "mape", mean_absolute_percentage_error: "mape" },
  categorical_crossentropy: "categoricalCrossentropy",
  sparse_categorical_crossentropy: "sparseCategoricalCrossentropy",
};

/** What Keras 3 calls otherwise than tfjs's name in snake case. */
export const kerasLosses: Readonly<Record<string, string>> = {
  cosine_proximity: "cosine_similarity",
  kullback_leibler_divergence: "kl_divergence",
  logcosh: "log_cosh",
};
