import { describe, expect, it } from "vitest";
import { toAclArgs, toGrants } from "../../../components/kafka/acls.ts";
import { kafkaOf } from "./specs.ts";

const grantsOf = (topics: object) =>
  Object.fromEntries(
    Object.entries(toGrants(kafkaOf(topics))).map(([app, grants]) => [
      app,
      grants.map(({ operation, resourceType, resourceName }) => `${operation} ${resourceType} ${resourceName}`),
    ]),
  );

describe("an app's ACLs", () => {
  it("let a producer write its topic, and a consumer read topic and group and write its retries and dead letters", () => {
    expect(grantsOf({ events: { producers: ["a"], consumers: { mailer: { app: "b" } } } })).toEqual({
      a: ["Write Topic events"],
      b: [
        "Read Topic events",
        "Read Group mailer",
        "Read Topic events.mailer.retry.1000",
        "Write Topic events.mailer.retry.1000",
        "Read Topic events.mailer.retry.2000",
        "Write Topic events.mailer.retry.2000",
        "Write Topic events.mailer.dlt",
      ],
    });
  });

  it("name no retry topic where the order is kept, or where nothing is tried again", () => {
    const once = { app: "b", retry: { maxAttempts: 1 } };
    expect(grantsOf({ events: { consumers: { mailer: { app: "a", ordered: true }, audit: once } } })).toEqual({
      a: ["Read Topic events", "Read Group mailer", "Write Topic events.mailer.dlt"],
      b: ["Read Topic events", "Read Group audit", "Write Topic events.audit.dlt"],
    });
  });

  it("leave the retries and dead letters of a group to its app alone", () => {
    const consumers = { mailer: { app: "a" }, audit: { app: "b" } };
    const grants = grantsOf({ events: { consumers } });
    expect(grants.a!.filter((grant) => grant.includes("audit"))).toEqual([]);
    expect(grants.b!.filter((grant) => grant.includes("mailer"))).toEqual([]);
  });

  it("name each right once, however often the skill needs it", () => {
    const fixed = { app: "a", retry: { maxAttempts: 3, backoff: "fixed" } };
    const straight = { app: "a", retry: { maxAttempts: 1 } };
    const consumers = { g: fixed, h: straight };
    expect(grantsOf({ one: { producers: ["a"], consumers }, two: { consumers: { g: straight } } })).toEqual({
      a: [
        "Write Topic one",
        "Read Topic one",
        "Read Group g",
        "Read Topic one.g.retry.1000",
        "Write Topic one.g.retry.1000",
        "Write Topic one.g.dlt",
        "Read Group h",
        "Write Topic one.h.dlt",
        "Read Topic two",
        "Write Topic two.g.dlt",
      ],
    });
  });

  it("are literal and allow, from any host", () => {
    expect(toAclArgs("a", { resourceType: "Group", resourceName: "g", operation: "Read" })).toEqual({
      aclResourceType: "Group",
      aclResourceName: "g",
      resourcePatternTypeFilter: "Literal",
      aclPrincipal: "User:a",
      aclHost: "*",
      aclOperation: "Read",
      aclPermissionType: "Allow",
    });
  });
});
