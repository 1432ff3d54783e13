// The way back to the list that a thing is from.
import { Icon } from "../kit/icons.tsx";

export function BackLink({ href, word }: { href: string; word: string }) {
  return (
    <a class="back" href={href}>
      <Icon name="back" size={18} />
      {word}
    </a>
  );
}
