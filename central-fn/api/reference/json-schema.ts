// The routes' schemas as JSON Schema (draft 2020-12), those with a name as components that the others refer to.
import * as z from "zod";
import { FleetView } from "../central/charge-points.ts";
import { OperationView } from "../central/operation.view.ts";
import { ChargePointView } from "../charge-point.view.ts";
import { ChargePointDetail } from "../charge-point-detail.view.ts";
import { ChargingPoint } from "../charging-point.view.ts";
import { Notification } from "../driver/notifications.ts";
import { OwnSession } from "../driver/own-session.view.ts";
import { PastSession, Receipt } from "../driver/past-session.view.ts";
import { Cost, ProblemBody } from "../schemas.ts";

/** As OpenAPI has it; what is in it is as JSON. */
export type Schema = { [name: string]: unknown };

const names: Readonly<Record<string, z.ZodType>> = {
  ChargePoint: ChargePointView,
  ChargePointDetail,
  ChargingPoint,
  Cost,
  Fleet: FleetView,
  Notification,
  Operation: OperationView,
  PastSession,
  Problem: ProblemBody,
  Receipt,
  Session: OwnSession,
};
for (const [id, schema] of Object.entries(names))
  z.globalRegistry.add(schema, { ...z.globalRegistry.get(schema), id });

/** Gathers, while schemas are turned, the components that they refer to. */
export function openComponents(): {
  schemas: Record<string, Schema>;
  /** What a caller sends. */
  input(schema: z.ZodType): Schema;
  /** What is answered: no field beside those that are named. */
  output(schema: z.ZodType): Schema;
} {
  const schemas: Record<string, Schema> = {};
  const turn = (schema: z.ZodType, io: "input" | "output"): Schema => {
    const made = z.toJSONSchema(schema, {
      io,
      override: ({ zodSchema, jsonSchema }) => {
        simplify(jsonSchema, io);
        // Left out where what comes in is turned; a numeral's default is the same before and after.
        const { def } = zodSchema._zod;
        if (def.type === "default" && typeof def.defaultValue === "number")
          jsonSchema.default = def.defaultValue;
      },
    });
    const { $schema: _dialect, $defs = {}, ...rest } = pointAtComponents(made) as Schema;
    Object.assign(schemas, $defs);
    return rest;
  };
  return {
    schemas,
    input: (schema) => turn(schema, "input"),
    output: (schema) => turn(schema, "output"),
  };
}

/** Of what is answered: an instant's format says it, and that integers are safe ones goes without saying. */
function simplify(schema: Schema, io: "input" | "output"): void {
  if (io === "input") return;
  if (schema.format === "date-time" || schema.format === "date") delete schema.pattern;
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
}

function pointAtComponents(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(pointAtComponents);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      name === "$ref" && typeof inner === "string"
        ? inner.replace("#/$defs/", "#/components/schemas/")
        : pointAtComponents(inner),
    ]),
  );
}
