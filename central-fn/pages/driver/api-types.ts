// What the driver API and the phone answer: the types of the server's own declarations.
import type { BodyOf } from "../../client/client.ts";

export type { AlertView } from "../../api/central/alerts.ts";
export type { ChargingPointView } from "../../api/charging-point.view.ts";
export type { OwnSession } from "../../api/driver/own-session.view.ts";
export type { PastSession } from "../../api/driver/past-session.view.ts";
export type { PhoneView } from "./phone.view.ts";
export type PointDetail = BodyOf<"GET", "/charging-points/:cp_id">;
