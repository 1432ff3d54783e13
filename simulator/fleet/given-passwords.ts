// The MQTT passwords that a charge points' host was given for a broker elsewhere: EV_MQTT_CREDENTIALS holds one or
// several, EV_MQTT_CREDENTIALS_FILE names a file of them. Each says itself whose it is: `CP-011-engine:…`.
import { readFileSync } from "node:fs";
import { rightsOf } from "../../wire/messages/index.ts";
import { errorText } from "../../wire/process/log.ts";
import { Complaint } from "./complaint.ts";

/** Password by client. Throws a Complaint for what is none. */
export function givenPasswords(env: Record<string, string | undefined>): ReadonlyMap<string, string> {
  const { EV_MQTT_CREDENTIALS: text = "", EV_MQTT_CREDENTIALS_FILE: path } = env;
  return new Map([
    ...credentialsIn(text, "EV_MQTT_CREDENTIALS"),
    ...(path ? credentialsIn(readGiven(path), path) : []),
  ]);
}

function credentialsIn(text: string, where: string): [client: string, password: string][] {
  return text
    .split(/[\s,]+/)
    .filter((word) => word !== "")
    .map((word, i) => {
      const [, client = "", password = ""] = /^([^:]+):([\w-]{16,128})$/.exec(word) ?? [];
      // What may be a secret is not repeated.
      if (rightsOf(client).length === 0)
        throw new Complaint(
          `${where}: its ${i + 1}. word is none of what \`ev credentials 11\` prints on the broker's host, as CP-011-engine:…`,
        );
      return [client, password];
    });
}

function readGiven(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new Complaint(`EV_MQTT_CREDENTIALS_FILE cannot be read: ${errorText(error)}`);
  }
}
