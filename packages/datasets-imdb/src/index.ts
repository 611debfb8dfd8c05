export { DatasetError, type DatasetErrorCode } from "./dataset-error.ts";
export type { Reviews } from "./keras-order.ts";
export type { ImdbData, LoadDataOptions } from "./load-data.ts";
export { getWordIndex, loadData } from "./node.ts";
export type { Progress, SourceOptions } from "./options.ts";
export { type Ragged, RaggedArray } from "./ragged-array.ts";
export {
  type DecodeReviewOptions,
  decodeReview,
  type EncodeReviewOptions,
  encodeReview,
  type ReviewTextOptions,
  reviewDecoder,
} from "./review-text.ts";
export {
  type SyntheticReviews,
  type SyntheticReviewsOptions,
  syntheticReviews,
} from "./synthetic-reviews.ts";
export type { WordIndex } from "./word-index.ts";
