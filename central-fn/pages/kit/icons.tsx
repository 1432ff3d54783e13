// The pages' pictograms: drawn in lines on a 24-unit square, in the colour of the text beside them.
// They repeat what a word says, so that a screen reader passes them by.

const shapes = {
  bolt: "M13 2.5 5 13.5h6l-1.5 8 9-12h-6.5z",
  check: "M5 12.5 10 17.5 19.5 7",
  alert: "M12 3.5 22 20.5H2zM12 10v4.5M12 17.4v.1",
  unplugged:
    "M4 4l16 16M9 3.5v3M15 3.5v4.5M6.5 9.5V11a5.5 5.5 0 0 0 8.4 4.7M17.5 8v3c0 .8-.2 1.6-.5 2.3M12 16.5V21",
  hand: "M8 2.8h8l5.2 5.2v8L16 21.2H8L2.8 16V8zM8.5 12h7",
  plug: "M9 3v5M15 3v5M6.5 8h11v3a5.5 5.5 0 0 1-11 0zM12 16.5V21",
  clock: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7.5V12l3.2 2",
  search: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.3 15.3 20.5 20.5",
  close: "M5.5 5.5l13 13M18.5 5.5l-13 13",
  back: "M14.5 5 7.5 12l7 7",
  next: "M9.5 5 16.5 12l-7 7",
  down: "M5 9l7 7 7-7",
  fleet: "M4 4.5h7v7H4zM13.5 4.5h7v7h-7zM4 14h7v6.5H4zM13.5 14h7v6.5h-7z",
  sessions: "M4 6h16M4 12h10M4 18h13",
  bill: "M6 3h12v18l-3-2-3 2-3-2-3 2zM9 8h6M9 12h6",
  scales: "M12 4v16M7 20h10M5 7.5h14M5 7.5 2.5 14h5zM19 7.5 16.5 14h5z",
  megaphone: "M4 10v4h3l8 4.5v-13L7 10zM18 9.5a4 4 0 0 1 0 5M8 14.5l1.5 5h2l-1-4.5",
  letter: "M3.5 6h17v12.5h-17zM3.5 7l8.5 6.5L20.5 7",
  list: "M9 6h11M9 12h11M9 18h11M4.5 6v.1M4.5 12v.1M4.5 18v.1",
  star: "M12 3.5l2.6 5.5 6 .8-4.4 4.1 1.1 5.9-5.3-2.9-5.3 2.9 1.1-5.9L3.4 9.8l6-.8z",
  pin: "M12 21.5s7-6.6 7-11.5a7 7 0 1 0-14 0c0 4.9 7 11.5 7 11.5zM12 7.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z",
  bell: "M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 2h-15zM10 20.5h4",
  info: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 11v5.5M12 7.6v.1",
  queue:
    "M9 10.5a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4zM2.5 20a6.5 6 0 0 1 13 0M16 4.3a3.2 3.2 0 0 1 0 6M18.2 14.6a6.5 6 0 0 1 3.3 5.4",
  euro: "M17.5 6.5A6.5 6.5 0 1 0 17.5 17.5M4 10.5h9M4 13.5h8",
  tools: "M14.5 6.5a4 4 0 0 1 5-3.5l-2.5 2.5 1.5 1.5L21 4.5a4 4 0 0 1-5.5 5L7 18a2 2 0 0 1-2.8-2.8l8.5-8.5",
  download: "M12 4v11M7 10.5l5 5 5-5M4.5 20h15",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.500 20.500a7.500 6 0 0 1 15 0",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  filter: "M4 6h16M7 12h10M10 18h4",
  car: "M3.500 17v-4.500L6 6.500h12l2.500 6V17zM3.500 12.500h17M6.500 17v2M17.500 17v2",
  print: "M7 8V3.500h10V8M7 17H4V8h16v9h-3M7 13.500h10v7H7z",
  square: "M7 7h10v10H7z",
} as const;

export type IconName = keyof typeof shapes;

export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={shapes[name]} />
    </svg>
  );
}
