import { describe, expect, it } from "vitest";
import { passwordFrom } from "../../../components/password.ts";
import { RabbitmqApp } from "../../../components/rabbitmq/index.ts";
import { toGrants } from "../../../components/rabbitmq/permissions.ts";
import { registered, secret } from "../../mocks.ts";
import { conformance } from "../conformance.ts";
import { rabbitmqOf } from "./specs.ts";

const grants = toGrants(
  rabbitmqOf({ queues: { orders: { producers: ["a"], consumers: { a: { retry: { maxAttempts: 2 } } } } } }),
).a!;
const access = { managementUrl: "http://r:15672", username: "admin", password: "p" };
const streaming = toGrants(rabbitmqOf({ queues: { log: { type: "stream", consumers: { a: {} } } } })).a!;

describe("RabbitmqApp", () => {
  conformance({
    token: "messaging:rabbitmq:RabbitmqApp",
    make: (name, opts) => new RabbitmqApp(name, { vhost: "shop", grants, access, secret: "s" }, opts),
    outputs: ["username", "password"],
  });

  it("makes a user with its own secret password, held to its routing keys before it may write", async () => {
    const topics = {
      user: "a",
      vhost: "shop",
      permissions: [
        { exchange: "messaging.dead-letter", write: "^orders$(?!\\n)", read: "^$" },
        { exchange: "messaging.retry.1000ms", write: "^orders$(?!\\n)", read: "^$" },
        { exchange: "messaging.work", write: "^orders$(?!\\n)", read: "^$" },
      ],
    };
    const all = await registered(() => new RabbitmqApp("a", { vhost: "shop", grants, access, secret: "s" }));
    expect(all.slice(1).map(({ type, inputs }) => [type.split(":").at(-1), inputs])).toEqual([
      ["User", { name: "a", password: secret(passwordFrom("s", "rabbitmq/a")) }],
      ["TopicPermissions", topics],
      ["TopicPermissions", { ...topics, access: { ...access, password: secret("p") } }],
      [
        "Permissions",
        {
          user: "a",
          vhost: "shop",
          permissions: {
            configure: "^$",
            write: "^(?:messaging\\.dead-letter|messaging\\.retry\\.1000ms|messaging\\.work)$",
            read: "^orders$",
          },
        },
      ],
    ]);
    expect(all.at(-1)?.dependencies).toEqual(["a", "a", "a"]);
    // The provider would delete all entries before it sets the changed ones: it never changes them.
    expect(all.slice(2, 4).map(({ type, ignoreChanges }) => [type, ignoreChanges])).toEqual([
      ["rabbitmq:index/topicPermissions:TopicPermissions", ["permissions"]],
      ["messaging-extras:rabbitmq:TopicPermissions", []],
    ]);
    expect(all[0]?.outputs).toEqual({ username: "a", password: secret(passwordFrom("s", "rabbitmq/a")) });
  });

  it("needs no topic permissions where it writes to no topic exchange", async () => {
    const all = await registered(() => new RabbitmqApp("a", { vhost: "shop", grants: streaming, access, secret: "s" }));
    expect(all.map(({ type }) => type.split(":").at(-1))).toEqual(["RabbitmqApp", "User", "Permissions"]);
  });
});
