// Power and energy of sessions that run, as this page has seen them: the server keeps the newest figures only.
import { signal } from "@preact/signals";
import type { Sample } from "../kit/chart.rules.ts";
import type { Fleet } from "./fleet.rules.ts";

export interface Course {
  session: string;
  kw: Sample[];
  kwh: Sample[];
}

/** So many seconds at most, and of so many charge points. */
const longest = 1_800;
const coursesAtMost = 400;
const courses = new Map<string, Course>();
const moved = signal(0);

/** Undefined: nothing was seen. Read in a component, it follows: each time a copy, so that what it is given to differs. */
export function courseOf(cp: string): Course | undefined {
  void moved.value;
  const course = courses.get(cp);
  return course && { ...course, kw: [...course.kw], kwh: [...course.kwh] };
}

/** The same for one that is drawn anew by itself whenever figures come. */
export function seenCourse(cp: string): Course | undefined {
  return courses.get(cp);
}

export function recordSamples(fleet: Fleet, atMs: number): void {
  for (const [id, { telemetry, last_update }] of fleet) {
    if (!telemetry) continue;
    let course = courses.get(id);
    if (course?.session !== telemetry.session_id) {
      if (!course && courses.size >= coursesAtMost) continue;
      course = { session: telemetry.session_id, kw: [], kwh: [] };
      courses.set(id, course);
    }
    // By the server's word of when it was heard; the page's own clock where it has none.
    const heardMs = last_update === null ? atMs : Date.parse(last_update);
    if ((course.kwh.at(-1)?.atMs ?? 0) > heardMs - 800) continue;
    if (telemetry.kw !== null) course.kw.push({ atMs: heardMs, value: telemetry.kw });
    course.kwh.push({ atMs: heardMs, value: telemetry.kwh });
    if (course.kw.length > longest) course.kw.shift();
    if (course.kwh.length > longest) course.kwh.shift();
  }
  moved.value += 1;
}
