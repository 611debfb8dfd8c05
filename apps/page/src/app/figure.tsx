import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

type Plots = typeof import("./plots.ts");

/** A drawing by the plotting library, which is loaded with the first one; drawn again when it or its width changes. */
export function Figure(props: {
  title: string;
  /** What the picture shows, for those who do not see it. */
  label: string;
  height: number;
  draw(plots: Plots, width: number): Element;
  children?: ComponentChildren;
}) {
  const { title, label, height, draw, children } = props;
  const place = useRef<HTMLDivElement>(null);
  const [plots, setPlots] = useState<Plots | null>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    void import("./plots.ts").then(setPlots);
    const observer = new ResizeObserver(([entry]) =>
      setWidth(Math.floor(entry?.contentRect.width ?? 0)),
    );
    if (place.current) observer.observe(place.current);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    if (!plots || width === 0) return;
    const drawn = draw(plots, width);
    // The library names its groups, which have no role to be named in; the picture's own label says more.
    const unname = () => {
      for (const group of drawn.querySelectorAll("g[aria-label]"))
        group.removeAttribute("aria-label");
    };
    unname();
    place.current?.replaceChildren(drawn);
    // A tip is drawn anew wherever the pointer goes.
    const observer = new MutationObserver(unname);
    observer.observe(drawn, { childList: true, subtree: true });
    return () => observer.disconnect();
  });
  return (
    <figure>
      <figcaption>{title}</figcaption>
      <div
        class="plot"
        role="img"
        aria-label={label}
        ref={place}
        style={{ minHeight: `${height}px` }}
      />
      {children}
    </figure>
  );
}
