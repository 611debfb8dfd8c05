import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { type GoldenTensor, numbers, readFixture } from "@rnnkit/fixtures";
import { type Tensor, tensor } from "@tensorflow/tfjs-core";

/** The models that Keras saved in all three formats. */
export const fileIds = [
  "file_bidirectional",
  "file_embedding_lstm",
  "file_gru_before_timedistributed",
  "file_lstm_gru_trained",
  "file_simple_rnn",
];

/** What Keras recorded of a saved model. */
export interface FileCase {
  weights: { path: string; shape: number[]; sha256_float32le: string }[];
  inputs: GoldenTensor[];
  predictions: [GoldenTensor];
}

export const fileCase = (id: string): FileCase => readFixture(`files/${id}.json`) as FileCase;

const folder = new URL("../../../internal/fixtures/keras/files/", import.meta.url);

export const filePath = (name: string): string => new URL(name, folder).pathname;

/** A saved file's bytes, a copy for each caller. */
export const fileBytes = (name: string): Uint8Array => new Uint8Array(readFileSync(filePath(name)));

export function toTensor({ shape, dtype, ...golden }: GoldenTensor): Tensor {
  const values = Float32Array.from(numbers({ shape, dtype, ...golden }));
  return tensor(values, shape, dtype === "int32" ? "int32" : "float32");
}

/** sha256 of a tensor's float32 values, little-endian. */
export function hashOf(weight: Tensor): string {
  const values = weight.dataSync();
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return createHash("sha256").update(bytes).digest("hex");
}
