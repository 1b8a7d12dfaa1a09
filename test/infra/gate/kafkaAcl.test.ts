import { describe, expect, it } from "vitest";
import { kafkaAcl } from "../../../infra/gate/kafkaAcl.ts";
import type { Run } from "../../../infra/gate/run.ts";
import type { KafkaAcl, KafkaRights } from "../../../live/index.ts";
import { fakeRun } from "./fake.ts";

const acl = (user: string, more = {}) => ({
  aclResourceType: "Topic",
  aclResourceName: "legacy",
  aclPrincipal: `User:${user}`,
  aclHost: "*",
  aclOperation: "Read",
  ...more,
});
const live = (user: string): KafkaAcl => ({
  principal: `User:${user}`,
  host: "*",
  operation: 3,
  permission: 3,
  pattern: 3,
  resource: "legacy",
});

/** A run on a cluster whose topic and groups have these rights. */
function runOn(rights: Partial<KafkaRights>, more: Partial<Run> = {}): Run {
  const found = { acls: [], open: "unknown" as const, used: true, ...rights };
  const look = { kafka: async () => ({ rights: async () => found }) };
  return Object.assign(fakeRun({}), { asking: async (ask: (look: object) => unknown) => ask(look) }, more);
}
const first = (rights: Partial<KafkaRights>, more?: Partial<Run>, inputs = {}) =>
  kafkaAcl.create!(acl("reports", inputs), runOn(rights, more), "reports");
const ofTopic = { allDeclared: (type: string) => (type.endsWith(":Topic") ? [{ name: "legacy" }] : []) };

describe("the first ACL of a topic or group that is in use", () => {
  it("is refused where the cluster may allow everybody what has none", async () => {
    expect(await first({})).toMatch(/^kafka\/legacy: must have an ACL of its own for each client that uses it now/);
    expect(await first({})).toContain("messaging:allowAccessChange: [kafka/legacy]");
    expect(await first({}, {}, { aclResourceType: "Group" })).toMatch(/^kafka\/group\/legacy: must have/);
  });

  it("is made where nobody is cut off, or where it is meant", async () => {
    expect(await first({ acls: [live("other")] })).toBeUndefined();
    expect(await first({ open: "no" })).toBeUndefined();
    expect(await first({ used: false })).toBeUndefined();
    expect(await first({}, { made: new Set(["kafka/legacy"]) })).toBeUndefined();
    expect(await first({}, { mayChangeAccess: (name) => name === "kafka/legacy" })).toBeUndefined();
  });
});

describe("the last ACL of a topic that stays", () => {
  it("is kept where the topic would be open to everybody without it", async () => {
    const run = runOn({ acls: [live("a"), live("b")] }, ofTopic);
    expect(await kafkaAcl.taking!(acl("a"), run)).toBeUndefined();
    expect(await kafkaAcl.taking!(acl("b"), run)).toMatch(/^kafka\/legacy: must keep an ACL/);
  });

  it("is deleted where the topic leaves, another app has one, or the cluster denies what has none", async () => {
    const rights = { acls: [live("a")] };
    const another = { allDeclared: (type: string) => (type.endsWith(":Acl") ? [acl("b")] : [{ name: "legacy" }]) };
    expect(await kafkaAcl.taking!(acl("a"), runOn(rights))).toBeUndefined();
    expect(await kafkaAcl.taking!(acl("a"), runOn(rights, another))).toBeUndefined();
    expect(await kafkaAcl.taking!(acl("a"), runOn({ ...rights, open: "no" }, ofTopic))).toBeUndefined();
  });
});
