import { expect, it } from "vitest";
import { addressesOf, brokerOf, findingsAt, isAway } from "../../../cli/doctor/away.ts";
import { deadLetterFindings } from "../../../cli/doctor/deadLetters.ts";
import { overwritten } from "../../../cli/doctor/redis.ts";
import { untoldServer } from "../../../cli/doctor/redisServer.ts";
import type { DeadLetters } from "../../../client/deadLetters.ts";
import { ConnectionError, RefusedError, UntoldError } from "../../../client/message.ts";

const addresses = addressesOf({
  rabbitmq: {
    managementUrl: "http://a:15672",
    managementUrls: ["http://a:15672", "http://b:15672"],
    url: "amqp://a:5672",
    urls: ["amqp://a:5672", "amqp://b:5672"],
    vhost: "/",
    username: "root",
    password: "p",
    deadLetterExchange: "x",
    deadLetters: [],
  },
  sqs: { region: "eu-west-1", deadLetters: [] },
  redis: { cache: { host: "c", port: 6379, tls: false, username: "u", password: "p", deadLetters: [] } },
});

it("What does not answer, refuses or does not tell is a finding with its broker and address", async () => {
  const foundAt = async (place: string, error: Error) => {
    const [{ trouble, found, away } = {} as never] = await findingsAt(place, addresses, () => Promise.reject(error));
    return { trouble, found, away };
  };
  expect(await foundAt("sqs", new ConnectionError("SQS: connect ECONNREFUSED"))).toEqual({
    trouble: "broker",
    found: "sqs at eu-west-1: SQS: connect ECONNREFUSED",
    away: true,
  });
  expect(await foundAt("redis/cache", new ConnectionError("redis c:6379 as u: connect ECONNREFUSED"))).toEqual({
    trouble: "broker",
    found: "redis c:6379 as u: connect ECONNREFUSED",
    away: true,
  });
  expect(await foundAt("redis/cache", new RefusedError("redis c:6379 as u: WRONGPASS"))).toEqual({
    trouble: "refused",
    found: "redis c:6379 as u: WRONGPASS",
  });
  expect(await foundAt("rabbitmq", new UntoldError("it has no leader"))).toEqual({
    trouble: "broker",
    found: "how it is doing cannot be known: it has no leader",
  });
  const fault = new TypeError("of this program");
  await expect(findingsAt("sqs", addresses, () => Promise.reject(fault))).rejects.toBe(fault);
});

it.each([
  [ConnectionError, "ERR max number of clients reached", "raise maxclients"],
  [
    ConnectionError,
    "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
    "redis-cli SCRIPT KILL as administrator, or FUNCTION KILL",
  ],
  [RefusedError, "DENIED Redis is running in protected mode", "redis-cli ACL SETUSER default off resetpass"],
])("What Redis answers to everything is told once, and not as an absence: %s %s", async (kind, reply, fix) => {
  const refuse = (asked: string) => Promise.reject(new kind(`redis c:6379 as u${asked}: ${reply}`));
  const [found] = await findingsAt("redis/cache", addresses, () => refuse(", INFO"));
  expect(found).toMatchObject({ trouble: "refused", place: "redis/cache", found: `redis/cache at c:6379: ${reply}` });
  expect(found).not.toHaveProperty("away");
  expect(found!.fix).toContain(fix);
  expect(await deadLettersOf("redis/cache/s/g", () => refuse(", XLEN s.g.dlq"))).toEqual([found]);
});

it("Another key in place of the dead letters is told as one in place of the stream", async () => {
  const count = () =>
    Promise.reject(new RefusedError("redis c:6379 as u, XLEN dlq: WRONGTYPE Operation against a key"));
  expect(await deadLettersOf("redis/cache/s/g", count)).toEqual([overwritten("redis/cache", "dlq")]);
});

/** What is found of the dead letters of one flow. */
const deadLettersOf = (flow: string, count: () => Promise<never>) =>
  deadLetterFindings(
    {
      brokers: [{ broker: "redis", operator: { deadLetters: () => [{ flow, name: "dlq", count }] } as never }],
      patiently: (ask) => ask(),
    },
    addresses,
  );

it("A flow's failure says that its broker is away only where every node of one way is named", () => {
  const away = (message: string) => isAway("rabbitmq", addresses, new ConnectionError(message));
  expect(away("rabbitmq / at amqp://a:5672, amqp://b:5672: the broker does not answer")).toBe(true);
  expect(away("orders.dlq: the broker does not answer: a:5672 is down or inaccessible")).toBe(false);
  expect(["rabbitmq/orders", "redis/cache/emails/mailer"].map(brokerOf)).toEqual(["rabbitmq", "redis/cache"]);
});

it("What is away is started by the name of its container", async () => {
  const fixAt = async (place: string) =>
    (await findingsAt(place, addresses, () => Promise.reject(new ConnectionError("gone"))))[0]!.fix;
  const named = "If npm start made it: docker start NAME, or docker unpause NAME where it is paused.";
  const of = (broker: string) => named.replaceAll("NAME", `messaging-<environment>-${broker}`);
  expect(await fixAt("sqs")).toContain(of("localstack"));
  expect(await fixAt("redis/cache")).toContain(
    `${of("redis-cache")} Where it runs and answers nobody, somebody may have paused its clients (CLIENT PAUSE ... ALL)`,
  );
  expect(await fixAt("rabbitmq")).toContain(
    `${of("rabbitmq")} Where somebody suspended its listeners: rabbitmqctl resume_listeners.`,
  );
});

it("A server of Redis that does not tell is told once, whatever flows are on it", async () => {
  const count = () => Promise.reject(new UntoldError("redis c:6379 as u: it is a replica of a:1"));
  const all = ["redis/cache/s/g", "redis/cache/t/g"].map((flow) => ({ flow, name: "dlq", count })) as never;
  const brokers = [{ broker: "redis", operator: { deadLetters: () => all } as never }];
  const found = await deadLetterFindings({ brokers, patiently: (ask) => ask() }, addresses);
  expect(found).toEqual(Array(2).fill(untoldServer("redis/cache", "it is a replica of a:1")));
});

it("Dead letters of one flow that cannot be told do not keep those of another from being told", async () => {
  const letters = (flow: string, count: DeadLetters["count"]) => ({ flow, name: `${flow}.dlq`, count }) as DeadLetters;
  const all = [
    letters("rabbitmq/one", () => Promise.reject(new RefusedError("one.dlq: QueueDeclare: NOT_FOUND"))),
    letters("rabbitmq/two", () => Promise.reject(new ConnectionError("two.dlq: it is down or inaccessible"))),
    letters("rabbitmq/three", async () => ({ messages: 2, oldest: new Date(0) })),
    letters("redis/cache/s/g", () => Promise.reject(new ConnectionError("redis c:6379 as u: ECONNREFUSED"))),
  ];
  const brokers = [{ broker: "rabbitmq", operator: { deadLetters: () => all } as never }];
  const live = { brokers, patiently: <T>(ask: () => Promise<T>) => ask() };
  const found = await deadLetterFindings(live, addresses, new Date(60_000));
  expect(found.map(({ trouble, place, found }) => `${trouble}: ${place}: ${found}`)).toEqual([
    "message loss: rabbitmq/one: the place of its dead letters, rabbitmq/one.dlq, is not on the broker",
    "broker: rabbitmq/two: how many dead letters rabbitmq/two.dlq has cannot be known: two.dlq: it is down or inaccessible",
    "dead letters: rabbitmq/three: 2 messages in rabbitmq/three.dlq, the oldest for 60 s",
    "broker: redis/cache: redis c:6379 as u: ECONNREFUSED",
  ]);
  expect(found.map(({ away }) => away)).toEqual([undefined, undefined, undefined, true]);
});
