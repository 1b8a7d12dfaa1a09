import { type Expected, entries, holeWhen, mayNot, type Written, when } from "./oracle.ts";

/** Something that one may try on a Redis instance: one or more keys (streams are keys), one channel, or nothing but a command. */
export type RedisTry =
  | { action: "add to stream" | RedisStreamAction; stream: string; group: string }
  | { action: "publish" | "subscribe"; channel: string }
  | { action: "subscribe to pattern"; pattern: string }
  | { action: "key"; command: string; keys: string[] }
  | { action: "server"; command: string };

/** What is done with a stream as its consumer, and the wider rights that go with it as Redis has none by group. */
export type RedisStreamAction = "read group" | "acknowledge" | "claim" | "look at groups" | "trim" | "drop consumer";

/** What an app may do by the skill; `undefined` is somebody whom the skill does not know. */
export function onRedis(skill: Written, instance: string, app: string | undefined, tried: RedisTry): Expected {
  const { channels, streams, keys } = skill.redis.instances[instance];
  if (app === undefined) return mayNot;
  switch (tried.action) {
    case "publish":
      return when(named(channels, tried.channel).some(({ publishers = [] }) => publishers.includes(app)));
    case "subscribe":
      return when(named(channels, tried.channel).some(({ subscribers = [] }) => subscribers.includes(app)));
    // Redis: a pattern is allowed as it is written alone.
    case "subscribe to pattern":
      return when((channels?.[tried.pattern]?.subscribers ?? []).includes(app));
    case "key":
      return when(tried.keys.every((key) => named(keys, key).some((apps) => apps.includes(app))));
    case "server":
      return mayNot;
    case "add to stream":
      return when(adds(streams, app, tried.stream));
    default:
      return consumes(streams?.[tried.stream]?.consumers, app, tried);
  }
}

function consumes(consumers: Written, app: string, { action, group }: { action: string; group: string }): Expected {
  const own = entries(consumers).filter(([, consumer]) => consumer.app === app);
  if (own.some(([name]) => name === group)) {
    // The contract: consumers trim what every group has acknowledged, and see how far all of them are.
    return action === "trim" ? holeWhen(true, "trim of what another group has not read") : when(true);
  }
  return holeWhen(own.length > 0, "another consumer group of a stream that one consumes");
}

const adds = (streams: Written, app: string, name: string): boolean =>
  entries(streams).some(
    ([stream, { producers = [], consumers }]) =>
      (stream === name && producers.includes(app)) ||
      entries(consumers).some(([group, consumer]) => consumer.app === app && `${stream}.${group}.dlq` === name),
  );

/** What the skill says of a name: by itself, or by a beginning of it that ends in *. */
const named = (map: Written, name: string): Written[] =>
  entries(map)
    .filter(([written]) =>
      written.endsWith("*") ? name.startsWith(written.slice(0, written.length - 1)) : name === written,
    )
    .map(([, value]) => value);
