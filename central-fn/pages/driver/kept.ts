// What this device keeps of the app: the last picture, to be shown with its age when there is no connection, and the
// driver's choices. Each phone is an origin of its own, so that no driver sees another's.
import type { AlertView, ChargingPointView, OwnSession, PastSession, PhoneView } from "./api-types.ts";
import type { Filters, Place } from "./find.rules.ts";
import type { Message } from "./merge.rules.ts";

/** The newest answers, and when they were last confirmed. */
export interface Picture {
  atMs: number;
  phone: PhoneView;
  sessions: OwnSession[];
  messages: Message[];
  history: PastSession[];
  points: ChargingPointView[];
  alerts: AlertView[];
}

export interface Choices {
  vehicles: string[];
  vehicle: string | null;
  filters: Filters;
  from: Place | null;
  /** Ids of the operator's announcements that were shown. */
  seenAlerts: string[];
}

const pictureKey = "picture-1";
const choicesKey = "choices-1";

export function readPicture(): Picture | undefined {
  return read<Picture>(pictureKey);
}

export function keepPicture(picture: Picture): void {
  write(pictureKey, picture);
}

export function readChoices(): Partial<Choices> {
  return read<Choices>(choicesKey) ?? {};
}

export function keepChoices(choices: Choices): void {
  write(choicesKey, choices);
}

/** Undefined when there is none, or none that can be read: it is a convenience, never the truth. */
function read<T>(key: string): T | undefined {
  const text = localStorage.getItem(key);
  if (text === null) return undefined;
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    localStorage.removeItem(key);
    return undefined;
  }
}

function write(key: string, value: unknown): void {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch (error) {
    // The device's store is full or closed to this page: the app works without it.
    if (!(error instanceof DOMException)) throw error;
  }
}
