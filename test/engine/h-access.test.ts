import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AppAccess } from "../../client/access.ts";
import type { OperatorAccess } from "../../client/operator.ts";
import { takeInventory } from "../../live/inventory/index.ts";
import { type Cell, counted, holesIn, type Session, type Tried, tryAll, wrong } from "./access/cells.ts";
import { kafkaCells } from "./access/kafkaCells.ts";
import { kafkaSession } from "./access/kafkaSession.ts";
import { readSkill } from "./access/oracle.ts";
import { everybody, type Login, type Somebody } from "./access/principals.ts";
import { OTHER_VHOST, rabbitmqCells } from "./access/rabbitmqCells.ts";
import { type RabbitmqWay, rabbitmqSession } from "./access/rabbitmqSession.ts";
import { redisCells } from "./access/redisCells.ts";
import { redisSession } from "./access/redisSession.ts";
import { type Rotated, rotateOut } from "./access/rotated.ts";
import { livePolicies, sqsCells, sqsPrincipals, sqsSession } from "./access/sqsCells.ts";
import { type Clone, makeClone, npm, output, removeClone } from "./clone.ts";

const FILE = "test/engine/skills/access.yaml";
const root = join(import.meta.dirname, "../..");
const skill = readSkill(join(root, FILE));

let clone: Clone;
let apps: Record<string, AppAccess>;
let operator: OperatorAccess;
let renewed: Rotated;
let way: RabbitmqWay;
let before: unknown;
const holes = new Set<string>();

beforeAll(async () => {
  clone = await makeClone("access", 29870, FILE);
  const started = await npm(clone, "start");
  expect(started.code, started.output).toBe(0);
  operator = await output<OperatorAccess>(clone, "operator");
  renewed = await rotateOut(clone, "renewed");
  apps = { ...(await output<Record<string, AppAccess>>(clone, "apps")), renewed: renewed.now };
  const { url, managementUrl, vhost } = operator.rabbitmq!;
  way = { url, managementUrl, vhost };
  await asAdministrator("PUT", `vhosts/${OTHER_VHOST}`, {});
  before = await inventory();
});

afterAll(async () => {
  const down = await npm(clone, "run", "down", "--", "--discard-messages");
  expect(down.code, down.output).toBe(0);
  removeClone(clone);
});

const asAdministrator = async (method: string, path: string, body: object) => {
  const { username, password, managementUrl } = operator.rabbitmq!;
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
  const headers = { authorization, "content-type": "application/json" };
  const { ok, status } = await fetch(`${managementUrl}/api/${path}`, { method, headers, body: JSON.stringify(body) });
  if (!ok) throw new Error(`RabbitMQ answered ${status} to ${method} ${path}`);
};

/** All that is there but for Redis's keys and dead-letter streams, which are made by whoever may write them. */
async function inventory() {
  const { things } = await takeInventory(operator);
  const streams = Object.keys(skill.redis.instances.store.streams);
  const placeOf = ({ broker, kind, name }: (typeof things)[number]) => `${broker} ${kind} ${name}`;
  return things
    .filter(({ kind, name, broker }) => !broker.startsWith("redis") || kind !== "stream" || streams.includes(name))
    .sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1)); // Redis scans in an order that changes.
}

/** The logins that the output `apps` has, by app. */
const loginsOf = (pick: (app: AppAccess) => Partial<Login> | undefined): Record<string, Login> =>
  Object.fromEntries(
    Object.entries(apps).flatMap(([app, access]) => {
      const { username, password } = pick(access) ?? {};
      return username && password ? [[app, { username, password }]] : [];
    }),
  );

const rabbitmqLogins = () => loginsOf(({ rabbitmq }) => rabbitmq);
const kafkaLogins = () => loginsOf(({ kafka }) => kafka);
const redisLogins = (instance: string) => loginsOf(({ redis }) => redis?.[instance]);
const plain = (login: Login | undefined) => login && { username: login.username, password: login.password };

/** Tries all cells of everybody at once, says how many they were, and gives them back. */
async function matrix<Try extends object, P extends Somebody>(
  broker: string,
  principals: P[],
  cellsOf: (principal: P) => Cell<Try>[],
  sessionOf: (principal: P) => Session<Try>,
): Promise<Tried<Try>[]> {
  const started = performance.now();
  const tried = (
    await Promise.all(principals.map((principal) => tryAll(sessionOf(principal), cellsOf(principal))))
  ).flat();
  const took = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${broker}: ${counted(tried)}; ${took} s`);
  for (const hole of Object.keys(holesIn(tried))) holes.add(hole);
  return tried;
}

const matrixOfRabbitmq = () =>
  matrix(
    "RabbitMQ",
    everybody({
      apps: Object.keys(skill.apps),
      known: rabbitmqLogins(),
      elsewhere: { ...redisLogins("side"), ...kafkaLogins() },
      rotatedOut: plain(renewed.before.rabbitmq),
    }),
    (principal) => rabbitmqCells(skill, principal),
    ({ login }) => rabbitmqSession({ ...way, login }),
  );

describe("each principal, each action, each resource: RabbitMQ, Kafka and Redis do what the skill says and nothing else", () => {
  it("RabbitMQ", async () => {
    expect(wrong(await matrixOfRabbitmq())).toEqual([]);
  });

  it("Kafka", async () => {
    const tried = await matrix(
      "Kafka",
      everybody({
        apps: Object.keys(skill.apps),
        known: kafkaLogins(),
        elsewhere: { ...redisLogins("side"), ...rabbitmqLogins() },
        rotatedOut: plain(renewed.before.kafka),
      }),
      (principal) => kafkaCells(skill, principal),
      ({ login }) => kafkaSession({ server: `127.0.0.1:${clone.ports.kafka}`, login }),
    );
    expect(wrong(tried)).toEqual([]);
  });

  it.each([
    { instance: "store", other: "side" },
    { instance: "side", other: "store" },
  ])("Redis, instance $instance", async ({ instance, other }) => {
    const tried = await matrix(
      `Redis ${instance}`,
      everybody({
        apps: Object.keys(skill.apps),
        known: redisLogins(instance),
        elsewhere: redisLogins(other),
        rotatedOut: plain(renewed.before.redis?.[instance]),
      }),
      (principal) => redisCells(skill, instance, principal),
      ({ login }) => redisSession({ port: clone.ports.redis[instance]!, login }),
    );
    expect(wrong(tried)).toEqual([]);
  });

  it("SQS, by the policies that are on the queues and an evaluator of the tests: no emulator enforces or simulates them", async () => {
    const policies = await livePolicies(skill, `http://127.0.0.1:${clone.ports.aws}`);
    const tried = await matrix(
      "SQS (evaluated)",
      sqsPrincipals(skill),
      (principal) => sqsCells(skill, principal),
      ({ arn }) => sqsSession(policies, arn),
    );
    expect(wrong(tried)).toEqual([]);
  });

  it("and after all the tries nothing is gone, changed or new", async () => {
    expect(await inventory()).toEqual(before);
  });

  it("what is allowed by no word of the skill has a name in docs/least-privilege.md", () => {
    const page = readFileSync(join(root, "docs/least-privilege.md"), "utf8");
    expect([...holes].sort()).toMatchInlineSnapshot(`
      [
        "another consumer group of a stream that one consumes",
        "any routing key on a direct or headers exchange",
        "passive declare",
        "purge of what one consumes",
        "trim of what another group has not read",
      ]
    `);
    expect([...holes].filter((hole) => !page.includes(`**${hole}**`))).toEqual([]);
  });

  it("would see a right too many and a right too few", async () => {
    // The expression of somebody who forgot that a dot is any character, and a queue.
    await asAdministrator("PUT", `permissions/${way.vhost}/taker`, {
      configure: "^$",
      write: "^$",
      read: "^orders.v1$",
    });
    const principal = { name: "taker", app: "taker" };
    const cells = rabbitmqCells(skill, principal).filter(({ tried: { action } }) => action === "consume");
    const tried = await tryAll(rabbitmqSession({ ...way, login: rabbitmqLogins().taker }), cells);
    expect(wrong(tried)).toEqual([
      'taker: consume "history": denied in place of allowed',
      'taker: consume "orders": denied in place of allowed',
      'taker: consume "ordersXv1": allowed in place of denied',
    ]);
  });
});
