// What the API answers, by name: taken from the routes' own declarations, so that page and server cannot differ.
import type { hc, InferResponseType } from "hono/client";
import type { App } from "../../api/app.ts";

type Client = ReturnType<typeof hc<App>>;

export type { ChargePointDetail } from "../../api/charge-point-detail.view.ts";
export type Statistics = InferResponseType<Client["statistics"]["$get"], 200>;
export type Operation = InferResponseType<Client["operations"][":operation_id"]["$get"], 200>;
export type Fault = InferResponseType<Client["cp"][":cp_id"]["faults"]["$get"], 200>[number];
export type CpStatistics = InferResponseType<Client["cp"][":cp_id"]["statistics"]["$get"], 200>;
export type Tariff = InferResponseType<Client["cp"][":cp_id"]["tariffs"]["$get"], 200>[number];
export type SessionRecord = InferResponseType<Client["sessions"]["$get"], 200>[number];
export type SessionWithLine = InferResponseType<Client["sessions"][":session_id"]["$get"], 200>;
export type Bill = InferResponseType<Client["cdrs"]["$get"], 200>[number];
export type ExplainedBill = InferResponseType<Client["cdrs"][":cdr_id"]["$get"], 200>;
export type Review = InferResponseType<Client["reviews"]["$get"], 200>[number];
export type Alert = InferResponseType<Client["alerts"]["$get"], 200>[number];
export type Letter = InferResponseType<Client["dead-letters"]["$get"], 200>[number];
export type LetterWithBytes = InferResponseType<Client["dead-letters"][":letter_ref"]["$get"], 200>;
export type Act = InferResponseType<Client["audit"]["$get"], 200>[number];
