import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { isMade, placesOf } from "../../../cli/rotate/made.ts";
import { withAccepted } from "../../../cli/rotate/stack.ts";
import * as text from "../../../cli/rotate/text.ts";
import type { AppAccess } from "../../../client/access.ts";
import type { OperatorAccess } from "../../../client/operator.ts";
import { credentialOf } from "../../../skill/index.ts";

const about = { app: "shop", environment: "prod", file: "Pulumi.prod.yaml" };
const both = { current: 2, previous: 1 };

describe("the file of an environment", () => {
  it("gets the credentials, and keeps all else with its comments", () => {
    const before = readFileSync(new URL("../../../Pulumi.local.yaml", import.meta.url), "utf8");
    const after = withAccepted(before, "shop", both);
    expect(after.split("\n").filter((line) => !before.split("\n").includes(line))).toEqual([
      "  messaging:credentials:",
      "    shop: { current: 2, previous: 1 }",
    ]);
    expect(before.split("\n").filter((line) => !after.split("\n").includes(line))).toEqual([]);
  });

  it("keeps what other apps have, and a long line as one", () => {
    const long = `  # ${"a comment ".repeat(20).trim()}`;
    const before = `# mine\nconfig:\n${long}\n  messaging:credentials:\n    # rotated yearly\n    shop: { current: 2, previous: 1 } # under way\n    worker: { current: 4 }\n  messaging:rabbitmq: { endpoint: "https://rabbit.example.org:15671", username: admin, url: "amqps://rabbit.example.org:5671" }\n`;
    expect(withAccepted(before, "shop", { current: 2 })).toBe(before.replace("2, previous: 1 } # under way", "2 }"));
  });

  it("may say nothing yet", () => {
    expect(withAccepted("", "shop", both)).toBe(
      "config:\n  messaging:credentials:\n    shop: { current: 2, previous: 1 }\n",
    );
  });
});

const login = (username: string) => ({ username }) as never;
const access = (user: string): AppAccess => ({
  rabbitmq: login(user),
  kafka: login(user),
  sqs: {} as never,
  redis: { cache: login(user), cloud: login("shop") },
});
const operator = { redis: { cache: {} } } as unknown as OperatorAccess;
const resource = (type: string, input: string, value: string) => ({ urn: "u", type, inputs: { [input]: value } });
const users = (name: string) => [
  resource("rabbitmq:index/user:User", "name", name),
  resource("kafka:index/userScramCredential:UserScramCredential", "username", name),
  resource("messaging-extras:redis:User", "name", name),
];

describe("where an app has passwords", () => {
  it("is told by its access; on ElastiCache, which has no operator, one user has both", () => {
    expect(placesOf(access("shop.b"), operator)).toEqual([
      { broker: "rabbitmq", username: "shop.b", oneUser: false },
      { broker: "kafka", username: "shop.b", oneUser: false },
      { broker: "redis/cache", username: "shop.b", oneUser: false },
      { broker: "redis/cloud", username: "shop", oneUser: true },
    ]);
    expect(placesOf({ sqs: {} as never }, operator)).toEqual([]);
  });

  const made = (accepted: typeof both | { current: number }, told: string, ...there: string[]) =>
    isMade("shop", accepted, placesOf(access(told), operator), [...there, "other", "shop.bb"].flatMap(users));

  it.each([
    ["the first alone", { current: 1 }, "shop", ["shop"], true],
    ["two, before the up", both, "shop", ["shop"], false],
    ["two", both, "shop.b", ["shop", "shop.b"], true],
    ["the second alone, before the up", { current: 2 }, "shop.b", ["shop", "shop.b"], false],
    ["the second alone", { current: 2 }, "shop.b", ["shop.b"], true],
    ["the third beside it, before the up", { current: 3, previous: 2 }, "shop.b", ["shop.b"], false],
    ["the third beside it", { current: 3, previous: 2 }, "shop", ["shop.b", "shop"], true],
  ])("is as the configuration says with %s: %o", (_, accepted, told, there, expected) => {
    expect(made(accepted, told, ...there)).toBe(expected);
  });

  it("is not as it says after an up that ended between two brokers", () => {
    const there = [...users("shop"), ...users("shop.b").slice(0, 2)];
    expect(isMade("shop", both, placesOf(access("shop.b"), operator), there)).toBe(false);
  });
});

describe("messaging rotate", () => {
  it("says what is next", () => {
    expect(text.started(about, both)).toMatchInlineSnapshot(`
      "shop: credential 2 stands in Pulumi.prod.yaml now, beside 1. Next:
        npx pulumi up --stack prod   (both are accepted from then on)
        give shop its new apps output, and restart each of its instances
        npx messaging rotate shop -e prod --finish"
    `);
    expect(text.started({ ...about, environment: "local", file: "Pulumi.local.yaml" }, both)).toMatchInlineSnapshot(`
      "shop: credential 2 stands in Pulumi.local.yaml now, beside 1. Next:
        npx pulumi up   (both are accepted from then on)
        give shop its new apps output, and restart each of its instances
        npx messaging rotate shop --finish"
    `);
    expect(text.finished(about, { current: 2 }, 1)).toMatchInlineSnapshot(`
      "shop: credential 1 is out of Pulumi.prod.yaml, which leaves 2. Next:
        npx pulumi up --stack prod   (credential 1 is refused from then on, and its connections end)"
    `);
    expect(text.nothingToFinish(about, { current: 2 }, true)).toMatchInlineSnapshot(
      `"shop: credential 2 is the only one in Pulumi.prod.yaml: no rotation is under way."`,
    );
    expect(text.nothingToFinish(about, { current: 2 }, false)).toMatchInlineSnapshot(`
      "shop: credential 2 is the only one in Pulumi.prod.yaml: no rotation is under way.
        What it says is not made yet: npx pulumi up --stack prod"
    `);
  });

  it("says why it does nothing", () => {
    expect(text.underWay(about, both)).toMatchInlineSnapshot(
      `"shop: must have no rotation under way, got credentials 1 and 2 in Pulumi.prod.yaml: npx messaging rotate shop -e prod --finish ends it"`,
    );
    expect(text.notMade(about)).toMatchInlineSnapshot(
      `"shop: must be in environment prod as Pulumi.prod.yaml says, got something else: npx pulumi up --stack prod"`,
    );
    expect(text.nothingToRotate(about, true)).toMatchInlineSnapshot(
      `"shop: must have a password on RabbitMQ, Kafka or Redis, got SQS alone, which knows it by its IAM role: rotate that role's credentials in AWS"`,
    );
    expect(text.nothingToRotate(about, false)).toMatchInlineSnapshot(
      `"shop: must have a password on RabbitMQ, Kafka or Redis, got an app of no broker"`,
    );
  });

  it("tells who is connected with the old credential, and what nobody can tell", () => {
    const connected = [
      { broker: "rabbitmq", connections: 2 },
      { broker: "kafka" },
      { broker: "redis/cache", connections: 1 },
    ];
    const old = credentialOf("shop", 1);
    expect(text.usage(about, old, connected).join("\n")).toMatchInlineSnapshot(`
      "  rabbitmq: 2 connections of user shop
        kafka: nobody can tell who is connected: see to it that every instance of shop was restarted
        redis/cache: 1 connection of user shop"
    `);
    expect(text.inUse(about, old, connected)).toMatchInlineSnapshot(`
      "shop: must have no connection with credential 1 (user shop), got 2 connections on rabbitmq, 1 connection on redis/cache
        Restart what still uses it. Or end it as it is, which cuts those connections: npx messaging rotate shop -e prod --finish --force"
    `);
    expect(text.inUse(about, old, [{ broker: "rabbitmq", connections: 0 }, { broker: "kafka" }])).toBeUndefined();
  });

  it("tells where it stands", () => {
    expect(text.status(about, both, true)).toMatchInlineSnapshot(
      `"shop: credential 2 (user shop.b), and 1 (user shop) beside it"`,
    );
    expect(text.status(about, { current: 2 }, false)).toMatchInlineSnapshot(`
      "shop: credential 2 (user shop.b)
        Pulumi.prod.yaml is not made yet: npx pulumi up --stack prod"
    `);
  });
});
