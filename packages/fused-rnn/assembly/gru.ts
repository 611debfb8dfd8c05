// GRU, in both forms: the reset gate works on the product of the state, or on the state before its product.
//
//     reset after      s = x·Wc + r·(h·Uc + bc)      reset before      s = x·Wc + (r·h)·Uc
//     c = act(s)       h' = z·h + (1 - z)·c
//
// What drivers ask of a cell is said in cells.ts. Pointers are at the units at hand, four of a row.
import { derivative } from "./activations";
import { ResetMode } from "./descriptor";
import { mad } from "./lanes";

/** The sum of the candidate, reset after. */
// @ts-ignore: decorator
@inline
export function resetSum(r: v128, ofInputs: v128, ofState: v128): v128 {
  return mad(r, ofState, ofInputs);
}
/** h' as c + z·(h - c): one product less. */
// @ts-ignore: decorator
@inline
export function mixed(z: v128, h: v128, c: v128): v128 {
  return mad(z, f32x4.sub(h, c), c);
}

/**
 * What both forms have of the gradients, with dh that of h':
 *
 *     dz = dh·(h - c)·σ'(z)      dc = dh·(1 - z)      dxc = dc·act'(c)      dh·z goes to h past the product
 *
 * dxc is returned; dh·(1 - z) is dh - dh·z, where `past`, dh·z, is at hand.
 */
// @ts-ignore: decorator
@inline
function mixGradients(
  act: i32,
  rec: i32,
  Hp: i32,
  u: i32,
  dh: v128,
  past: v128,
  z: v128,
  unitMask: v128,
  g: usize,
  before: usize,
  dz: usize,
): v128 {
  const c = v128.load(g, 32);
  // h' = c + z·(h - c): of its three factors c has 1 - z, z has h - c, and h has z.
  const dxc = f32x4.mul(f32x4.sub(dh, past), derivative(act, c));
  const dUpdate = f32x4.mul(f32x4.mul(dh, f32x4.sub(v128.load(before), c)), derivative(rec, z));
  v128.store(dz + (u << 3), v128.and(unitMask, dUpdate));
  v128.store(dz + ((2 * Hp + u) << 2), v128.and(unitMask, dxc));
  return dxc;
}

@unmanaged
export class GruAfter {
  @inline get panelUnits(): i32 {
    return 4;
  }
  @inline get jointGates(): i32 {
    return 2;
  }
  @inline get gateVectors(): i32 {
    return 4;
  }
  @inline get resetMode(): i32 {
    return ResetMode.AFTER;
  }
  @inline get carriesCell(): bool {
    return false;
  }
  @inline get mixesState(): bool {
    return true;
  }

  @inline activation(_vector: i32, _act: i32, rec: i32): i32 {
    return rec;
  }

  @inline candidateSum(g: usize): v128 {
    return resetSum(v128.load(g, 16), v128.load(g, 32), v128.load(g, 48));
  }

  @inline state(g: usize, c: usize, before: usize): v128 {
    return mixed(v128.load(g), v128.load(before), v128.load(c));
  }

  /** dhc = dxc·r      dr = dxc·hc·σ'(r)      hc being h's half of the candidate's sum */
  @inline gradients(
    act: i32,
    rec: i32,
    Hp: i32,
    u: i32,
    dh: v128,
    _dc: v128,
    unitMask: v128,
    _least: v128,
    g: usize,
    _ac: usize,
    before: usize,
    dz: usize,
  ): v128 {
    const z = v128.load(g);
    const past = f32x4.mul(dh, z);
    const dxc = mixGradients(act, rec, Hp, u, dh, past, z, unitMask, g, before, dz);
    // s = x + r·hc, so x's half has dxc itself, h's half has it times r, and r has it times hc.
    const r = v128.load(g, 16);
    const dReset = f32x4.mul(f32x4.mul(dxc, v128.load(g, 48)), derivative(rec, r));
    v128.store(dz + (u << 3), v128.and(unitMask, dReset), 16);
    v128.store(dz + ((3 * Hp + u) << 2), v128.and(unitMask, f32x4.mul(dxc, r)));
    return past;
  }
}

@unmanaged
export class GruBefore {
  @inline get panelUnits(): i32 {
    return 4;
  }
  @inline get jointGates(): i32 {
    return 2;
  }
  @inline get gateVectors(): i32 {
    return 4;
  }
  @inline get resetMode(): i32 {
    return ResetMode.BEFORE;
  }
  @inline get carriesCell(): bool {
    return false;
  }
  @inline get mixesState(): bool {
    return true;
  }

  @inline activation(_vector: i32, _act: i32, rec: i32): i32 {
    return rec;
  }

  @inline reset(g: usize): v128 {
    return v128.load(g, 16);
  }

  @inline state(g: usize, c: usize, before: usize): v128 {
    return mixed(v128.load(g), v128.load(before), v128.load(c));
  }

  @inline gradients(
    act: i32,
    rec: i32,
    Hp: i32,
    u: i32,
    dh: v128,
    _dc: v128,
    unitMask: v128,
    _least: v128,
    g: usize,
    _ac: usize,
    before: usize,
    dz: usize,
  ): v128 {
    const z = v128.load(g);
    const past = f32x4.mul(dh, z);
    mixGradients(act, rec, Hp, u, dh, past, z, unitMask, g, before, dz);
    return past;
  }

  /** dr = d(r·h)·h·σ'(r), `dh` being d(r·h)·h */
  @inline resetGradients(rec: i32, u: i32, dh: v128, unitMask: v128, g: usize, dz: usize): void {
    // r works on h before the product: its gradient comes through the product, after the candidate's.
    const dReset = f32x4.mul(dh, derivative(rec, v128.load(g, 16)));
    v128.store(dz + (u << 3), v128.and(unitMask, dReset), 16);
  }
}
