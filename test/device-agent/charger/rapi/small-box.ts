// A charger of few words for tests of the driver's rules: it obeys, answers in 30 ms and can be told to misbehave.
// It knows nothing of a car's or a contactor's timing; the tests say what happens when.
import { frame, type Peer, type Utterance } from "./virtual-line.ts";

export interface SmallBox extends Peer {
  state: number;
  pilot: number;
  /** Flags beside those of relay and vehicle. */
  vflags: number;
  relayClosed: boolean;
  plugged: boolean;
  amps: number;
  maxAmps: number;
  sessionWs: number;
  totalWh: number;
  milliAmps: number;
  firmware: string;
  /** The arguments of the `GI` answer, or null for NK. */
  serial: string | null;
  /** Firmware 5: no flags, decimal states, no volts. */
  legacy: boolean;
  dead: boolean;
  /** Looks at a command first: what it returns is said instead, undefined leaves it to the box. */
  first: ((command: string, sequence: string, atMs: number) => Utterance[] | undefined) | null;
  /** The usual answer, for `first` to delay or to spoil. */
  answer(command: string, sequence: string): string;
}

export function smallBox(): SmallBox {
  const box: SmallBox = {
    state: 0x01,
    pilot: 0x01,
    vflags: 0,
    relayClosed: false,
    plugged: false,
    amps: 24,
    maxAmps: 24,
    sessionWs: 0,
    totalWh: 0,
    milliAmps: 0,
    firmware: "8.2.3 5.2.1",
    serial: " JR\u00e1\t\u0017\u00bc52E25C6B",
    legacy: false,
    dead: false,
    first: null,
    answer: (command, sequence) => frame(`$${obey(box, command)} :${sequence}`),
    hear(command, sequence, atMs) {
      if (box.dead) return [];
      return box.first?.(command, sequence, atMs) ?? [{ afterMs: 30, text: box.answer(command, sequence) }];
    },
  };
  return box;
}

function obey(box: SmallBox, command: string): string {
  const [name = "", argument = ""] = command.split(" ");
  switch (name) {
    case "GV":
      return `OK ${box.firmware}`;
    case "GI":
      return box.serial === null ? "NK" : `OK ${box.serial}`;
    case "GC":
      return box.legacy ? `OK 6 ${box.maxAmps}` : `OK 6 80 ${box.amps} ${box.maxAmps}`;
    case "GS": {
      if (box.legacy) return `OK ${box.state} 0`;
      const vflags = 0x0200 | box.vflags | (box.relayClosed ? 0x40 : 0) | (box.plugged ? 0x100 : 0);
      return `OK ${hex(box.state, 2)} 0 ${hex(box.pilot, 2)} ${hex(vflags, 4)}`;
    }
    case "GG":
      return `OK ${box.milliAmps} ${box.legacy ? -1 : 240_000}`;
    case "G0":
      return `OK ${box.state === 0xff ? 2 : box.plugged ? 1 : 0}`;
    case "GU":
      return `OK ${box.sessionWs} ${box.totalWh}`;
    case "FS":
      box.state = 0xfe;
      open(box);
      return "OK";
    case "FE":
      box.state = box.plugged ? 0x02 : 0x01;
      return "OK";
    case "SC":
      box.amps = Math.min(Number(argument), box.maxAmps);
      return `${box.amps === Number(argument) ? "OK" : "NK"} ${box.amps}`;
    default:
      return "NK";
  }
}

/** A car asks, the contactor closes. */
export function close(box: SmallBox, milliAmps = 15_840): void {
  box.state = 0x03;
  box.pilot = 0x03;
  box.plugged = true;
  box.relayClosed = true;
  box.milliAmps = milliAmps;
}

export function open(box: SmallBox): void {
  box.relayClosed = false;
  box.milliAmps = 0;
}

const hex = (value: number, digits: number) => value.toString(16).padStart(digits, "0");
