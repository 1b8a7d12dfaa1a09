import { describe, expect, inject, it } from "vitest";
import { inside, output } from "./clone.ts";

const clone = inject("clone");

type Apps = Record<string, { redis: { notifications: { username: string; password: string } } }>;

/** What Redis answers to a command, by its own client; the password goes in by standard input. */
async function redis(user: { username: string; password: string } | undefined, ...command: string[]): Promise<string> {
  const script =
    'IFS= read -r REDISCLI_AUTH; [ -z "$REDISCLI_AUTH" ] || export REDISCLI_AUTH; exec redis-cli --no-auth-warning "$@"';
  const as = user ? ["--user", user.username] : [];
  const answer = await inside(
    clone,
    "redis-notifications",
    ["sh", "-c", script, "sh", ...as, ...command],
    `${user?.password ?? ""}\n`,
  );
  return answer.output.trim();
}

const login = async (app: string) => (await output<Apps>(clone, "apps"))[app]!.redis.notifications;

describe("Redis after npm start", () => {
  it("refuses the default user and those that it does not know", async () => {
    expect(await redis(undefined, "PING")).toMatch(/NOAUTH/);
    expect(await redis({ username: "default", password: "" }, "PING")).toMatch(/NOAUTH|WRONGPASS/);
    expect(await redis({ username: "order-service", password: "wrong" }, "PING")).toMatch(/WRONGPASS/);
  });

  it("lets an app read and write its own keys and no others", async () => {
    const app = await login("order-service");
    expect(await redis(app, "SET", "cart:1", "a")).toBe("OK");
    expect(await redis(app, "GET", "cart:1")).toBe("a");
    expect(await redis(app, "GET", "other")).toMatch(/NOPERM/);
    expect(await redis(app, "SET", "other", "x")).toMatch(/NOPERM/);
    expect(await redis(app, "XADD", "emails", "*", "a", "b")).toMatch(/NOPERM/);
  });

  it("lets nobody administer, scan or script", async () => {
    const app = await login("order-service");
    for (const command of [
      ["KEYS", "*"],
      ["SCAN", "0"],
      ["FLUSHALL"],
      ["FLUSHDB"],
      ["CONFIG", "GET", "*"],
      ["EVAL", "return 1", "0"],
      ["ACL", "LIST"],
      ["DEBUG", "SLEEP", "0"],
      ["RANDOMKEY"],
      ["DBSIZE"],
    ]) {
      expect(await redis(app, ...command), command.join(" ")).toMatch(/NOPERM|command not allowed/);
    }
  });

  it("keeps publishers, subscribers, producers and consumers apart", async () => {
    const publisher = await login("order-service");
    const producer = await login("notification-service");
    const consumer = await login("fulfilment");
    expect(await redis(publisher, "PUBLISH", "order:1", "x")).toMatch(/^\d+$/);
    expect(await redis(publisher, "PUBLISH", "billing:1", "x")).toMatch(/NOPERM/);
    expect(await redis(producer, "PUBLISH", "order:1", "x")).toMatch(/NOPERM/);
    expect(await redis(producer, "XADD", "emails", "*", "to", "a@example.org")).toMatch(/^\d+-\d+$/);
    expect(await redis(producer, "XREADGROUP", "GROUP", "mailer", "c", "STREAMS", "emails", ">")).toMatch(/NOPERM/);
    expect(
      await redis(consumer, "XREADGROUP", "GROUP", "mailer", "c", "COUNT", "1", "STREAMS", "emails", ">"),
    ).toContain("a@example.org");
    expect(await redis(consumer, "XADD", "emails", "*", "to", "x")).toMatch(/NOPERM/);
    expect(await redis(consumer, "XADD", "emails.mailer.dlq", "*", "to", "x")).toMatch(/^\d+-\d+$/);
  });
});
