import { describe, expect, it } from "vitest";
import {
  attemptOf,
  canaryHeader,
  canaryOf,
  failureHeaders,
  HEADERS,
  redriveCount,
  redrivenHeaders,
  shortened,
} from "../../client/headers.ts";

const at = new Date("2026-11-24T06:00:00.123Z");

describe("failureHeaders", () => {
  it("tells the error and when it happened, and keeps what the contract told before, which alone is its own", () => {
    const error = Object.assign(new TypeError("no such customer"), {
      stack: "TypeError: no such customer\n    at handle",
    });
    expect(failureHeaders({ tenant: "a", "x-tenant": "b", "x-redrive-count": "1" }, error, at)).toEqual({
      "x-redrive-count": "1",
      "x-failures": "2026-11-24T06:00:00.123Z",
      "x-error": "no such customer",
      "x-error-name": "TypeError",
      "x-error-stack": "TypeError: no such customer\n    at handle",
    });
  });

  it("adds to the failures before, and keeps the last twenty", () => {
    const many = Array.from({ length: 20 }, (_, index) => `t${index}`).join(",");
    const failures = failureHeaders({ [HEADERS.failures]: many }, "x", at)[HEADERS.failures]!.split(",");
    expect([failures.length, failures[0], failures.at(-1)]).toEqual([20, "t1", "2026-11-24T06:00:00.123Z"]);
  });

  it("takes whatever is thrown, and never more than fits beside a message", () => {
    const error = Object.assign(new Error("m".repeat(5000)), { name: "n".repeat(3000), stack: "s".repeat(50_000) });
    expect(failureHeaders({}, error, at)).toEqual({
      "x-failures": "2026-11-24T06:00:00.123Z",
      "x-error": "m".repeat(1024),
      "x-error-name": "n".repeat(256),
      "x-error-stack": "s".repeat(8192),
    });
    expect(failureHeaders({}, Object.create(null), at)).toMatchObject({
      "x-error": "[Object: null prototype] {}",
      "x-error-name": "Error",
      "x-error-stack": "",
    });
  });
});

describe("redrivenHeaders", () => {
  const dead = {
    tenant: "a",
    "x-message-id": "1",
    "x-key": "order.created",
    "x-attempt": "3",
    "x-failures": "t",
    "x-error": "e",
    "x-error-name": "Error",
    "x-error-stack": "s",
    "x-not-before": "t",
    "x-origin": "rabbitmq/orders",
    "x-origin-position": "order-events/order.created",
  };

  it("puts a message back as it was published, with where it was first delivered, and the redrive counted", () => {
    expect(redrivenHeaders(dead, "run")).toEqual({
      "x-message-id": "1",
      "x-key": "order.created",
      "x-origin": "rabbitmq/orders",
      "x-origin-position": "order-events/order.created",
      "x-redrive-count": "1",
      "x-redrive-id": "run",
    });
  });

  it("counts every redrive, and names the group that it is for", () => {
    const twice = redrivenHeaders(redrivenHeaders(dead, "one", "mailer"), "two", "mailer");
    expect(redrivenHeaders(twice, "to another flow")[HEADERS.redriveGroup]).toBeUndefined();
    expect([redriveCount(twice), twice[HEADERS.redriveId], twice[HEADERS.redriveGroup]]).toEqual([2, "two", "mailer"]);
  });
});

describe("shortened", () => {
  it("leaves out first what tells most of the failure, and never which delivery it is", () => {
    const error = "e".repeat(300);
    const headers = { "x-message-id": "1", "x-attempt": "2", "x-error": error, "x-error-stack": "s", "x-origin": "o" };
    expect(shortened(headers)).toEqual([
      headers,
      { "x-message-id": "1", "x-attempt": "2", "x-error": error, "x-origin": "o" },
      { "x-message-id": "1", "x-attempt": "2", "x-error": "e".repeat(100), "x-origin": "o" },
      { "x-message-id": "1", "x-attempt": "2" },
    ]);
  });
});

describe("what headers say", () => {
  it.each([
    [undefined, 1],
    ["1", 1],
    ["3", 3],
    ["0", 1],
    ["-2", 1],
    ["many", 1],
    ["1e9", 1],
  ])("reads %j as delivery %i", (written, attempt) => {
    expect(attemptOf(written === undefined ? {} : { [HEADERS.attempt]: written })).toBe(attempt);
  });

  it("knows a canary by its run, kind and flow", () => {
    const canary = { run: "a1b2", kind: "poison", flow: "redis/cache/a stream/mailer" } as const;
    expect(canaryOf(canaryHeader(canary))).toEqual(canary);
    expect([canaryOf({}), canaryOf({ "x-verify": "x bad y" }), canaryOf({ "x-verify": "" })]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});
