/** What the compiled module exports for the layers around a recurrence; its parts are documented in `assembly/dense.ts`. */
export interface DenseKernels {
  packColumns(w: number, K: number, N: number, to: number): void;
  packRows(w: number, K: number, N: number, to: number): void;
  denseSums(
    x: number,
    xRow: number,
    rows: number,
    panels: number,
    K: number,
    N: number,
    bias: number,
    out: number,
    outRow: number,
  ): void;
  denseWeightGradients(
    x: number,
    xRow: number,
    rows: number,
    dz: number,
    dzRow: number,
    K: number,
    N: number,
    dw: number,
    db: number,
  ): void;
  activateDense(kind: number, p: number, row: number, rows: number, N: number): void;
  denseGradients(
    kind: number,
    y: number,
    dy: number,
    rows: number,
    N: number,
    dz: number,
    dzRow: number,
  ): void;
  moveRows(from: number, fromRow: number, rows: number, n: number, to: number, toRow: number): void;
  fillFactors(state: number, key: number, first: number, kept: number, n: number, to: number): void;
  multiplyAll(x: number, factor: number, n: number, to: number): void;
}
