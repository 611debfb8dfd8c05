import "./unrolled.css";
import type { VNode } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { text } from "../language/language.ts";
import { PlaybackControls, SettingsControls } from "./controls.tsx";
import { Equations } from "./equations.tsx";
import { GradientChart } from "./gradient-chart.tsx";
import { currentStep, Network } from "./network.tsx";
import { CurvesTable, FadingTable, StepsTable } from "./numbers-tables.tsx";
import { createPlayback, momentAt } from "./playback.ts";

/**
 * Part I of the tutorial as a picture: the network unrolled over time, its forward pass and its gradients on their
 * way back, the vanishing of SimpleRNN's beside LSTM's and GRU's; all computed by core-rnn as it is shown.
 */
export function Unrolled(): VNode {
  const playback = useMemo(createPlayback, []);
  useEffect(() => playback.dispose, [playback]);
  const { cell, position, settings, still } = playback;
  const passes = playback.passes.value;
  const { steps, recurrentScale } = settings.value;
  const current = currentStep(momentAt(position.value, steps), steps);
  return (
    <section class="unrolled" aria-labelledby="unrolled-title">
      <h2 id="unrolled-title">{text("unrolled.title")}</h2>
      <p>{text("unrolled.intro")}</p>
      <SettingsControls playback={playback} />
      <PlaybackControls playback={playback} />
      <Network passes={passes[cell.value]} position={position.value} still={still.value} />
      <ul class="unrolled-keys">
        <li class="is-forward">{text("unrolled.key.forward")}</li>
        <li class="is-backward">{text("unrolled.key.backward")}</li>
      </ul>
      <StepsTable passes={passes[cell.value]} />
      <Equations cell={cell.value} />
      <GradientChart passes={passes} current={current} />
      <FadingTable passes={passes} recurrentScale={recurrentScale} />
      <p>{text("unrolled.why")}</p>
      <CurvesTable passes={passes} />
    </section>
  );
}
