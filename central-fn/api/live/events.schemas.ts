// What the event streams carry: one schema per event, for the documents, the tests and whoever reads the streams.
import * as z from "zod";
import { FleetView } from "../central/charge-points.ts";
import { ChargePointDetail } from "../charge-point-detail.view.ts";
import { Notification } from "../driver/notifications.ts";
import { OwnSession } from "../driver/own-session.view.ts";
import { CpId, Instant } from "../schemas.ts";

const At = Instant.describe("When the server read it");
const charging_points = z.array(ChargePointDetail);

export const fleetEvents = {
  snapshot: FleetView.extend({ at: At, charging_points }).describe(
    "First, unless what follows Last-Event-ID is known: the whole fleet",
  ),
  change: FleetView.extend({
    at: At,
    charging_points: z
      .array(ChargePointDetail.partial().required({ cp_id: true }))
      .describe("Those that changed: the fields that did, whole; of a new one all of them"),
    removed: z.array(CpId).describe("Retired ones"),
  }).describe("Changes of at least 100 ms together; every 5 s also without any"),
  counts: z
    .object({
      at: At,
      dead_letters: z.int().describe("Not resolved"),
      reviews: z.int().describe("Not settled"),
      alerts: z.int().describe("Announcements to drivers in effect"),
    })
    .describe("What waits for an operator: first, and when it changed"),
};

export const driverEvents = {
  notification: Notification.describe("An entry of the inbox; its id is the sequence"),
  inbox: z
    .object({ at: At, last_sequence: z.int(), read_up_to: z.int() })
    .describe(
      "First, when it changed, and every 5 s. A last_sequence below one that is known: the inbox began anew",
    ),
  session: z
    .object({ at: At, session: OwnSession.nullable().describe("Null: none occupies the driver") })
    .describe("First, and whenever it changed, figures included"),
};
