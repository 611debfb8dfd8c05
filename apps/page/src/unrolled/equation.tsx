import type { ComponentChildren, VNode } from "preact";

/**
 * An equation in MathML, from a line of signs with spaces between them: `h_t = tanh ( x_t · W_xh )`. Within a sign
 * `_` lowers what follows and `^` raises it; `∂L/∂h_t` is a fraction.
 *
 * @example <Equation of="y_t = h_t · W_hy" />
 */
export function Equation({ of }: { of: string }): VNode {
  return (
    <math display="block">
      <mrow>{of.split(" ").map((part) => sign(part))}</mrow>
    </math>
  );
}

function sign(part: string): ComponentChildren {
  const [above, below] = part.split("/");
  if (above && below) {
    return (
      <mfrac>
        <mrow>{sign(above)}</mrow>
        <mrow>{sign(below)}</mrow>
      </mfrac>
    );
  }
  const [, base = "", lowered, raised] = part.match(/^(.[^_^]*)(?:_([^^]+))?(?:\^(.+))?$/u) ?? [];
  if (base.startsWith("∂")) {
    return (
      <>
        <mo>∂</mo>
        {sign(part.slice(1))}
      </>
    );
  }
  const inner = atom(base);
  if (lowered && raised) {
    return (
      <msubsup>
        {inner}
        {index(lowered)}
        {index(raised)}
      </msubsup>
    );
  }
  if (lowered) {
    return (
      <msub>
        {inner}
        {index(lowered)}
      </msub>
    );
  }
  return raised ? (
    <msup>
      {inner}
      {index(raised)}
    </msup>
  ) : (
    inner
  );
}

/** What stands above or below the line: `t−1` is three signs, `xh` two letters of one name. */
function index(written: string): VNode {
  return <mrow>{written.split(/(−)/).map((part) => atom(part))}</mrow>;
}

function atom(written: string): VNode {
  if (/^[\d.½]+$/.test(written)) return <mn>{written}</mn>;
  return /^[\p{Letter}\p{Mark}′⊤]+$/u.test(written) ? <mi>{written}</mi> : <mo>{written}</mo>;
}
