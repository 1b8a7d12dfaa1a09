import { afterEach, describe, expect, it, vi } from "vitest";
import { rabbitmqApi } from "../../../client/rabbitmq/api.ts";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

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

  it("is asked without TLS where its URL says so, though an authority is known", async () => {
    vi.stubGlobal("fetch", async () => Response.json({ name: "x" }));
    const login = { managementUrl: "http://127.0.0.1:15672", username: "root", password: "s3cret" };
    expect(await rabbitmqApi({ ...login, ca: "that of AMQP" }).find("queues")).toEqual({ name: "x" });
  });

  it("is away where it answers 500, answers nonsense or does not answer, and refuses where it says no", async () => {
    const cause = Object.assign(new Error(), { code: "ECONNREFUSED" });
    const answers = [
      async () => new Response("", { status: 503 }),
      async () => new Response("<html>"),
      async () => Promise.reject(Object.assign(new TypeError("fetch failed"), { cause })),
      async () => new Response("", { status: 401 }),
      async () => Promise.reject(Object.assign(new Error("aborted"), { name: "TimeoutError" })),
    ];
    const said = [];
    for (const answer of answers) said.push(await found(answer as () => Promise<Response>));
    expect(said.join("\n")).toMatchInlineSnapshot(`
      "ConnectionError: rabbitmq management at http://127.0.0.1:15672: the broker answers 503
      ConnectionError: rabbitmq management at http://127.0.0.1:15672: the broker answers with something else than JSON
      ConnectionError: rabbitmq management at http://127.0.0.1:15672: the broker does not answer: ECONNREFUSED
      RefusedError: rabbitmq management at http://127.0.0.1:15672: the broker refuses root: 401
      ConnectionError: rabbitmq management at http://127.0.0.1:15672: the broker does not answer: no answer within 10 s"
    `);
  });

  it("is not asked again for 3 s where it hung: all that is asked next fails at once, in the same words", async () => {
    vi.useFakeTimers();
    const asked = vi.fn(async (): Promise<Response> => {
      throw Object.assign(new Error("aborted"), { name: "TimeoutError" });
    });
    vi.stubGlobal("fetch", asked);
    const apis = ["http://127.0.0.1:1", "http://127.0.0.1:2"].map((managementUrl) =>
      rabbitmqApi({ managementUrl, username: "root", password: "s3cret" }),
    );
    const said = async (at: number) => apis[at]!.find("nodes").catch((error: Error) => error.message);
    const sentence = "rabbitmq management at http://127.0.0.1:1: the broker does not answer: no answer within 10 s";
    expect([await said(0), await said(0), await said(0)]).toEqual([sentence, sentence, sentence]);
    expect(asked).toHaveBeenCalledTimes(1);
    await said(1);
    expect(asked).toHaveBeenCalledTimes(2);
    vi.advanceTimersByTime(3_001);
    await said(0);
    expect(asked).toHaveBeenCalledTimes(3);
  });
});

describe("the management API of several nodes", () => {
  const managementUrls = ["http://a:15672", "http://b:15672"];
  const api = () => rabbitmqApi({ managementUrl: managementUrls[0]!, managementUrls, username: "root", password: "p" });
  /** Asks of nodes of which these are away, and which nodes were asked for the thing itself. */
  function nodes(...away: string[]) {
    const asked: string[] = [];
    vi.stubGlobal("fetch", async (address: string) => {
      const { hostname, pathname } = new URL(address);
      if (pathname.endsWith("/queues")) asked.push(hostname);
      if (away.includes(hostname)) throw new TypeError("fetch failed");
      return Response.json([hostname]);
    });
    return { asked, away };
  }

  it("asks the first that answers, and the next once it no longer does", async () => {
    const { asked, away } = nodes();
    const both = api();
    expect(await both.list("queues")).toEqual(["a"]);
    away.push("a");
    expect(await both.list("queues")).toEqual(["b"]);
    expect(await both.list("queues")).toEqual(["b"]);
    expect(asked).toEqual(["a", "a", "b", "b"]);
  });

  it("does not wait for a node that is away from the start, and is away itself where all are", async () => {
    const { asked, away } = nodes("a");
    expect(await api().list("queues")).toEqual(["b"]);
    expect(asked).toEqual(["b"]);
    away.push("b");
    await expect(api().list("queues")).rejects.toThrow(
      "rabbitmq management at http://a:15672: the broker does not answer",
    );
  });
});
