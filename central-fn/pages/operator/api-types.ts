// What the API answers, by name: taken from the routes' own declarations, so that page and server cannot differ.
import type { BodyOf } from "../../client/client.ts";

export type { ChargePointDetail } from "../../api/charge-point-detail.view.ts";
export type Operation = BodyOf<"GET", "/operations/:operation_id">;
export type Fault = BodyOf<"GET", "/cp/:cp_id/faults">[number];
export type CpStatistics = BodyOf<"GET", "/cp/:cp_id/statistics">;
export type SessionRecord = BodyOf<"GET", "/sessions">[number];
export type SessionWithLine = BodyOf<"GET", "/sessions/:session_id">;
export type Review = BodyOf<"GET", "/reviews">[number];
export type Alert = BodyOf<"GET", "/alerts">[number];
export type Letter = BodyOf<"GET", "/dead-letters">[number];
export type LetterWithBytes = BodyOf<"GET", "/dead-letters/:letter_ref">;
export type Act = BodyOf<"GET", "/audit">[number];
