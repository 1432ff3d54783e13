// What an API function is handed for a request of this machine, and what becomes of its answer.
import { expect, test } from "vitest";
import { gatewayEvent, responseOf } from "../../../simulator/functions/gateway-event.ts";

test("a request becomes an event with path, query, headers, cookies and body apart", async () => {
  const request = new Request("http://127.0.0.1:8000/cp/CP-001?state=ON&q=a%20b", {
    method: "POST",
    headers: { "content-type": "application/json", cookie: "a=1; b=2", authorization: "Bearer t" },
    body: '{"x":"€"}',
  });
  const event = await gatewayEvent(request, "r1");
  expect(event).toMatchObject({
    version: "2.0",
    rawPath: "/cp/CP-001",
    rawQueryString: "state=ON&q=a%20b",
    cookies: ["a=1", "b=2"],
    headers: { authorization: "Bearer t", "content-type": "application/json" },
    requestContext: { requestId: "r1", http: { method: "POST", path: "/cp/CP-001" } },
    isBase64Encoded: true,
  });
  expect(Buffer.from(event.body ?? "", "base64").toString()).toBe('{"x":"€"}');
  expect(event.headers).not.toHaveProperty("cookie");
});

test("a request without a body has none", async () => {
  const event = await gatewayEvent(new Request("http://h/cp"), "r2");
  expect(event.body).toBeUndefined();
  expect(event.isBase64Encoded).toBe(false);
});

test("an answer becomes a response, with its cookies one by one", async () => {
  const body = Buffer.from("é").toString("base64");
  const response = responseOf({
    statusCode: 202,
    headers: { location: "/x" },
    cookies: ["a=1", "b=2"],
    body,
    isBase64Encoded: true,
  });
  expect(response.status).toBe(202);
  expect(response.headers.get("location")).toBe("/x");
  expect(response.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
  expect(await response.text()).toBe("é");
  expect(await responseOf({ statusCode: 204, headers: {}, body: "" }).text()).toBe("");
});

test("an answer that is none is an error, not an empty page", () => {
  expect(() => responseOf(undefined)).toThrow();
  expect(() => responseOf({ body: "x" })).toThrow(/statusCode/);
});
