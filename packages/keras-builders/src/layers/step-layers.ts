// Layers that change how many steps a sequence has. As in Keras, a mask ends at them: it is of other steps.

import { shown } from "@rnnkit/core-rnn";
import {
  concat,
  pad,
  reshape,
  type serialization,
  slice,
  type Tensor,
  tidy,
} from "@tensorflow/tfjs-core";
import { layers, type Shape } from "@tensorflow/tfjs-layers";
import { inKerasGraph } from "../graph/keras-graph.ts";
import { firstShape } from "../graph/layer-call.ts";
import { readable } from "../options/layer-from.ts";
import type { LayerArgs } from "../options/recurrent-options.ts";
import { shapeText } from "../shape.ts";
import { countActivity } from "./activity-loss.ts";

/** Of the beginning and of the end, or one number for both. */
export type BothEnds = number | [before: number, after: number];

/** Options of {@link ZeroPadding1dLayer}. */
export interface ZeroPadding1dArgs extends LayerArgs {
  /** Steps of zeros before the first and behind the last one. Default 1. */
  padding?: BothEnds;
}

/** Options of {@link Cropping1dLayer}. */
export interface Cropping1dArgs extends LayerArgs {
  /** Steps to leave out at the beginning and at the end. Default 1. */
  cropping?: BothEnds;
}

/** Options of {@link UpSampling1dLayer}. */
export interface UpSampling1dArgs extends LayerArgs {
  /** How often each step stands. Default 2. */
  size?: number;
}

function bothEnds(who: string, option: string, given: BothEnds = 1): [number, number] {
  const ends = [given, given].flat().slice(0, Array.isArray(given) ? given.length : 2);
  const fits = ends.length === 2 && ends.every((n) => Number.isInteger(n) && n >= 0);
  if (fits) return ends as [number, number];
  throw new Error(
    `${who}: expected ${option} to be a whole number from 0 or two of them, got ${shown(given)}`,
  );
}

/** [B, T, F] to [B, T′, F]. */
abstract class StepLayer extends layers.Layer {
  constructor(args: LayerArgs) {
    super(args);
    countActivity(this, args);
    inKerasGraph(this);
  }

  /** T′ of T. */
  protected abstract stepsOf(T: number): number;
  /** The steps of a checked input, changed. */
  protected abstract changed(x: Tensor): Tensor;

  override call(inputs: Tensor | Tensor[]): Tensor {
    return tidy(() => {
      const [x] = [inputs].flat() as [Tensor];
      this.computeOutputShape(x.shape);
      return this.changed(x);
    });
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const shape = firstShape(inputShape);
    const [B, T, F] = shape;
    if (shape.length !== 3) {
      throw new Error(`${this.name}: expected an input [B, T, F], got ${shapeText(shape)}`);
    }
    return [B!, T == null ? null : this.stepsOf(T), F!];
  }
}

/** Zeros around the steps; `layers.zeroPadding1d` says how. */
export class ZeroPadding1dLayer extends StepLayer {
  static readonly className = "ZeroPadding1D";
  readonly padding: [number, number];

  static {
    readable(ZeroPadding1dLayer);
  }

  constructor(args: ZeroPadding1dArgs = {}) {
    super(args);
    this.padding = bothEnds(this.name, "padding", args.padding);
  }

  protected override stepsOf(T: number): number {
    return T + this.padding[0] + this.padding[1];
  }

  protected override changed(x: Tensor): Tensor {
    return pad(x, [[0, 0], this.padding, [0, 0]]);
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), padding: this.padding };
  }
}

/** Leaves steps out at both ends; `layers.cropping1D` says how. */
export class Cropping1dLayer extends StepLayer {
  static readonly className = "Cropping1D";
  readonly cropping: [number, number];

  static {
    readable(Cropping1dLayer);
  }

  constructor(args: Cropping1dArgs = {}) {
    super(args);
    this.cropping = bothEnds(this.name, "cropping", args.cropping);
  }

  protected override stepsOf(T: number): number {
    const [before, after] = this.cropping;
    if (before + after < T) return T - before - after;
    throw new Error(
      `${this.name}: expected more steps than the ${before + after} to leave out, got ${T}`,
    );
  }

  protected override changed(x: Tensor): Tensor {
    const [B, T, F] = x.shape as [number, number, number];
    return slice(x, [0, this.cropping[0], 0], [B, this.stepsOf(T), F]);
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), cropping: this.cropping };
  }
}

/** Repeats every step; `layers.upSampling1d` says how. */
export class UpSampling1dLayer extends StepLayer {
  static readonly className = "UpSampling1D";
  readonly size: number;

  static {
    readable(UpSampling1dLayer);
  }

  constructor(args: UpSampling1dArgs = {}) {
    super(args);
    const { size = 2 } = args;
    if (!(Number.isInteger(size) && size > 0)) {
      throw new Error(
        `${this.name}: expected size to be a whole number from 1, got ${shown(size)}`,
      );
    }
    this.size = size;
  }

  protected override stepsOf(T: number): number {
    return T * this.size;
  }

  protected override changed(x: Tensor): Tensor {
    const [B, T, F] = x.shape as [number, number, number];
    const wide = concat(Array<Tensor>(this.size).fill(x), 2);
    return reshape(wide, [B, this.stepsOf(T), F]);
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), size: this.size };
  }
}
