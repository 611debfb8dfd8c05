// What models make of inputs, and the masks that their outputs carry, here and in Keras.

import { type Tensor, tensor, tidy } from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import type { Input } from "./saved-models.fixture.ts";

/** A tensor; Keras's has null where it is not finite. */
export interface Values {
  shape: number[];
  data: (number | null)[];
}

/** Outputs, and the mask of each or null. */
export interface Told {
  outputs: Values[];
  masks: (Values | null)[];
}

/** What a model makes of inputs, called on them: `predict` gives the same numbers without masks. */
export function toldBy(model: LayersModel, inputs: readonly Input[]): Told {
  let told: Told | undefined;
  tidy(() => {
    const given = inputs.map(({ data, shape, dtype }) => tensor(data, shape, dtype));
    const x = given.length > 1 ? given : given[0]!;
    const outputs = [model.apply(x) as Tensor | Tensor[]].flat();
    const predicted = [model.predict(x) as Tensor | Tensor[]].flat().map(valuesOf);
    told = {
      outputs: outputs.map(valuesOf),
      masks: outputs.map((y) => {
        const { kerasMask } = y as { kerasMask?: Tensor };
        return kerasMask ? valuesOf(kerasMask) : null;
      }),
    };
    if (JSON.stringify(predicted) !== JSON.stringify(told.outputs)) {
      throw new Error(`${model.name}: apply and predict give other numbers`);
    }
  });
  return told!;
}

function valuesOf(x: Tensor): Values {
  return { shape: x.shape, data: [...x.dataSync()] };
}

/** How far apart two answers are, relative to what is larger than 1; infinite for other shapes. */
export function distance(told: Told, other: Told): number {
  const { outputs } = other;
  if (shapes(told.outputs) !== shapes(outputs)) return Number.POSITIVE_INFINITY;
  const off = told.outputs.flatMap(({ data }, i) =>
    data.map((y, j) => apart(y, outputs[i]!.data[j]!)),
  );
  return Math.max(0, ...off);
}

function shapes(of: readonly Values[]): string {
  return JSON.stringify(of.map(({ shape }) => shape));
}

function apart(y: number | null, z: number | null): number {
  const [one, other] = [y, z].map((value) => value !== null && Number.isFinite(value));
  if (!one || !other) return one === other ? 0 : Number.POSITIVE_INFINITY;
  return Math.abs(y! - z!) / Math.max(1, Math.abs(y!));
}

/** Masks to be compared; **like**: with the axes that those have, a step kept where any of what was in it is. */
export function masksOf({ masks }: Told, like: Told["masks"] = masks): (Values | null)[] {
  return masks.map((mask, i) => {
    if (!mask) return null;
    const kept = mask.data.map(Boolean).map(Number);
    const { shape } = like[i] ?? mask;
    const each = kept.length / shape.reduce((a, b) => a * b, 1);
    if (each <= 1) return { shape: mask.shape, data: kept };
    const data = Array.from({ length: kept.length / each }, (_, k) =>
      Math.max(...kept.slice(k * each, (k + 1) * each)),
    );
    return { shape, data };
  });
}
