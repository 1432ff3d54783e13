// What is asked of the phone itself, which is no part of Central's API.
import type { Address, Order } from "../kit/http.ts";
import type { PhoneView } from "./api-types.ts";

export const phoneAddress = "/phone" as Address<PhoneView>;

/** Switches the phone's automatic requests. */
export function automationOrder(on: boolean): Order<PhoneView> {
  return { method: "PUT", path: "/phone/automation", json: { on } };
}
