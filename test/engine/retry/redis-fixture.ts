import { afterAll, afterEach, beforeEach } from "vitest";
import type { Consumer, Delivery } from "../../../client/message.ts";
import { RedisClient } from "../../../client/redis/client.ts";
import { retries } from "./environment.ts";
import { administrator, reset } from "./redis-support.ts";

/** Milliseconds after which the clients of these tests take an entry from a consumer that does not touch it. */
export const CRASH_TIMEOUT_MS = 1_500;

/** The clients of one test file. Streams are emptied before each test, and what it keeps is stopped after it. */
export function fixture() {
  const server = administrator();
  const clientOf = (app: "shop" | "worker" | "billing") =>
    new RedisClient(retries().apps[app].redis!, { crashTimeout: CRASH_TIMEOUT_MS });
  const [shop, worker, billing] = [clientOf("shop"), clientOf("worker"), clientOf("billing")];
  const running: Consumer[] = [];

  beforeEach(() => reset(server));
  afterEach(async () => {
    await Promise.all(running.splice(0).map((consumer) => consumer.stop()));
  });
  afterAll(async () => {
    await Promise.all([shop, worker, billing].map((client) => client.close()));
    await reset(server);
    server.close();
  });
  const keep = async (consumer: Promise<Consumer>) => running[running.push(await consumer) - 1]!;
  return { server, shop, worker, billing, keep };
}

interface Attempt {
  at: number;
  failedAt: number;
  attempt: number;
}

/** A handler that fails with bodies that begin with "poison", and what it saw, by body. */
export function recorder() {
  const attempts = new Map<string, Attempt[]>();
  const handler = ({ body, attempt }: Delivery) => {
    const name = body.toString();
    const seen = { at: Date.now(), failedAt: Date.now(), attempt };
    attempts.set(name, [...(attempts.get(name) ?? []), seen]);
    if (name.startsWith("poison")) throw new RangeError(`cannot take ${name}`);
  };
  const delays = (name: string) => {
    const seen = attempts.get(name)!;
    return seen.slice(1).map(({ at }, index) => at - seen[index]!.failedAt);
  };
  return { attempts, handler, delays };
}
