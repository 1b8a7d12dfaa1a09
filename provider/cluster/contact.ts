import { setTimeout as wait } from "node:timers/promises";
import { within } from "../../client/within.ts";
import type { Properties } from "../wire.ts";
import { isKafkaLogin, isRabbitmqLogin, isRedisLogin, isSqsAccess } from "./connection.ts";

/** How long a broker may take over saying which it is, in milliseconds, all tries together. */
const LONGEST_MS = 18_000;
/** How long a broker may take over a plan that nothing of it needs yet, in milliseconds. */
const FIT_MS = 5_000;
/** Waits before the second, third and fourth try, in milliseconds. */
const WAITS_MS = [1_000, 2_000, 4_000];

/** What tells a broker's clusters apart. */
export interface Contact {
  /**
   * Throws one sentence where a broker is none that this project works with: too old, or of a kind that it cannot keep its promises on.
   * Of one that does not answer within 5 s, or refuses, it says nothing: the two below do.
   */
  fit?(broker: string, connection: Properties): Promise<void>;
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
  async fit(broker, connection) {
    await within(FIT_MS, identityOf(broker, connection)).catch((error: Error) => {
      if (isUnfit(error)) throw new Error(sentence(placeOf(broker, connection), error.message));
    });
  },
  identity: (broker, connection) => patiently(placeOf(broker, connection), () => identityOf(broker, connection)),
  async marked(broker, connection) {
    const place = placeOf(broker, connection);
    const identity = await patiently(place, async () => {
      if (isRedisLogin(broker, connection)) return (await import("./redisMark.ts")).markServer(connection);
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
  const {
    managementUrl,
    managementUrls = [managementUrl],
    bootstrapServers,
    endpoint,
    region,
    host,
    port,
  } = connection;
  if (managementUrl !== undefined) return `${broker} at ${(managementUrls as string[]).join(", ")}`;
  if (bootstrapServers !== undefined) return `${broker} at ${(bootstrapServers as string[]).join(", ")}`;
  if (host !== undefined) return `${broker} at ${host}:${port}`;
  return endpoint === undefined ? `${broker} in ${region}` : `${broker} at ${endpoint}`;
}

async function identityOf(broker: string, connection: Properties): Promise<string | undefined> {
  const look = await openLook(broker, connection);
  try {
    return await look.identity();
  } finally {
    await look.close().catch(() => {});
  }
}

/** @throws where the connection is not that of such a broker: a state that something else wrote. */
async function openLook(broker: string, connection: Properties): Promise<Look> {
  if (isRabbitmqLogin(broker, connection))
    return (await import("../../live/rabbitmqIdentity.ts")).rabbitmqIdentity(connection);
  if (isKafkaLogin(broker, connection)) return (await import("../../live/kafkaIdentity.ts")).kafkaIdentity(connection);
  if (isSqsAccess(broker, connection)) return (await import("../../live/sqs.ts")).sqsLook(connection);
  if (isRedisLogin(broker, connection)) return (await import("../../live/redisIdentity.ts")).redisIdentity(connection);
  throw new Error(
    `connection: must say how ${broker} is reached, got ${Object.keys(connection).join(", ") || "nothing"}`,
  );
}

/** Asks again while nobody answers. What is thrown names the broker and where it is, once. */
export async function patiently<T>(
  place: string,
  ask: () => Promise<T>,
  { longest = LONGEST_MS, waits = WAITS_MS } = {},
): Promise<T> {
  const started = performance.now();
  const left = () => longest - (performance.now() - started);
  let said: unknown;
  for (let tries = 1; ; tries++) {
    try {
      return await within(left(), ask(), silence);
    } catch (error) {
      const pause = waits[tries - 1];
      // What an earlier try said is of more use than that the last one had too little time.
      if (!isSilence(error)) said = error;
      if ((error as Error).name !== "ConnectionError") throw new Error(sentence(place, (error as Error).message));
      if (pause === undefined || pause >= left()) {
        const seconds = Math.max(1, Math.round((longest - left()) / 1000));
        const times = tries === 1 ? "1 try" : `${tries} tries`;
        throw new Error(
          `${place}: must answer, got no answer within ${seconds} s, in ${times}: ${lastWords(said ?? error)}`,
        );
      }
      await wait(pause);
    }
  }
}

/** What {@link patiently} takes for silence: told by its name, as the client's class would be loaded for it. */
const silence = () => Object.assign(new Error(NOTHING), { name: "ConnectionError" });
const NOTHING = "it says nothing";
/** Told by its mark, for the same reason. */
const isUnfit = (error: Error): boolean => "unfit" in error;
const isSilence = (error: unknown): boolean => (error as Error).message === NOTHING;

/** Looks put their own words for the place before what they say. */
const lastWords = (error: unknown): string => (error as Error).message.split(": ").at(-1)!;

const sentence = (place: string, message: string): string =>
  message.startsWith(place) ? message : `${place}: ${message}`;
