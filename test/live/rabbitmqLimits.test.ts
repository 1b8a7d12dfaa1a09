import { expect, it } from "vitest";
import { RefusedError } from "../../client/message.ts";
import type { RabbitmqApi } from "../../client/rabbitmq/api.ts";
import { limitsOn } from "../../live/health/rabbitmqLimits.ts";

const login = { vhost: "orders", username: "admin" };
const answering = (answers: Record<string, unknown[] | Error>) =>
  ({
    list: async (name: string) => {
      const answer = answers[name];
      if (answer instanceof Error) throw answer;
      return answer;
    },
  }) as unknown as RabbitmqApi;

it("Limits of RabbitMQ are told with what others use of them", async () => {
  const connections = [
    { user: "web", vhost: "orders", channels: 3 },
    { user: "web", vhost: "other", channels: 1 },
    { user: "admin", vhost: "orders", channels: 1 },
  ];
  const api = answering({
    "vhost-limits": [{ vhost: "orders", value: { "max-connections": 1, "max-queues": 9 } }],
    "user-limits": [{ user: "web", value: { "max-connections": -1, "max-channels": 4 } }],
    connections,
  });
  expect(await limitsOn(api, login, 5)).toEqual([
    { of: "vhost", name: "orders", limit: "max-connections", most: 1, used: 1 },
    { of: "vhost", name: "orders", limit: "max-queues", most: 9, used: 5 },
    { of: "user", name: "web", limit: "max-channels", most: 4, used: 4 },
  ]);
});

it("No limit is told where RabbitMQ has none, or does not show them", async () => {
  expect(await limitsOn(answering({ "vhost-limits": [{ vhost: "orders", value: [] }] }), login, 5)).toEqual([]);
  const refused = new RefusedError("401");
  expect(await limitsOn(answering({ "vhost-limits": refused, "user-limits": refused }), login, 5)).toEqual([]);
});
