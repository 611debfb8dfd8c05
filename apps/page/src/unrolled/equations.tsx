import type { VNode } from "preact";
import { Scroller } from "../app/scroller.tsx";
import { text } from "../language/language.ts";
import type { DrawnCell } from "./backpropagation.ts";
import { Equation } from "./equation.tsx";

interface CellEquations {
  forward: readonly string[];
  backward: readonly string[];
}

const output = ["y_t = h_t · W_hy", "L = ½ ( y_T − x_1 )^2"];
const fromLoss = "∂L/∂h_T = ( y_T − x_1 ) · W_hy^⊤";

/** The names are those of core-rnn: a gate's kernel W, recurrent kernel U and bias b, gates i f o and z r. */
const equations: Readonly<Record<DrawnCell, CellEquations>> = {
  simpleRnn: {
    forward: ["h_t = tanh ( x_t · W_xh + h_t−1 · W_hh + b_h )", ...output],
    backward: [fromLoss, "∂L/∂h_t−1 = ( ∂L/∂h_t ⊙ ( 1 − h_t ⊙ h_t ) ) · W_hh^⊤"],
  },
  lstm: {
    forward: [
      "i_t = σ ( x_t · W_i + h_t−1 · U_i + b_i )",
      "f_t = σ ( x_t · W_f + h_t−1 · U_f + b_f )",
      "g_t = tanh ( x_t · W_c + h_t−1 · U_c + b_c )",
      "o_t = σ ( x_t · W_o + h_t−1 · U_o + b_o )",
      "c_t = f_t ⊙ c_t−1 + i_t ⊙ g_t",
      "h_t = o_t ⊙ tanh ( c_t )",
      ...output,
    ],
    backward: [
      fromLoss,
      "∂L/∂c_T = ∂L/∂h_T ⊙ o_T ⊙ tanh′ ( c_T )",
      "∂L/∂c_t−1 = ∂L/∂c_t ⊙ f_t + ∂L/∂h_t−1 ⊙ o_t−1 ⊙ tanh′ ( c_t−1 )",
      "∂L/∂h_t−1 = ∂L/∂î_t · U_i^⊤ + ∂L/∂f̂_t · U_f^⊤ + ∂L/∂ĝ_t · U_c^⊤ + ∂L/∂ô_t · U_o^⊤",
    ],
  },
  gru: {
    forward: [
      "z_t = σ ( x_t · W_z + h_t−1 · U_z + b_z + b_z^′ )",
      "r_t = σ ( x_t · W_r + h_t−1 · U_r + b_r + b_r^′ )",
      "n_t = tanh ( x_t · W_h + b_h + r_t ⊙ ( h_t−1 · U_h + b_h^′ ) )",
      "h_t = z_t ⊙ h_t−1 + ( 1 − z_t ) ⊙ n_t",
      ...output,
    ],
    backward: [
      fromLoss,
      "∂L/∂h_t−1 = ∂L/∂h_t ⊙ z_t + ∂L/∂ẑ_t · U_z^⊤ + ∂L/∂r̂_t · U_r^⊤ + ( ∂L/∂n̂_t ⊙ r_t ) · U_h^⊤",
    ],
  },
};

/** The equations of a cell, forward and backward. */
export function Equations({ cell }: { cell: DrawnCell }): VNode {
  const { forward, backward } = equations[cell];
  return (
    <details class="unrolled-equations" open>
      <summary>{text("unrolled.equations")}</summary>
      <div class="unrolled-equation-columns">
        <Scroller label={text("unrolled.equations.forward")}>
          <h3>{text("unrolled.equations.forward")}</h3>
          {forward.map((line) => (
            <Equation key={line} of={line} />
          ))}
        </Scroller>
        <Scroller label={text("unrolled.equations.backward")}>
          <h3>{text("unrolled.equations.backward")}</h3>
          {backward.map((line) => (
            <Equation key={line} of={line} />
          ))}
          {cell !== "simpleRnn" && <p class="quiet">{text("unrolled.equations.hat")}</p>}
        </Scroller>
      </div>
    </details>
  );
}
