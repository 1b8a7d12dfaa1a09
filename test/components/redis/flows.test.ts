import { describe, expect, it } from "vitest";
import type { RedisAccess } from "../../../client/access.ts";
import type { RedisOperator } from "../../../client/operator.ts";
import { passwordFrom } from "../../../components/password.ts";
import { toRights } from "../../../components/redis/acl.ts";
import { toAccess, toDeadLetters } from "../../../components/redis/flows.ts";
import { declareFlows } from "../../../components/redis/index.ts";
import { parseSkill, type Skill } from "../../../skill/index.ts";
import { program, resolve } from "../../mocks.ts";
import { example, skill } from "./example.ts";

const server = { host: "redis.internal", port: 6380, tls: true, username: "admin", password: "p" };
const flowsOf = (of: Skill) =>
  program(() =>
    declareFlows({ skill: of, secret: "s", provision: { kind: "external", servers: { notifications: server } } }, {}),
  );

describe("the Redis flows of a skill", () => {
  it("give each app all that it needs to connect", async () => {
    const { outputs } = await flowsOf(skill);
    const { value } = await resolve(outputs!.apps);
    const retry = { maxAttempts: 3, backoff: "exponential", initialDelay: "1s", maxDelay: "5m" };
    const login = (username: string) => {
      const password = passwordFrom("s", `redis/notifications/${username}`);
      return { host: "redis.internal", port: 6380, tls: true, username, password };
    };
    expect(value).toEqual({
      fulfilment: {
        notifications: {
          ...login("fulfilment"),
          publishes: [],
          subscribes: [],
          produces: [],
          consumes: {
            emails: {
              mailer: {
                group: "mailer",
                maxAttempts: 3,
                delays: [1000, 2000],
                deadLetterStream: "emails.mailer.dlq",
                retry,
              },
            },
          },
          keys: [],
        },
      },
      "notification-service": {
        notifications: {
          ...login("notification-service"),
          publishes: [],
          subscribes: ["order:*"],
          produces: ["emails"],
          consumes: {},
          keys: [],
        },
      },
      "order-service": {
        notifications: {
          ...login("order-service"),
          publishes: ["order:*"],
          subscribes: [],
          produces: [],
          consumes: {},
          keys: ["cart:*"],
        },
      },
    });
  });

  it("keep the passwords secret", async () => {
    const { outputs } = await flowsOf(skill);
    const apps = outputs!.apps as Record<string, { notifications: { password: string } }>;
    const secrecy = Object.values(apps).map(
      async ({ notifications }) => (await resolve(notifications.password)).isSecret,
    );
    expect(await Promise.all(secrecy)).toEqual([true, true, true]);
  });

  it("are summed up in a row for the instance and one for each stream", async () => {
    const { outputs } = await flowsOf(skill);
    expect(outputs!.summary).toEqual([
      {
        broker: "redis",
        kind: "instance",
        name: "notifications",
        detail: "redis, 256mb, noeviction, append-only file",
      },
      { broker: "redis", kind: "stream", name: "notifications/emails", detail: "groups: mailer" },
      {
        broker: "redis",
        kind: "dead-letter stream",
        name: "notifications/emails.mailer.dlq",
        detail: "after 3 deliveries",
      },
    ]);
  });

  it("tell the operator how the server is administered and where its dead letters are", async () => {
    const { outputs } = await flowsOf(skill);
    expect((await resolve(outputs!.operator)).value).toEqual({
      notifications: {
        ...server,
        deadLetters: [
          {
            flow: "redis/notifications/emails/mailer",
            stream: "emails",
            group: "mailer",
            deadLetterStream: "emails.mailer.dlq",
          },
        ],
      },
    });
  });

  it("have no operator on ElastiCache, where nobody administers", async () => {
    const { outputs } = await program(
      () => declareFlows({ skill, secret: "s", provision: { kind: "elasticache" } }, {}),
      { state: () => ({ primaryEndpointAddress: "cache.aws" }) },
    );
    expect(outputs).not.toHaveProperty("operator");
  });

  it("are what the client reads", () => {
    const [app, rights] = Object.entries(toRights(example))[0]!;
    const login = { host: "h", port: 1, tls: false, username: app, password: "p" };
    const access: RedisAccess = { ...login, ...toAccess(example, rights) };
    const operator: RedisOperator = { ...login, deadLetters: toDeadLetters("notifications", example) };
    expect([Object.keys(access.consumes), operator.deadLetters.length]).toEqual([["emails"], 1]);
  });

  it("are none where the skill has none", async () => {
    const bare = parseSkill({ name: "m", version: "2.0.0", apps: {} });
    const { outputs, resources } = await flowsOf(bare);
    expect([outputs, resources]).toEqual([{ apps: {}, summary: [] }, []]);
  });
});
