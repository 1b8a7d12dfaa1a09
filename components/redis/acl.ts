import { deadLetterStreamName, type RedisInstanceSpec } from "../../skill/index.ts";

/** What one app does on one instance. */
export interface RedisRights {
  /** Channels, or beginnings of channels with a * at the end. */
  publishes: string[];
  subscribes: string[];
  /** Streams that it adds to. */
  produces: string[];
  consumes: { stream: string; group: string }[];
  /** Keys, or beginnings of keys with a * at the end. */
  keys: string[];
}

/** What a client sends to log in and to say who it is; nothing here touches data. */
const CONNECTION = "auth hello ping echo quit reset client|id client|getname client|setname client|setinfo".split(" ");
/**
 * Reading, answering and reclaiming. A consumer also sees how far every group of the stream is and trims what all of them have
 * acknowledged, for a full server refuses every write; and it removes the names of consumers that are gone.
 */
const CONSUME =
  "xreadgroup xack xpending xclaim xautoclaim xtrim xinfo|groups xinfo|consumers xgroup|delconsumer".split(" ");
const SUBSCRIBE = "subscribe unsubscribe psubscribe punsubscribe".split(" ");
/** Every command of these works on keys that it is given. */
const DATA_TYPES = "string hash list set sortedset bitmap hyperloglog geo stream transaction".split(" ");
/** Of the commands for any key, those that name it: SCAN, KEYS, RANDOMKEY, DBSIZE and FLUSHALL would show or take another app's. */
const ANY_KEY =
  "del unlink exists type touch copy rename renamenx expire expireat pexpire pexpireat expiretime pexpiretime ttl pttl persist".split(
    " ",
  );

/** Every app of the instance with its rights, in alphabetical order. */
export function toRights(spec: RedisInstanceSpec): Record<string, RedisRights> {
  const rights: Record<string, RedisRights> = {};
  const of = (app: string) => {
    rights[app] ??= { publishes: [], subscribes: [], produces: [], consumes: [], keys: [] };
    return rights[app];
  };
  for (const [channel, { publishers, subscribers }] of Object.entries(spec.channels)) {
    for (const app of publishers) of(app).publishes.push(channel);
    for (const app of subscribers) of(app).subscribes.push(channel);
  }
  for (const [stream, { producers, consumers }] of Object.entries(spec.streams)) {
    for (const app of producers) of(app).produces.push(stream);
    for (const [group, { app }] of Object.entries(consumers)) of(app).consumes.push({ stream, group });
  }
  for (const [pattern, apps] of Object.entries(spec.keys)) for (const app of apps) of(app).keys.push(pattern);
  return Object.fromEntries(Object.entries(rights).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * The ACL rules of a user with exactly these rights. The root permission reaches no key and no channel; each kind of right is
 * a selector of its own, so that what is allowed on one key is not allowed on another.
 */
export function toRules(rights: RedisRights, extra: { consume?: string[] } = {}): string[] {
  const adds = [...rights.produces, ...rights.consumes.map(({ stream, group }) => deadLetterStreamName(stream, group))];
  const consumed = rights.consumes.map(({ stream }) => stream);
  return [
    "resetkeys",
    "resetchannels",
    "-@all",
    ...CONNECTION.map((command) => `+${command}`),
    ...selector("~", adds, ["+xadd"]),
    ...selector(
      "~",
      consumed,
      [...CONSUME, ...(extra.consume ?? [])].map((command) => `+${command}`),
    ),
    ...selector("&", rights.publishes, ["+publish"]),
    ...selector(
      "&",
      rights.subscribes,
      SUBSCRIBE.map((command) => `+${command}`),
    ),
    ...selector("~", rights.keys, [
      ...DATA_TYPES.map((type) => `+@${type}`),
      "-@dangerous",
      ...ANY_KEY.map((command) => `+${command}`),
    ]),
  ];
}

function selector(sign: "~" | "&", names: string[], commands: string[]): string[] {
  if (names.length === 0) return [];
  const patterns = [...new Set(names)].sort().map((name) => `${sign}${name}`);
  return [`(resetchannels ${patterns.join(" ")} -@all ${commands.join(" ")})`];
}
