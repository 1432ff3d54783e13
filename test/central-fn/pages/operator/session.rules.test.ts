// A button that cannot have an effect is not shown.
import { expect, test } from "vitest";
import { Status } from "../../../../central-fn/api/driver/own-session.view.ts";
import { mayBeStopped } from "../../../../central-fn/pages/operator/session.rules.ts";

test("a session may be stopped while a charge point has it, not while it waits and not when it is over", () => {
  expect(Status.options.filter((status) => mayBeStopped({ status }))).toEqual(["APPROVED", "CHARGING"]);
});
