// What a story does to the services of its fleet, over the supervisor: each is marked, and undone at the end.
import { newCpFile, newDriverFile } from "../fleet/additions.ts";
import type { ControlRequest } from "../fleet/control-messages.ts";
import { addMembers, editFleet, removeMembers } from "../fleet/edit.ts";
import type { Doors } from "./public-doors.ts";
import type { Acts } from "./scenario.ts";
import type { StoryBook } from "./story-book.ts";

type OnServices = Pick<
  Acts,
  "kill" | "stop" | "start" | "pause" | "unpause" | "disconnect" | "connect" | "add" | "mains" | "act"
>;
type Verb = "kill" | "stop" | "start" | "pause" | "unpause" | "connect";

const told: Record<Verb, string> = {
  kill: "killed (SIGKILL)",
  stop: "stopped",
  start: "started again",
  pause: "frozen (SIGSTOP)",
  unpause: "let go on (SIGCONT)",
  connect: "back on the network",
};
const badLine = {
  cut: "cut off: no byte gets through",
  "half-open": "half-open: heard, but hears nobody",
  delay: "on a slow line",
  loss: "on a lossy line",
};

export interface ServiceActs {
  acts: OnServices;
  /** Charge points and drivers that the story has added. */
  added: string[];
  /** Removes what was added and mends every line. */
  undo(): Promise<void>;
}

/** `touched` collects the names that the story acted upon. */
export function serviceActs(doors: Doors, book: StoryBook, touched: Set<string>): ServiceActs {
  const added: string[] = [];
  const bad = new Set<string>();
  const dark = new Set<string>();
  const act: Acts["act"] = async (text, names, work) => {
    for (const name of names) touched.add(name);
    const at = book.act(text, names);
    await work();
    return at;
  };
  const send = (request: ControlRequest) => async () => {
    await doors.ask(request);
  };
  const verb =
    (name: Verb) =>
    (...services: string[]) =>
      act(`${services.join(", ")} ${told[name]}`, services, send({ verb: name, services }));
  const mains = (cp: string, on: boolean) => {
    if (on) dark.delete(cp);
    else dark.add(cp);
    const text = on ? `${cp} has mains again` : `${cp}'s charger loses its mains`;
    return act(text, [cp], () => doors.withCharger(cp, (control) => control.mains(on)));
  };
  return {
    added,
    acts: {
      act,
      mains,
      kill: verb("kill"),
      stop: verb("stop"),
      start: verb("start"),
      pause: verb("pause"),
      unpause: verb("unpause"),
      connect(...services) {
        for (const service of services) bad.delete(service);
        return verb("connect")(...services);
      },
      disconnect(line, ...services) {
        for (const service of services) bad.add(service);
        const text = `${services.join(", ")} ${badLine[line.how]}`;
        return act(text, services, send({ verb: "disconnect", services, ...line }));
      },
      add({ cps = [], drivers = [] }) {
        const ids = [...cps.map(({ cp }) => cp), ...drivers.map(({ driver }) => driver)];
        return act(`${ids.join(", ")} added`, ids, async () => {
          await editFleet(doors.places, (fleet) => {
            const ports = new Set(fleet.drivers.map(({ port }) => port));
            const fresh = drivers.map(({ driver, port }) => {
              let free = port;
              while (ports.has(free)) free++;
              ports.add(free);
              // They ask for what the story asks, and nothing by themselves.
              return { ...newDriverFile(driver, free, fleet), requests: [] };
            });
            addMembers(doors.places, {
              cps: cps.map(({ cp, powerKw, price }) => newCpFile(cp, powerKw, price)),
              drivers: fresh,
            });
            added.push(...ids);
          });
          await doors.ask({ verb: "apply" });
        });
      },
    },
    async undo() {
      for (const cp of dark) await mains(cp, true);
      if (bad.size > 0) await doors.ask({ verb: "connect", services: [...bad] });
      if (added.length === 0) return;
      book.say(`removing ${added.join(", ")}`);
      await editFleet(doors.places, () => removeMembers(doors.places, added));
      await doors.ask({ verb: "apply" });
    },
  };
}
