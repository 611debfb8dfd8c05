// Small layers of Keras's that tfjs-layers lacks. All pass masks on.

import { shown } from "@rnnkit/core-rnn";
import {
  clone,
  logicalOr,
  minimum,
  mul,
  rsqrt,
  type serialization,
  square,
  sub,
  sum,
  type Tensor,
  tidy,
} from "@tensorflow/tfjs-core";
import { layers, type Shape } from "@tensorflow/tfjs-layers";
import type { Mask } from "../graph/carried-mask.ts";
import { inKerasGraph } from "../graph/keras-graph.ts";
import { ofRank } from "../graph/keras-merge.ts";
import { firstShape } from "../graph/layer-call.ts";
import { readable } from "../options/layer-from.ts";
import type { LayerArgs } from "../options/recurrent-options.ts";
import { shapeText } from "../shape.ts";
import { countActivity } from "./activity-loss.ts";

/** Its input as it is; `layers.identity` makes it. */
export class IdentityLayer extends layers.Layer {
  static readonly className = "Identity";
  override supportsMasking = true;

  static {
    // tfjs-layers has an initializer of that name, whose config has no name.
    readable(IdentityLayer, (config) => "name" in config);
  }

  constructor(args: LayerArgs = {}) {
    super(args);
    countActivity(this, args);
    inKerasGraph(this);
  }

  override call(inputs: Tensor | Tensor[]): Tensor | Tensor[] {
    return tidy(() => (Array.isArray(inputs) ? inputs.map((x) => clone(x)) : clone(inputs)));
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape | Shape[] {
    return inputShape;
  }
}

/** The first of two inputs less the second; `layers.subtract` says how. */
export class SubtractLayer extends layers.Layer {
  static readonly className = "Subtract";
  override supportsMasking = true;

  static {
    readable(SubtractLayer);
  }

  constructor(args: LayerArgs = {}) {
    super(args);
    countActivity(this, args);
    inKerasGraph(this);
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    return tidy(() => {
      const given = [inputs].flat() as [Tensor, Tensor];
      this.computeOutputShape(given.map(({ shape }) => shape));
      const rank = Math.max(...given.map((x) => x.rank));
      const [a, b] = given.map((x) => ofRank(rank, x)) as [Tensor, Tensor];
      return sub(a, b);
    });
  }

  /** A step is kept where one of the inputs keeps it; an unmasked input ends the mask. */
  override computeMask(_: Tensor | Tensor[], masks?: Tensor | Tensor[]): Tensor {
    const both = [masks].flat() as Mask[];
    if (both.length < 2 || !both.every(Boolean)) return null as unknown as Tensor;
    return logicalOr(both[0]!, both[1]!);
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const shapes = Array.isArray(inputShape[0]) ? (inputShape as Shape[]) : [inputShape as Shape];
    if (shapes.length !== 2) {
      throw new Error(`${this.name}: expected two inputs, got ${shapes.length}`);
    }
    const rank = Math.max(...shapes.map(({ length }) => length));
    const [a, b] = shapes.map(([B, ...rest]): Shape => {
      return [B!, ...Array<number>(rank - 1 - rest.length).fill(1), ...rest];
    }) as [Shape, Shape];
    return a.map((n, i) => {
      const m = b[i]!;
      if (n === m || m === 1) return n;
      if (n === 1) return m;
      if (n === null || m === null) return n ?? m;
      const [one, other] = shapes.map((shape) => shapeText(shape));
      throw new Error(`${this.name}: expected inputs that fit together, got ${one} and ${other}`);
    });
  }
}

/** Options of {@link UnitNormalizationLayer}. */
export interface UnitNormalizationArgs extends LayerArgs {
  /** Along which axis or axes the length is 1. Default the last. */
  axis?: number | number[];
}

/** Vectors of length 1; `layers.unitNormalization` says how. */
export class UnitNormalizationLayer extends layers.Layer {
  static readonly className = "UnitNormalization";
  override supportsMasking = true;
  readonly axis: number | number[];

  static {
    readable(UnitNormalizationLayer);
  }

  constructor(args: UnitNormalizationArgs = {}) {
    super(args);
    const { axis = -1 } = args;
    if (![axis].flat().every(Number.isInteger)) {
      throw new Error(
        `${this.name}: expected axis to be a whole number or a list of them, got ${shown(axis)}`,
      );
    }
    this.axis = axis;
    countActivity(this, args);
    inKerasGraph(this);
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    return tidy(() => {
      const [x] = [inputs].flat() as [Tensor];
      this.computeOutputShape(x.shape);
      const length = rsqrt(sum(square(x), this.axis, true));
      return mul(x, minimum(length, 1e12));
    });
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const shape = firstShape(inputShape);
    const isThere = (axis: number) => axis < shape.length && axis >= -shape.length;
    if ([this.axis].flat().every(isThere)) return shape;
    throw new Error(
      `${this.name}: expected axis within the axes of ${shapeText(shape)}, got ${shown(this.axis)}`,
    );
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), axis: this.axis };
  }
}
