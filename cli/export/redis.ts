import { deadLetterStreamName, type RedisInstanceSpec, type RedisSkill, retryDelays } from "../../skill/index.ts";
import type { Flow } from "./flow.ts";

/** The channels, streams and keys of Redis as flows. */
export const redisFlows = (redis: RedisSkill | undefined): Flow[] =>
  Object.entries(redis?.instances ?? {}).flatMap(([instance, spec]) => [
    ...channels(instance, spec),
    ...streams(instance, spec),
    ...Object.entries(spec.keys).map(([keys, apps]) => ({
      ...at(instance, keys, "keys"),
      producers: apps,
      consumers: [],
    })),
  ]);

const channels = (instance: string, spec: RedisInstanceSpec): Flow[] =>
  Object.entries(spec.channels).map(([channel, { publishers, subscribers }]) => ({
    ...at(instance, channel, "channel"),
    producers: publishers,
    consumers: subscribers.map((app) => ({ app, delays: [], tiers: [] })),
  }));

const streams = (instance: string, spec: RedisInstanceSpec): Flow[] =>
  Object.entries(spec.streams).map(([stream, { producers, consumers }]) => ({
    ...at(instance, stream, "stream"),
    producers,
    consumers: Object.entries(consumers).map(([group, { app, retry }]) => ({
      app,
      group,
      letters: `redis/${instance}/${stream}/${group}`,
      retry,
      delays: retryDelays(retry),
      tiers: [],
      deadLetters: deadLetterStreamName(stream, group),
      maxAttempts: retry.maxAttempts,
    })),
  }));

const at = (instance: string, place: string, kind: Flow["kind"]) => ({
  broker: "redis" as const,
  name: `redis/${instance}/${place}`,
  place,
  kind,
  instance,
});
