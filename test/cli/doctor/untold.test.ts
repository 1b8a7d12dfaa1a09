import type { AddressInfo } from "node:net";
import { expect, it } from "vitest";
import { deadLetterFindings } from "../../../cli/doctor/deadLetters.ts";
import { redisFindings } from "../../../cli/doctor/redis.ts";
import { RefusedError, UntoldError } from "../../../client/message.ts";
import { operate } from "../../../client/redis/operator.ts";
import { redisFigures } from "../../../live/health/redis.ts";
import { serverThatSays } from "./fakeRedis.ts";

it.each([
  ["redis_mode:sentinel\r\n", "it is a Sentinel, which has no data; give the address of the primary"],
  [
    "role:slave\r\nmaster_host:a\r\nmaster_port:1\r\nmaster_link_status:up\r\n",
    "it is a replica of a:1; give the address of the primary",
  ],
])("Doctor names a Redis that cannot tell what its streams hold, and goes on: %j", async (info, why) => {
  const server = await serverThatSays(info);
  const { port } = server.address() as AddressInfo;
  const place = { flow: "redis/n/s/g", stream: "s", group: "g", deadLetterStream: "s.g.dead-letters" };
  const login = { host: "127.0.0.1", port, tls: false, username: "u", password: "p", deadLetters: [place] };
  const redis = await operate({ n: login });
  try {
    const found = [
      ...redisFindings(await redisFigures("n", login), { after: 60_000 }),
      ...(await deadLetterFindings(
        { brokers: [{ broker: "redis", operator: redis }], patiently: (ask) => ask() },
        { "redis/n": [[`127.0.0.1:${port}`]] },
      )),
    ];
    const told = found.filter(({ found }) => found === `what its streams hold cannot be known: ${why}`);
    // Both looks say it in the same words, so that it is told once.
    expect(told).toHaveLength(2);
    expect(told[1]).toEqual(told[0]);
  } finally {
    await redis.close();
    server.close();
  }
});

it.each([
  ["", true],
  [":1", false],
  ["-NOPERM no", false],
])("A primary that answers %j to a write that does nothing is paused: %s", async (answer, paused) => {
  const PRIMARY = "role:master\r\nloading:0\r\n";
  const server = await serverThatSays(PRIMARY, { GET: "$-1", ACL: "*0", PING: "+PONG", EVAL: answer });
  const { port } = server.address() as AddressInfo;
  const login = { host: "127.0.0.1", port, tls: false, username: "u", password: "p", deadLetters: [] };
  try {
    expect((await redisFigures("n", login)).paused).toBe(paused);
  } finally {
    server.close();
  }
});

it.each([
  [
    new RefusedError("connection limit (0) is reached"),
    "The broker works, but refuses the administrator this question: it says why itself.",
  ],
  [
    new UntoldError("the leader is silent"),
    "The part of the broker that has it is down or without a majority, or refuses to tell.",
  ],
])("A refusal is not told as an absence: %s", async (error, cause) => {
  const letters = { flow: "rabbitmq/orders", name: "orders.dlq", count: () => Promise.reject(error) };
  const operator = { deadLetters: () => [letters] };
  const found = await deadLetterFindings(
    { brokers: [{ broker: "rabbitmq", operator } as never], patiently: (ask) => ask() },
    { rabbitmq: [["broker:15672"], ["broker:5672"]] },
  );
  expect(found.map((one) => [one.found, one.cause])).toEqual([
    [`how many dead letters orders.dlq has cannot be known: ${error.message}`, cause],
  ]);
});
