import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { ConnectionError, RefusedError } from "../message.ts";
import type { Server } from "./server.ts";

/** That this process alone works on something, as long as it lives. */
export interface Lock {
  /** Throws a ConnectionError where the lock was lost: the process stood still for longer than it lasts. */
  mustHold(): void;
  release(): Promise<void>;
}

/** Milliseconds that a lock lasts without its holder; a third of it between two renewals. */
const LASTS_MS = 3_000;
/** How long a lock of somebody else is waited for, in milliseconds. */
const PATIENCE_MS = 10_000;
const TRY_INTERVAL_MS = 100;

/** A server without memory refuses SET, and only what is dropped under the lock gives it some: the script may. */
const TAKE = `#!lua flags=allow-oom
return redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2])`;
const RENEW = `if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end return redis.call('PEXPIRE', KEYS[1], ARGV[2])`;
const RELEASE = `if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end return redis.call('DEL', KEYS[1])`;

/**
 * Takes the lock that is the key, waiting for another holder for 10 s at most.
 * @throws a RefusedError where another holds it for longer: the server answers well; `held` says what that is.
 */
export async function acquire(server: Server, key: string, held: string): Promise<Lock> {
  const token = randomUUID();
  const end = Date.now() + PATIENCE_MS;
  while ((await server.ask(["EVAL", TAKE, "1", key, token, String(LASTS_MS)])) === null) {
    if (Date.now() > end) throw new RefusedError(`${server.name}: ${held}`);
    await wait(TRY_INTERVAL_MS);
  }
  let sureUntil = Date.now() + LASTS_MS;
  const renew = async () => {
    const until = Date.now() + LASTS_MS;
    const renewed = await server.ask(["EVAL", RENEW, "1", key, token, String(LASTS_MS)]);
    if (renewed === 1) sureUntil = until;
  };
  // A renewal that fails is told by mustHold.
  const timer = setInterval(() => renew().catch(() => {}), LASTS_MS / 3);
  timer.unref();
  return {
    mustHold() {
      if (Date.now() >= sureUntil) throw new ConnectionError(`${server.name}: the lock ${key} must be held, was lost`);
    },
    async release() {
      clearInterval(timer);
      await server.ask(["EVAL", RELEASE, "1", key, token]);
    },
  };
}
