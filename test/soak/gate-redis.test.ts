import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { PASSWORD } from "../engine/clusters.ts";
import type { Result } from "../engine/command.ts";
import { makeNetwork, type Network, until } from "./cluster/nodes.ts";
import { makeRedisPair, type RedisPair } from "./cluster/redis.ts";
import { type External, makeExternal } from "./environment.ts";
import { ask, type Cell, cellOf, chosen, isRight, keep, table } from "./matrix.ts";

/** The gate on a primary of Redis and its replica, asked through the server that was the primary at first. */
const HELD = 10;
const groups = { mailer: { app: "mill" }, letters: { app: "mill" } };
const skillOf = (streams: object) => ({
  name: "gate",
  version: "2.0.0",
  apps: { shop: {}, mill: {} },
  redis: { instances: { cache: { streams, keys: { "cart:*": ["shop"] } } } },
});
const readBy = (consumers: object) => skillOf({ emails: { producers: ["shop"], consumers } });
const base = readBy(groups);
/** Takes the stream with its groups out of the skill. */
const less = skillOf({});
/** By thing: its group, and the change that would lose it alone: a preview ends at the first refusal. */
const things = [
  { thing: "group deleted that has messages in hand", group: "mailer", skill: readBy({ letters: groups.letters }) },
  { thing: "group deleted that has not read them", group: "letters", skill: readBy({ mailer: groups.mailer }) },
];

let network: Network;
let redis: RedisPair;
let environment: External;
const cells: Cell[] = [];

beforeAll(async () => {
  network = await makeNetwork("messaging-soak-gate-redis");
  redis = await makeRedisPair(network);
  const servers = { cache: { host: redis.address(1), port: 6379, tls: false } };
  const config = { redis: { provision: "external", servers } };
  environment = await makeExternal("gateredis", base, config, { redisPassword: PASSWORD });
  await environment.up();
});
afterAll(async () => {
  if (cells.length > 0) keep("gate-redis", table(cells));
  await network?.remove();
  environment?.remove();
});

/** What a group has in hand and has not read. */
async function count(group: string): Promise<number> {
  const listed = await redis.cli(1, "XINFO", "GROUPS", "emails");
  const fields = listed.split("\n");
  const at = fields.indexOf(group);
  const of = (field: string) => Number(fields[fields.indexOf(field, at) + 1]);
  return at < 0 ? 0 : of("pending") + of("lag");
}

/** `mailer` has messages in hand, `letters` has not read them. */
beforeEach(async () => {
  for (let missing = HELD - (await count("letters")); missing > 0; missing--)
    await redis.cli(1, "XADD", "emails", "*", "body", "m");
  await redis.cli(1, "XREADGROUP", "GROUP", "mailer", "one", "COUNT", "100", "STREAMS", "emails", ">");
  for (const { group } of things) expect(await count(group), group).toBe(HELD);
});
afterEach(async () => {
  environment.skill(base);
  await environment.up();
});

const setDelay = (...lines: string[]) =>
  redis.inside(1, "sh", "-c", `sed -i '/^key-load-delay/d; /^loading-process/d' /tmp/redis.conf; ${lines.join("; ")}`);

const states: Record<string, () => Promise<() => Promise<void>>> = {
  "all is well": async () => async () => {},
  "primary loading": async () => {
    await redis.cli(1, "EVAL", "for i = 1, 3000 do redis.call('SET', 'filler:' .. i, string.rep('x', 100)) end", "0");
    // Only while it loads a snapshot does it answer that it loads, every 1024 bytes.
    await redis.cli(1, "BGREWRITEAOF");
    await until("a snapshot", async () => {
      const told = await redis.cli(1, "INFO", "persistence");
      return /aof_rewrite_in_progress:0/.test(told) && /aof_rewrite_scheduled:0/.test(told);
    });
    await setDelay(
      "echo key-load-delay 100000 >> /tmp/redis.conf",
      "echo loading-process-events-interval-bytes 1024 >> /tmp/redis.conf",
    );
    await redis.kill(1);
    await redis.start(1);
    await until("it loads", async () => /LOADING/.test(await redis.cli(1, "GET", "filler:1").catch(String)));
    return async () => {
      await setDelay("true");
      await redis.kill(1);
      await redis.start(1);
    };
  },
  "replica promoted, primary follows it": async () => {
    await redis.promote(2);
    await redis.cli(1, "REPLICAOF", redis.address(2), "6379");
    await redis.ready();
    return async () => {
      await redis.promote(1);
      await redis.cli(2, "REPLICAOF", redis.address(1), "6379");
    };
  },
  "primary gone": async () => {
    await redis.kill(1);
    return () => redis.start(1);
  },
  "primary isolated": async () => {
    await redis.isolate(1);
    return () => redis.heal(1);
  },
};

describe("the data-loss gate on a primary of Redis with a replica", () => {
  it.each(Object.keys(states).filter(chosen))("deletes nothing that is held: %s", async (state) => {
    const undo = await states[state]!();
    const up = ["up", "--yes", "--skip-preview", "--continue-on-error"];
    const previews: Result[] = [];
    for (const { skill } of things) previews.push(await ask(environment, skill, "preview"));
    const done = await ask(environment, less, ...up);
    await undo();
    await redis.ready();
    const here: Cell[] = [];
    for (const [at, { thing, group }] of things.entries()) {
      const counts = { before: HELD, after: await count(group) };
      here.push(cellOf({ state, thing, ...counts }, `redis/cache/emails/${group}`, previews[at]!, done));
    }
    cells.push(...here);
    console.log(table(here));
    if (!here.every(isRight)) console.log(...[...previews, done].map(({ output }) => output));
    expect(here.filter((cell) => !isRight(cell))).toEqual([]);
  });

  it("deletes what is empty when all is well", async () => {
    await redis.cli(1, "XGROUP", "SETID", "emails", "letters", "$");
    environment.skill(readBy({ mailer: groups.mailer }));
    await environment.up();
    expect(await redis.cli(1, "XINFO", "GROUPS", "emails")).not.toContain("letters");
  });
});
