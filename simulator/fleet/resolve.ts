// From what somebody typed to the service that was meant.
import { Complaint } from "./complaint.ts";
import { nearNames, resolveName } from "./names.ts";

/** The service's full name. Throws a Complaint with the near names. */
export function resolveOrComplain(typed: string, known: readonly string[]): string {
  const name = resolveName(typed, known);
  if (name !== undefined) return name;
  const near = nearNames(typed, known);
  const hint = near.length > 0 ? `did you mean ${near.join(" or ")}?` : "`ev ps` lists the services";
  throw new Complaint(`there is no service ${typed}: ${hint}`);
}
