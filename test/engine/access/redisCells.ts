import type { Cell, Principal } from "./cells.ts";
import { entries, type Written } from "./oracle.ts";
import { onRedis, type RedisStreamAction, type RedisTry } from "./oracleRedis.ts";

/** Reading and writing keys of each kind, by a name of the kind. */
const ON_KEY: Record<string, string[]> = {
  text: ["GET $1", "SET $1 x", "APPEND $1 x", "EXPIRE $1 1000", "TTL $1", "TYPE $1", "EXISTS $1", "WATCH $1", "DEL $1"],
  hash: ["HSET $1 a 1", "HGETALL $1", "HSCAN $1 0"],
  list: ["LPUSH $1 x", "LRANGE $1 0 -1"],
  set: ["SADD $1 x", "SMEMBERS $1"],
  sorted: ["ZADD $1 1 x", "ZRANGE $1 0 -1"],
  bits: ["SETBIT $1 7 1"],
  count: ["PFADD $1 x"],
  stream: ["XADD $1 * a 1", "XLEN $1"],
};
const ON_TWO_KEYS = ["MGET $1 $2", "MSET $1 a $2 b", "COPY $1 $2 REPLACE", "BITOP OR $1 $2"];
/** On streams as on any other key: what neither producers nor consumers do. */
const ON_STREAM_KEY = [
  "XRANGE $1 - +",
  "XREAD STREAMS $1 0",
  "XLEN $1",
  "XINFO STREAM $1",
  "XDEL $1 0-1",
  "XGROUP CREATE $1 probe 0",
  "XGROUP SETID $1 takers 0",
  "XSETID $1 9999999999999-0",
  "GET $1",
  "SET $1 x",
  "RENAME $1 cart:stolen",
  "XGROUP DESTROY $1 takers",
  "DEL $1",
];
/** What works on more than named keys, or administers. */
const ON_SERVER = [
  ..."KEYS *|SCAN 0|RANDOMKEY|DBSIZE|INFO|ROLE|LASTSAVE|COMMAND COUNT|SELECT 1|SWAPDB 0 1|MONITOR".split("|"),
  ..."CONFIG GET *|CONFIG SET maxmemory 1|CONFIG REWRITE|ACL LIST|ACL WHOAMI|ACL GETUSER maker".split("|"),
  ..."ACL SETUSER probe on nopass ~* +@all|ACL DELUSER renewed|ACL SAVE|CLIENT LIST|CLIENT KILL TYPE normal".split("|"),
  ..."EVAL return(1) 0|EVAL return(1) 1 cart:text|SCRIPT FLUSH|FUNCTION LIST|FUNCTION FLUSH|PUBSUB CHANNELS".split("|"),
  ..."SAVE|BGSAVE|BGREWRITEAOF|REPLICAOF NO ONE|SHUTDOWN ABORT|DEBUG SLEEP 0|MODULE LIST|SLOWLOG RESET".split("|"),
  ..."SORT cart:list|DUMP cart:text|MIGRATE 127.0.0.1 1 cart:text 0 1|MOVE cart:text 1|OBJECT ENCODING cart:text".split(
    "|",
  ),
  ..."MEMORY USAGE cart:text|SPUBLISH orders:1 x|LATENCY RESET|FLUSHDB|FLUSHALL".split("|"),
];
const STREAM_ACTIONS: RedisStreamAction[] = [
  "read group",
  "acknowledge",
  "claim",
  "look at groups",
  "trim",
  "drop consumer",
];

/** What is tried on an instance: on all that the skill names, and on names that look like it. */
export function redisTries(skill: Written, instance: string): RedisTry[] {
  const { streams } = skill.redis.instances[instance];
  const groups = entries(streams).flatMap(([stream, { consumers }]) =>
    Object.keys(consumers ?? {}).map((group) => ({ stream, group })),
  );
  const names = Object.keys(streams ?? {});
  const added = [...names, ...groups.map(({ stream, group }) => `${stream}.${group}.dlq`), "orders.new"];
  const channels = [
    "orders:1",
    "orders:",
    "orders:*",
    "orders",
    "ordersX1",
    "orders.v1",
    "ordersXv1",
    "orders.v1:1",
    "other",
  ];
  const prefixes = ["cart:", "cart.eu:", "cartXeu:", "carton:", "xcart:", ""];
  const plain = ["cart", "cart.", "cartX", "orders.takers", "other"];
  return [
    ...added.map((stream): RedisTry => ({ action: "add to stream", stream, group: "" })),
    ...STREAM_ACTIONS.flatMap((action) => groups.map((one): RedisTry => ({ action, ...one }))),
    ...(["publish", "subscribe"] as const).flatMap((action) =>
      channels.map((channel): RedisTry => ({ action, channel })),
    ),
    ...["orders:*", "*", "orders*", "orders.*"].map(
      (pattern): RedisTry => ({ action: "subscribe to pattern", pattern }),
    ),
    ...Object.entries(ON_KEY).flatMap(([kind, commands]) =>
      commands.flatMap((command) => prefixes.map((prefix) => key(command, `${prefix}${kind}`))),
    ),
    ...["GET $1", "SET $1 x", "DEL $1"].flatMap((command) => plain.map((name) => key(command, name))),
    ...ON_TWO_KEYS.flatMap((command) => [
      key(command, "cart:two", "cart:three"),
      key(command, "cart:two", "cart.eu:three"),
      key(command, "cart:two", "cartXeu:three"),
      key(command, "cartXeu:two", "cartXeu:three"),
      key(command, "cart:two", "orders"),
    ]),
    ...[...names, ...added].flatMap((name) => ON_STREAM_KEY.map((command) => key(command, name))),
    ...ON_SERVER.map((command): RedisTry => ({ action: "server", command })),
  ].filter(once());
}

const key = (command: string, ...keys: string[]): RedisTry => ({ action: "key", command, keys });

function once(): (tried: RedisTry) => boolean {
  const seen = new Set<string>();
  return (tried) => !seen.has(JSON.stringify(tried)) && Boolean(seen.add(JSON.stringify(tried)));
}

/** Who is let in tries everything; who is not, one of each kind. */
export function redisCells(skill: Written, instance: string, principal: Principal): Cell<RedisTry>[] {
  const tries = redisTries(skill, instance);
  const known = tries.some((tried) => onRedis(skill, instance, principal.app, tried).allowed);
  return (known ? tries : tries.filter(ofOrders)).map((tried) => ({
    principal,
    tried,
    expected: onRedis(skill, instance, principal.app, tried),
  }));
}

function ofOrders(tried: RedisTry): boolean {
  if (tried.action === "server") return true;
  if (tried.action === "key") return tried.keys.every((name) => name.startsWith("cart:") || name === "orders");
  if ("stream" in tried) return tried.stream === "orders";
  return !("channel" in tried) || tried.channel === "orders:1";
}
