import type { VNode } from "preact";
import { text } from "../language/language.ts";
import { hasUpdate, offlineState } from "./offline.ts";

/** Says that the page needs no network any more, or that a newer one waits; for the foot of the page. */
export function OfflineNote(): VNode {
  return (
    <p class="quiet" role="status">
      {hasUpdate.value
        ? text("offline.update")
        : offlineState.value === "ready"
          ? text("offline.ready")
          : ""}
    </p>
  );
}
