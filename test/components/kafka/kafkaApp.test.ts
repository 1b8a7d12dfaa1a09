import { describe, expect, it } from "vitest";
import { type Grant, toAclArgs } from "../../../components/kafka/acls.ts";
import { KafkaApp, type KafkaAppArgs } from "../../../components/kafka/index.ts";
import { passwordFrom } from "../../../components/password.ts";
import { registered, secret } from "../../mocks.ts";
import { conformance } from "../conformance.ts";

const write: Grant = { resourceType: "Topic", resourceName: "events", operation: "Write" };
const read: Grant = { resourceType: "Group", resourceName: "mailer", operation: "Read" };
const args: KafkaAppArgs = {
  grants: [write, read],
  quotas: { producer_byte_rate: "5" },
  saslMechanism: "SCRAM-SHA-512",
  secret: "s",
};

describe("KafkaApp", () => {
  conformance({
    token: "messaging:kafka:KafkaApp",
    make: (name, opts) => new KafkaApp(name, args, opts),
    outputs: ["username", "password"],
  });

  it("makes a user with its own secret password, its ACLs and its quota", async () => {
    const all = await registered(() => new KafkaApp("a", args));
    const password = secret(passwordFrom("s", "kafka/a"));
    const made = all.slice(1).map(({ type, name, inputs }) => [`${type.split(":").at(-1)} ${name}`, inputs]);
    expect(Object.fromEntries(made)).toEqual({
      "UserScramCredential a": { username: "a", scramMechanism: "SCRAM-SHA-512", password },
      "Acl a/Topic/events/Write": toAclArgs("a", write),
      "Acl a/Group/mailer/Read": toAclArgs("a", read),
      "Quota a": { entityType: "user", entityName: "a", config: { producer_byte_rate: "5" } },
    });
    expect(all[0]?.outputs).toEqual({ username: "a", password });
  });

  it("deletes an old quota or ACL before it sets the new one, which it would delete otherwise", async () => {
    const all = await registered(() => new KafkaApp("a", args));
    const first = new Set(all.filter(({ deleteBeforeReplace }) => deleteBeforeReplace).map(({ type }) => type));
    expect(first).toEqual(new Set(["kafka:index/acl:Acl", "kafka:index/quota:Quota"]));
  });

  it("makes no quota where there is none", async () => {
    const all = await registered(() => new KafkaApp("a", { ...args, grants: [], quotas: undefined }));
    expect(all.map(({ type }) => type.split(":").at(-1))).toEqual(["KafkaApp", "UserScramCredential"]);
  });
});
