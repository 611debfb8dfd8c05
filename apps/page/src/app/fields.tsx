import { useEffect, useId, useRef, useState } from "preact/hooks";
import { text } from "../language/language.ts";
import { isWithin, type Range } from "./settings.ts";

/** A labelled choice of one among a few. */
export function Choice<Value extends string>(props: {
  label: string;
  value: Value;
  options: readonly { value: Value; label: string }[];
  choose(value: Value): void;
}) {
  const { label, value, options, choose } = props;
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select
        id={id}
        value={value}
        onChange={(event) => choose(event.currentTarget.value as Value)}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </div>
  );
}

/** A labelled choice of some among a few. */
export function Checks(props: {
  label: string;
  names: readonly string[];
  chosen: readonly string[];
  choose(names: string[]): void;
}) {
  const { label, names, chosen, choose } = props;
  return (
    <fieldset class="field checks">
      <legend>{label}</legend>
      {names.map((name) => (
        <label key={name}>
          <input
            type="checkbox"
            checked={chosen.includes(name)}
            onChange={({ currentTarget: { checked } }) =>
              choose(names.filter((each) => (each === name ? checked : chosen.includes(each))))
            }
          />
          {name}
        </label>
      ))}
    </fieldset>
  );
}

/** A labelled number within a range; what is none is said beside it and not taken. */
export function NumberField(props: {
  label: string;
  value: number;
  range: Range;
  choose(value: number): void;
}) {
  const { label, value, range, choose } = props;
  const { least, most, isWhole } = range;
  const id = useId();
  // What is beside the number is of the value that it was typed over.
  const [badAt, setBadAt] = useState<number | null>(null);
  const isBad = badAt === value;
  // Written when it changes elsewhere; the field stays, and the keyboard's place in it.
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (field.current) field.current.value = String(value);
  }, [value]);
  const take = (input: HTMLInputElement) => {
    const typed = input.value.trim() === "" ? Number.NaN : Number(input.value);
    const isGood = isWithin(typed, range);
    setBadAt(isGood ? null : value);
    if (isGood) choose(typed);
  };
  return (
    <div class="field number">
      <label for={id}>{label}</label>
      <input
        id={id}
        type="number"
        inputMode={isWhole ? "numeric" : "decimal"}
        ref={field}
        min={least}
        max={most}
        step={isWhole ? 1 : "any"}
        aria-invalid={isBad}
        aria-describedby={isBad ? `${id}-range` : undefined}
        onChange={(event) => take(event.currentTarget)}
      />
      {isBad && (
        <p class="bad" id={`${id}-range`} role="alert">
          {text("settings.range", least, most, value)}
        </p>
      )}
    </div>
  );
}

/** A button that lets a file be chosen; files may be dropped on the page as well. */
export function FileField(props: {
  label: string;
  accept: string;
  hint?: string;
  several?: boolean;
  take(files: File[]): void;
  isDisabled?: boolean;
}) {
  const { label, accept, hint, several = false, take, isDisabled = false } = props;
  const id = useId();
  return (
    <div class="field file">
      <label for={id}>{label}</label>
      <input
        id={id}
        type="file"
        accept={accept}
        multiple={several}
        disabled={isDisabled}
        aria-describedby={hint ? `${id}-hint` : undefined}
        onChange={({ currentTarget }) => {
          const files = [...(currentTarget.files ?? [])];
          // The same file may be chosen again, changed.
          currentTarget.value = "";
          if (files.length > 0) take(files);
        }}
      />
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}
