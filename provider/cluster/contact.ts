import { setTimeout as wait } from "node:timers/promises";
import { within } from "../../client/within.ts";
import type { Properties } from "../wire.ts";

/** How long a broker may take over saying which it is, in milliseconds, all tries together. */
const LONGEST_MS = 18_000;
/** Waits before the second, third and fourth try, in milliseconds. */
const WAITS_MS = [1_000, 2_000, 4_000];

/** What tells a broker's clusters apart. */
export interface Contact {
  /** Who it is; undefined where nothing tells it from others. Throws one sentence where it does not answer, within 18 s, or refuses. */
  identity(broker: string, connection: Properties): Promise<string | undefined>;
  /** The same; a server that nothing tells from others is given a mark, which stays with its data. */
  marked(broker: string, connection: Properties): Promise<string>;
}

interface Look {
  identity(): Promise<string | undefined>;
  close(): Promise<void>;
}

/** The brokers themselves. Their code is loaded when one is asked: the plugin's start counts in every preview. */
export const live: Contact = {
  identity: (broker, connection) => patiently(placeOf(broker, connection), () => identityOf(broker, connection)),
  async marked(broker, connection) {
    const place = placeOf(broker, connection);
    const identity = await patiently(place, async () => {
      if (kindOf(broker) === "redis") return (await import("./redisMark.ts")).markServer(connection as never);
      return identityOf(broker, connection);
    });
    if (identity === undefined) throw new Error(`${place}: must tell which cluster it is, and does not`);
    return identity;
  },
};

/** `rabbitmq` of `rabbitmq`, `redis` of `redis/cache`. */
export const kindOf = (broker: string): string => broker.split("/")[0]!;

/** What sentences call a broker: `rabbitmq at https://rabbit.example.org:15671`. */
export function placeOf(broker: string, connection: Properties): string {
  const { managementUrl, bootstrapServers, endpoint, region, host, port } = connection;
  if (managementUrl !== undefined) return `${broker} at ${managementUrl}`;
  if (bootstrapServers !== undefined) return `${broker} at ${(bootstrapServers as string[]).join(", ")}`;
  if (host !== undefined) return `${broker} at ${host}:${port}`;
  return endpoint === undefined ? `${broker} in ${region}` : `${broker} at ${endpoint}`;
}

async function identityOf(broker: string, connection: Properties): Promise<string | undefined> {
  const look = await openLook(kindOf(broker), connection as never);
  try {
    return await look.identity();
  } finally {
    await look.close().catch(() => {});
  }
}

async function openLook(kind: string, access: never): Promise<Look> {
  if (kind === "rabbitmq") return (await import("../../live/rabbitmqIdentity.ts")).rabbitmqIdentity(access);
  if (kind === "kafka") return (await import("../../live/kafkaIdentity.ts")).kafkaIdentity(access);
  if (kind === "sqs") return (await import("../../live/sqs.ts")).sqsLook(access);
  return (await import("../../live/redis.ts")).redisLook(access);
}

/** Asks again while nobody answers. What is thrown names the broker and where it is, once. */
export async function patiently<T>(
  place: string,
  ask: () => Promise<T>,
  { longest = LONGEST_MS, waits = WAITS_MS } = {},
): Promise<T> {
  const started = performance.now();
  const left = () => longest - (performance.now() - started);
  for (let tries = 1; ; tries++) {
    try {
      return await within(left(), ask(), silence);
    } catch (error) {
      const pause = waits[tries - 1];
      if ((error as Error).name !== "ConnectionError") throw new Error(sentence(place, (error as Error).message));
      if (pause === undefined || pause >= left()) {
        const seconds = Math.max(1, Math.round((longest - left()) / 1000));
        const times = tries === 1 ? "1 try" : `${tries} tries`;
        throw new Error(`${place}: must answer, got no answer within ${seconds} s, in ${times}: ${lastWords(error)}`);
      }
      await wait(pause);
    }
  }
}

/** What {@link patiently} takes for silence: told by its name, as the client's class would be loaded for it. */
const silence = () => Object.assign(new Error("it says nothing"), { name: "ConnectionError" });

/** Looks put their own words for the place before what they say. */
const lastWords = (error: unknown): string => (error as Error).message.split(": ").at(-1)!;

const sentence = (place: string, message: string): string =>
  message.startsWith(place) ? message : `${place}: ${message}`;
