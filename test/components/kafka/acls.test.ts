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
  it("let a producer write its topic, and a consumer read topic and group and write its dead letters", () => {
    expect(grantsOf({ events: { producers: ["a"], consumers: { mailer: { app: "b" } } } })).toEqual({
      a: ["Write Topic events"],
      b: ["Read Topic events", "Read Group mailer", "Write Topic events.mailer.dlt"],
    });
  });

  it("name each right once, however often the skill needs it", () => {
    const consumers = { g: { app: "a" }, h: { app: "a" } };
    expect(grantsOf({ one: { producers: ["a"], consumers }, two: { consumers: { g: { app: "a" } } } })).toEqual({
      a: [
        "Write Topic one",
        "Read Topic one",
        "Read Group g",
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
