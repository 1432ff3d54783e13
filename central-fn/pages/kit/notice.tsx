// What the reader must know before believing the page: nothing comes in, something is old, something was refused.
import type { ComponentChildren } from "preact";
import { Icon, type IconName } from "./icons.tsx";

export type NoticeTone = "info" | "warning" | "error" | "done";

const icons: Record<NoticeTone, IconName> = { info: "info", warning: "alert", error: "alert", done: "check" };

/** Read out at once when it is a warning or an error, in its turn otherwise. */
export function Notice({ tone, children }: { tone: NoticeTone; children: ComponentChildren }) {
  const urgent = tone === "error" || tone === "warning";
  return (
    <div class={`notice notice-${tone}`} role={urgent ? "alert" : "status"}>
      <Icon name={icons[tone]} />
      <div>{children}</div>
    </div>
  );
}
