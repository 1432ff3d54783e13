// What happened to the monitor, in order, until its one loop comes round; bounded.

export interface Inbox<T> {
  /** False when it is full and the item was dropped. */
  put(item: T): boolean;
  /** The oldest item, as soon as there is one; undefined after `withinMs` without. One caller at a time. */
  take(withinMs: number): Promise<T | undefined>;
}

export function openInbox<T>(bound: number): Inbox<T> {
  const items: T[] = [];
  let wake: (() => void) | undefined;
  return {
    put: (item) => {
      if (items.length >= bound) return false;
      items.push(item);
      wake?.();
      return true;
    },
    take: async (withinMs) => {
      if (items.length === 0)
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, Math.max(0, withinMs));
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      wake = undefined;
      return items.shift();
    },
  };
}
