// Asks the running supervisor over its control socket.
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { Complaint } from "./complaint.ts";
import { ControlAnswer, type ControlRequest } from "./control-messages.ts";
import type { Places } from "./places.ts";
import { isCode } from "./process-identity.ts";

export type Done = Extract<ControlAnswer, { is: "done" }>;

/** Undefined when no supervisor listens. Throws a Complaint for a refusal. */
export async function askSupervisor(
  places: Places,
  request: ControlRequest,
  progress: (text: string) => void = () => {},
): Promise<Done | undefined> {
  const socket = connect(places.controlSocket);
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
  } catch (error) {
    if (isCode(error, "ENOENT") || isCode(error, "ECONNREFUSED")) return undefined;
    throw error;
  }
  socket.on("error", () => socket.destroy()); // seen below as an end without an answer
  socket.write(`${JSON.stringify(request)}\n`);
  for await (const line of createInterface({ input: socket })) {
    const answer = ControlAnswer.parse(JSON.parse(line));
    switch (answer.is) {
      case "progress":
        progress(answer.text);
        break;
      case "done":
        socket.destroy();
        return answer;
      case "refused":
        socket.destroy();
        throw new Complaint(answer.message);
    }
  }
  throw new Complaint("the supervisor ended before it had answered: see `ev ps`");
}
