import type { ComponentChildren, RefObject, VNode } from "preact";

/** A box that scrolls sideways, by keyboard too; its name is for those who do not see it. */
export function Scroller(props: {
  label: string;
  box?: RefObject<HTMLElement | null>;
  children: ComponentChildren;
}): VNode {
  const { label, box, children } = props;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: without it the keyboard does not reach what is out of sight
    <section class="scroll" ref={box ?? null} tabIndex={0} aria-label={label}>
      {children}
    </section>
  );
}
