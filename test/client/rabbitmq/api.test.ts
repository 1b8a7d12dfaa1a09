import { afterEach, describe, expect, it, vi } from "vitest";
import { rabbitmqApi } from "../../../client/rabbitmq/api.ts";

afterEach(() => vi.unstubAllGlobals());

/** What `find` gives, or the name and sentence of its error, where the broker answers so. */
async function found(answer: () => Promise<Response>): Promise<unknown> {
  const asked = vi.fn(answer);
  vi.stubGlobal("fetch", asked);
  const api = rabbitmqApi({ managementUrl: "http://127.0.0.1:15672", username: "root", password: "s3cret" });
  const result = await api.find("queues", "a/b", "x y").catch((error: Error) => `${error.name}: ${error.message}`);
  expect(asked.mock.calls.map((call: unknown[]) => call[0])).toEqual(["http://127.0.0.1:15672/api/queues/a%2Fb/x%20y"]);
  expect(String(JSON.stringify(result))).not.toContain("s3cret");
  return result;
}

describe("RabbitMQ's management API", () => {
  it("gives what it has, and nothing where there is no such thing", async () => {
    expect(await found(async () => Response.json({ name: "x y" }))).toEqual({ name: "x y" });
    expect(await found(async () => new Response("{}", { status: 404 }))).toBeUndefined();
  });

  it("is away where it answers 500, answers nonsense or does not answer, and refuses where it says no", async () => {
    const cause = Object.assign(new Error(), { code: "ECONNREFUSED" });
    const answers = [
      async () => new Response("", { status: 503 }),
      async () => new Response("<html>"),
      async () => Promise.reject(Object.assign(new TypeError("fetch failed"), { cause })),
      async () => Promise.reject(Object.assign(new Error("aborted"), { name: "TimeoutError" })),
      async () => new Response("", { status: 401 }),
    ];
    const said = [];
    for (const answer of answers) said.push(await found(answer as () => Promise<Response>));
    expect(said.join("\n")).toMatchInlineSnapshot(`
      "ConnectionError: rabbitmq management at http://127.0.0.1:15672: the broker answers 503
      ConnectionError: rabbitmq management at http://127.0.0.1:15672: the broker answers with something else than JSON
      ConnectionError: rabbitmq management at http://127.0.0.1:15672: the broker does not answer: ECONNREFUSED
      ConnectionError: rabbitmq management at http://127.0.0.1:15672: the broker does not answer: no answer within 10 s
      RefusedError: rabbitmq management at http://127.0.0.1:15672: the broker refuses root: 401"
    `);
  });
});
