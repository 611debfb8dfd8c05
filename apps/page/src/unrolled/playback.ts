import { computed, effect, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import {
  type DrawnCell,
  defaultSettings,
  drawnCells,
  type UnrolledPasses,
  type UnrolledSettings,
  unrolledNetwork,
  unrolledPasses,
} from "./backpropagation.ts";

/**
 * How far the two passes have come: 0 before the first step, t after the forward step t, T + 1 + k when the gradient
 * has come back k steps from the last: 2T when it has reached the first.
 */
export interface Moment {
  /** Steps computed forwards. */
  forward: number;
  /** The steps that a gradient has reached are those from this one on; T + 1 when none has. */
  backward: number;
}

/** What `position` means for T **steps**. */
export function momentAt(position: number, steps: number): Moment {
  return {
    forward: Math.min(position, steps),
    backward: position <= steps ? steps + 1 : Math.max(1, 2 * steps - position + 1),
  };
}

/** The state of the picture. */
export interface Playback {
  readonly settings: Signal<UnrolledSettings>;
  readonly cell: Signal<DrawnCell>;
  /** 0 to 2T; see `Moment`. */
  readonly position: Signal<number>;
  readonly playing: Signal<boolean>;
  readonly passes: ReadonlySignal<Readonly<Record<DrawnCell, UnrolledPasses>>>;
  /** Of the settings in force: 2T. */
  readonly end: ReadonlySignal<number>;
  /** Whether the visitor wants no animation: then there is no playing, but steps. */
  readonly still: ReadonlySignal<boolean>;
  change(settings: Partial<UnrolledSettings>): void;
  goTo(position: number): void;
  togglePlaying(): void;
  /** Ends what plays, and listens no more. */
  dispose(): void;
}

/** A whole run of both passes lasts about so long. */
const wholeRun = 9000;

/** A picture that shows both passes whole, and plays from the start. */
export function createPlayback(): Playback {
  const settings = signal<UnrolledSettings>({ ...defaultSettings });
  const cell = signal<DrawnCell>("simpleRnn");
  const position = signal(2 * defaultSettings.steps);
  const playing = signal(false);
  const still = signal(false);
  const end = computed(() => 2 * settings.value.steps);
  const passes = computed(() => {
    const of = (name: DrawnCell) => unrolledPasses(unrolledNetwork(name, settings.value));
    return { simpleRnn: of("simpleRnn"), lstm: of("lstm"), gru: of("gru") };
  });

  const goTo = (to: number) => {
    position.value = Math.min(end.value, Math.max(0, to));
    if (position.value === end.value) playing.value = false;
  };
  const wishes = matchMedia("(prefers-reduced-motion: reduce)");
  const follow = () => {
    still.value = wishes.matches;
    if (wishes.matches) playing.value = false;
  };
  follow();
  wishes.addEventListener("change", follow);
  const stopTimer = effect(() => {
    if (!playing.value) return;
    const pause = Math.min(450, Math.max(90, wholeRun / end.value));
    const timer = setInterval(() => goTo(position.peek() + 1), pause);
    return () => clearInterval(timer);
  });

  return {
    settings,
    cell,
    position,
    playing,
    passes,
    end,
    still,
    goTo,
    change(changed) {
      const wasWhole = position.value === end.value;
      settings.value = { ...settings.value, ...changed };
      goTo(wasWhole ? end.value : position.value);
    },
    togglePlaying() {
      if (!playing.value && position.value === end.value) position.value = 0;
      playing.value = !playing.value && !still.value;
    },
    dispose() {
      stopTimer();
      wishes.removeEventListener("change", follow);
    },
  };
}

/** The cells in the order in which they are listed. */
export const cellNames: readonly DrawnCell[] = Object.keys(drawnCells) as DrawnCell[];
