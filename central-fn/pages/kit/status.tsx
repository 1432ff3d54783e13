// How something is, told three times: by an icon, a word and a colour, so that it needs no eye for colours.
import { Icon, type IconName } from "./icons.tsx";
import type { StatusKind } from "./status-kind.ts";

export type { StatusKind } from "./status-kind.ts";

const icons: Record<StatusKind, IconName> = {
  on: "check",
  charging: "bolt",
  broken: "alert",
  disconnected: "unplugged",
  stopped: "hand",
  idle: "clock",
};

export function StatusBadge({ kind, word, icon }: { kind: StatusKind; word: string; icon?: IconName }) {
  return (
    <span class={`badge badge-${kind}`}>
      <Icon name={icon ?? icons[kind]} size={14} />
      {word}
    </span>
  );
}
