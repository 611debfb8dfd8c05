// LSTM. Panels of four units hold their i, f, c and o beside each other, so that one pass of the product gives
// all four gates of four units, and the cell's pass over a row finds them in one cache line.
//
//     c' = f·c + i·g      h' = o·act(c')
//
// What drivers ask of a cell is said in cells.ts. Pointers are at the units at hand, four of a row.
import { derivative } from "./activations";
import { ResetMode } from "./descriptor";
import { mad } from "./lanes";
import { flushed } from "./flush";

/** c' */
// @ts-ignore: decorator
@inline
export function newCell(i: v128, f: v128, g: v128, c: v128): v128 {
  return mad(f, c, f32x4.mul(i, g));
}

@unmanaged
export class Lstm {
  @inline get panelUnits(): i32 {
    return 4;
  }
  @inline get jointGates(): i32 {
    return 4;
  }
  @inline get gateVectors(): i32 {
    return 4;
  }
  @inline get resetMode(): i32 {
    return ResetMode.NONE;
  }
  @inline get carriesCell(): bool {
    return true;
  }
  @inline get mixesState(): bool {
    return false;
  }

  /** i, f and o are recurrent; g, the candidate, is third. */
  @inline activation(vector: i32, act: i32, rec: i32): i32 {
    return vector == 2 ? act : rec;
  }

  @inline cellState(z: usize, c: usize): v128 {
    return newCell(v128.load(z), v128.load(z, 16), v128.load(z, 32), v128.load(c));
  }

  @inline state(z: usize, ac: usize, _before: usize): v128 {
    return f32x4.mul(v128.load(z, 48), v128.load(ac));
  }

  /**
   * With a = act(c'), and dh and dc the gradients of h' and c':
   *
   *     do = dh·a        dc += dh·o·act'(a)
   *     di = dc·g        df = dc·c        dg = dc·i        the gradient of c is dc·f
   */
  @inline gradients(
    act: i32,
    rec: i32,
    _Hp: i32,
    u: i32,
    dh: v128,
    dc: v128,
    unitMask: v128,
    least: v128,
    z: usize,
    ac: usize,
    before: usize,
    dzRow: usize,
  ): v128 {
    const i = v128.load(z);
    const f = v128.load(z, 16);
    const g = v128.load(z, 32);
    const o = v128.load(z, 48);
    const a = v128.load(ac);
    const dz = dzRow + (u << 4);
    // c' reaches the loss by h' and by the next step's c: both gradients are added up before they fan out to the gates.
    // Flushed here once, where they are summed: every product below is of it.
    const dNew = flushed(mad(f32x4.mul(dh, o), derivative(act, a), dc), least);
    v128.store(dz, v128.and(unitMask, f32x4.mul(f32x4.mul(dNew, g), derivative(rec, i))));
    v128.store(dz, v128.and(unitMask, f32x4.mul(f32x4.mul(dNew, v128.load(before)), derivative(rec, f))), 16);
    v128.store(dz, v128.and(unitMask, f32x4.mul(f32x4.mul(dNew, i), derivative(act, g))), 32);
    v128.store(dz, v128.and(unitMask, f32x4.mul(f32x4.mul(dh, a), derivative(rec, o))), 48);
    // f stays near 1 where a network remembers: this is the path on which gradients last.
    return f32x4.mul(dNew, f);
  }
}
