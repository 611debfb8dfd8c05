import type { VNode } from "preact";
import { useId } from "preact/hooks";
import { number, type TextKey, text } from "../language/language.ts";
import { drawnCells, type UnrolledSettings } from "./backpropagation.ts";
import { cellNames, type Playback } from "./playback.ts";

interface Slider {
  of: Exclude<keyof UnrolledSettings, "seed" | "units">;
  label: TextKey;
  hint?: string;
  min: number;
  max: number;
  step: number;
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** Settings worth looking at; the sequence stays. */
const presets: Readonly<Record<string, Partial<UnrolledSettings>>> = {
  vanishing: { recurrentScale: 0.7, inputScale: 1, gateBias: 3 },
  initial: { recurrentScale: 1, inputScale: 1, gateBias: 1 },
  exploding: { recurrentScale: 1.5, inputScale: 0.05, gateBias: 3 },
};

/** Cell, sizes, scales and presets. */
export function SettingsControls({ playback }: { playback: Playback }): VNode {
  const { cell, settings, change } = playback;
  const name = useId();
  const { seed, gateBias } = settings.value;
  const sliders: Slider[] = [
    { of: "steps", label: "unrolled.stepCount", min: 5, max: 50, step: 1 },
    {
      of: "recurrentScale",
      label: "unrolled.recurrentScale",
      hint: text("unrolled.recurrentScale.hint"),
      min: 0.5,
      max: 1.5,
      step: 0.05,
    },
    {
      of: "inputScale",
      label: "unrolled.inputScale",
      hint: text("unrolled.inputScale.hint"),
      min: 0.05,
      max: 2,
      step: 0.05,
    },
    {
      of: "gateBias",
      label: "unrolled.gateBias",
      hint: text("unrolled.gateBias.hint", round(sigmoid(gateBias))),
      min: 0,
      max: 5,
      step: 0.5,
    },
  ];
  return (
    <div class="unrolled-settings">
      <fieldset class="unrolled-cells">
        <legend>{text("unrolled.cell")}</legend>
        {cellNames.map((of) => (
          <label key={of}>
            <input
              type="radio"
              name={name}
              checked={cell.value === of}
              onChange={() => (cell.value = of)}
            />
            {drawnCells[of]}
          </label>
        ))}
      </fieldset>
      {sliders.map((slider) => (
        <SettingSlider key={slider.of} {...slider} playback={playback} />
      ))}
      <fieldset class="unrolled-presets">
        <legend>{text("unrolled.presets")}</legend>
        {Object.entries(presets).map(([preset, values]) => (
          <button key={preset} type="button" onClick={() => change(values)}>
            {text(`unrolled.preset.${preset}` as "unrolled.preset.initial")}
          </button>
        ))}
        <button type="button" onClick={() => change({ seed: seed + 1 })}>
          {text("unrolled.seed")}
        </button>
      </fieldset>
    </div>
  );
}

const round = (value: number) => Math.round(value * 100) / 100;

function SettingSlider({
  of,
  label,
  hint,
  playback,
  ...range
}: Slider & { playback: Playback }): VNode {
  const id = useId();
  const { settings, change } = playback;
  const value = settings.value[of];
  return (
    <div class="unrolled-slider">
      <label for={id}>{text(label)}</label>
      <output for={id}>{number(value)}</output>
      <input
        {...{ id, ...range, value }}
        type="range"
        aria-describedby={hint && `${id}-hint`}
        onInput={({ currentTarget }) => change({ [of]: Number(currentTarget.value) })}
      />
      {hint && (
        <small id={`${id}-hint`} class="quiet">
          {hint}
        </small>
      )}
    </div>
  );
}

/** Play, steps, and where the passes are. */
export function PlaybackControls({ playback }: { playback: Playback }): VNode {
  const { position, playing, end, still, goTo, togglePlaying } = playback;
  const where = whereIs(playback);
  const go = (to: number) => {
    playing.value = false;
    goTo(to);
  };
  return (
    <div class="unrolled-playback">
      <div class="unrolled-buttons">
        <IconButton
          label={text("unrolled.toStart")}
          sign="M2 2h2.5v12H2zM14 2v12L5 8z"
          onClick={() => go(0)}
        />
        <IconButton
          label={text("unrolled.back")}
          sign="M12 2v12L3 8z"
          onClick={() => go(position.value - 1)}
        />
        {!still.value && (
          <button type="button" class="unrolled-play" onClick={togglePlaying}>
            {text(playing.value ? "unrolled.pause" : "unrolled.play")}
          </button>
        )}
        <IconButton
          label={text("unrolled.forth")}
          sign="M4 2v12l9-6z"
          onClick={() => go(position.value + 1)}
        />
        <IconButton
          label={text("unrolled.toEnd")}
          sign="M2 2v12l9-6zM11.5 2h2.5v12h-2.5z"
          onClick={() => go(end.value)}
        />
      </div>
      <input
        type="range"
        min={0}
        max={end.value}
        value={position.value}
        aria-label={text("unrolled.position")}
        aria-valuetext={where}
        onInput={({ currentTarget }) => go(Number(currentTarget.value))}
      />
      {/* Said aloud for a step that was asked for, not ten times a second. */}
      <p class="unrolled-where" aria-live={playing.value ? "off" : "polite"}>
        {where}
      </p>
    </div>
  );
}

function IconButton({
  label,
  sign,
  onClick,
}: {
  label: string;
  sign: string;
  onClick: () => void;
}): VNode {
  return (
    <button type="button" title={label} aria-label={label} onClick={onClick}>
      <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
        <path d={sign} fill="currentColor" />
      </svg>
    </button>
  );
}

/** The moment in words. */
function whereIs({ position, passes, cell }: Playback): string {
  const { steps, loss } = passes.value[cell.value];
  const T = steps.length;
  const at = position.value;
  if (at === 0) return text("unrolled.at.start");
  if (at < T) return text("unrolled.at.forward", at, T);
  if (at === T) return text("unrolled.at.loss", number(loss));
  const t = 2 * T - at + 1;
  return text("unrolled.at.backward", t, number(steps[t - 1].dhNorm));
}
