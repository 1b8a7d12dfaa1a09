import { describe, expect, it } from "vitest";
import { mayUse } from "../../live/rabbitmqFormer.ts";

const former = { app: "b", mark: "0123456789ab", since: "2026-01-01T00:00:00.000Z", tiers: [] };
const at = (time: string) => Date.parse(time);
const shown = (name: string) => ({ client_properties: { connection_name: name } });
const before = { user: "b", connected_at: at("2025-12-31T23:59:59Z") };
const later = { user: "b", connected_at: at("2026-01-01T00:00:01Z") };

describe("whether a connection may use what an earlier output named", () => {
  it("is told by the mark that it shows, whenever it came: a broken connection is made anew with the same output", () => {
    expect(mayUse({ ...later, ...shown("messaging-client/0123456789ab") }, former)).toBe(true);
    expect(mayUse({ ...before, ...shown("messaging-client/ba9876543210") }, former)).toBe(false);
  });

  it("is told by its age where it shows none", () => {
    expect([before, later].map((one) => mayUse({ ...one, ...shown("messaging-client") }, former))).toEqual([
      true,
      false,
    ]);
    expect([before, later].map((one) => mayUse({ ...one, ...shown("pika") }, former))).toEqual([true, false]);
    expect(mayUse({ user: "b" }, former)).toBe(true);
  });

  it("is asked of each user that the app has, and of no other", () => {
    expect(["b", "b.b", "a", undefined].map((user) => mayUse({ ...before, user }, former))).toEqual([
      true,
      true,
      false,
      true,
    ]);
  });
});
