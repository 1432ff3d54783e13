// Who may use a phone's port.
import { expect, test } from "vitest";
import { refusalOf } from "../../../simulator/driver/same-site.rules.ts";

test.each([
  ["localhost:8100", undefined, true],
  ["127.0.0.1:8100", undefined, true],
  ["[::1]:8100", undefined, true],
  ["LOCALHOST:8100", "http://localhost:8100", true],
  ["10.0.0.7:8100", undefined, true],
  ["localhost:8100", "http://localhost:3000", false],
  ["localhost:8100", "http://evil.example", false],
  ["localhost:8100", "null", false],
  ["evil.example:8100", undefined, false],
  ["localhost.evil.example", undefined, false],
  ["", undefined, false],
])("Host %s with Origin %s: allowed %s", (host, origin, allowed) => {
  expect(refusalOf({ host, origin }, "10.0.0.7") === undefined).toBe(allowed);
});
