// SimpleRNN: h' = act(x·W + h·U + b).
//
// One gate, so a panel has room for 16 units of it; and what is activated is the state itself. So nothing is kept
// of a step but h', whose slope the gradient reads.
//
// What drivers ask of a cell is said in cells.ts. Pointers are at the units at hand, four of a row.
import { derivative } from "./activations";
import { ResetMode } from "./descriptor";

@unmanaged
export class SimpleRnn {
  @inline get panelUnits(): i32 {
    return 16;
  }
  @inline get jointGates(): i32 {
    return 1;
  }
  @inline get gateVectors(): i32 {
    return 1;
  }
  @inline get resetMode(): i32 {
    return ResetMode.NONE;
  }
  @inline get carriesCell(): bool {
    return false;
  }
  @inline get mixesState(): bool {
    return false;
  }

  @inline activation(_vector: i32, act: i32, _rec: i32): i32 {
    return act;
  }

  /** The one gate is the state. */
  @inline state(z: usize, _candidate: usize, _before: usize): v128 {
    return v128.load(z);
  }

  /** dz = dh·act'(h') */
  @inline gradients(
    act: i32,
    _rec: i32,
    _Hp: i32,
    u: i32,
    dh: v128,
    _dc: v128,
    unitMask: v128,
    _least: v128,
    _z: usize,
    _ac: usize,
    after: usize,
    dz: usize,
  ): v128 {
    // The slope is one of the output, which is the state: no gate values are kept for it.
    v128.store(dz + (u << 2), v128.and(unitMask, f32x4.mul(dh, derivative(act, v128.load(after)))));
    return dh;
  }
}
