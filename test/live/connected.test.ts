import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it } from "vitest";
import { connectionsOf } from "../../live/rabbitmqConnected.ts";
import { countIn } from "../../live/redisConnected.ts";

it("counts the connections of a Redis user, and of no other whose name has it as a part", () => {
  const list = [
    "id=1 user=shop lib-name=x",
    "id=2 user=shop.b cmd=get",
    "id=3 user=shop resp=2",
    "id=4 user=ashop",
    "",
  ];
  expect(countIn(list.join("\n"), "shop")).toBe(2);
  expect(countIn("", "shop")).toBe(0);
});

it("counts the connections of a RabbitMQ user", async () => {
  const asked: string[] = [];
  const listed = ["shop", "shop.b", "shop", undefined].map((user) => ({ user }));
  const server = createServer((request, response) => {
    asked.push(request.url!);
    response.end(JSON.stringify(listed));
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const managementUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    expect(await connectionsOf("shop", { managementUrl, username: "a", password: "p" } as never)).toBe(2);
    expect(asked).toEqual(["/api/connections?columns=user"]);
  } finally {
    server.close();
  }
});
