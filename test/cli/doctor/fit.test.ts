import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it } from "vitest";
import { fitFindings } from "../../../cli/doctor/fit.ts";

/** What doctor finds of a RabbitMQ whose management API says this of itself. */
async function foundOf(overview: object) {
  const server = createServer((_, response) => response.end(JSON.stringify(overview)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const login = { managementUrl: `http://127.0.0.1:${port}`, username: "root", password: "p" };
  const flows = { url: "amqp://127.0.0.1:1", vhost: "/", deadLetterExchange: "x", deadLetters: [] };
  try {
    return await fitFindings({ rabbitmq: { ...login, ...flows } });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

it("A broker that is too old is named", async () => {
  expect(await foundOf({ rabbitmq_version: "3.9.29" })).toEqual([
    expect.objectContaining({
      trouble: "broker",
      place: "rabbitmq",
      found: "must be RabbitMQ 3.10 or later, got 3.9.29",
    }),
  ]);
});

it("One that is not is no finding, and one that does not answer is told of by others", async () => {
  expect(await foundOf({ rabbitmq_version: "4.0.5", name: "rabbit@1" })).toEqual([]);
  const redis = { host: "127.0.0.1", port: 1, tls: false, username: "u", password: "p", deadLetters: [] };
  const away = { url: "amqp://127.0.0.1:1", vhost: "/", deadLetterExchange: "x", deadLetters: [] };
  expect(
    await fitFindings({
      rabbitmq: { managementUrl: "http://127.0.0.1:1", username: "u", password: "p", ...away },
      redis: { cache: redis },
    }),
  ).toEqual([]);
}, 30_000);
