import type { AppAccess } from "../access.ts";
import { BLOCKED_RETRIES } from "../outcome.ts";

/** What is promised of one consumer of a flow, and how it is put to the proof. */
export interface Check {
  /** As `messaging dlq` names it: `rabbitmq/orders`, `kafka/user-events/notify`, `redis/cache/emails/mailer`. */
  flow: string;
  /** As an app names it when it publishes or consumes. */
  path: string;
  /** The consumer group, where the broker has groups. */
  group?: string;
  /** The app that publishes; absent where the skill has none. */
  producer?: string;
  /** The app that consumes. */
  consumer: string;
  /** Deliveries in all; `Infinity` where poison blocks. */
  maxAttempts: number;
  /** Milliseconds before each retry. */
  delays: number[];
  /** Whether a failed message holds back those behind it. */
  order: "free" | "partition" | "group";
  /** The key of a canary that only its run has, or that leads to the queue at all. */
  keyOf: (run: string, kind: string) => string | undefined;
}

/** A consumer that verify says nothing of, and why. */
export interface Unchecked {
  flow: string;
  consumer: string;
  reason: string;
}

/** A Pub/Sub channel: it has no retry and no dead letters. */
export interface ChannelCheck {
  /** `redis/<instance>/<channel>`; the channel may end in `*`. */
  flow: string;
  publisher: string;
  subscriber: string;
}

export interface Plan {
  checks: Check[];
  channels: ChannelCheck[];
  unchecked: Unchecked[];
}

type Apps = Record<string, AppAccess>;

/** What there is to prove, of the outputs of an environment alone. */
export function planOf(apps: Apps): Plan {
  const found = Object.entries(apps).flatMap(([consumer, access]) => [
    ...rabbitmqChecks(apps, consumer, access),
    ...kafkaChecks(apps, consumer, access),
    ...sqsChecks(apps, consumer, access),
    ...redisChecks(apps, consumer, access),
  ]);
  return {
    checks: found.flatMap((entry) => ("reason" in entry ? [] : [entry])),
    channels: Object.entries(apps).flatMap(([subscriber, access]) => channelChecks(apps, subscriber, access)),
    unchecked: found.flatMap((entry) => ("reason" in entry ? [entry] : [])),
  };
}

type Found = (Check | Unchecked)[];

const producerOf = (apps: Apps, produces: (access: AppAccess) => boolean): string | undefined =>
  Object.entries(apps).find(([, access]) => produces(access))?.[0];

function rabbitmqChecks(apps: Apps, consumer: string, { rabbitmq }: AppAccess): Found {
  // The name of a queue that is replaced leads to the new one, which has a check of its own.
  const own = Object.entries(rabbitmq?.consumes ?? {}).filter(([name, { queue }]) => name === queue);
  return own.map(([queue, { maxAttempts, retries, nativeDelays, deadLetterQueue }]) => {
    const flow = `rabbitmq/${queue}`;
    if (deadLetterQueue === undefined) return { flow, consumer, reason: "a stream keeps what failed where it is" };
    const producer = producerOf(apps, (access) => access.rabbitmq?.publishes[queue] !== undefined);
    const [destination] = (producer === undefined ? undefined : apps[producer]!.rabbitmq?.publishes[queue]) ?? [];
    return {
      flow,
      path: flow,
      producer,
      consumer,
      maxAttempts,
      delays: nativeDelays ?? (retries ?? []).map(({ delay }) => delay),
      order: "free",
      // The queue is found by its binding key, so only what the key leaves open can be the run's own.
      keyOf: (run) => destination?.routingKeys[0]?.replace(/[*#]/g, `messaging-verify-${run}`),
    };
  });
}

const isOwn = ([name, { topic }]: [string, { topic: string }]): boolean => name === topic;

function kafkaChecks(apps: Apps, consumer: string, { kafka }: AppAccess): Found {
  return Object.entries(kafka?.consumes ?? {}).flatMap(([group, topics]) =>
    Object.entries(topics)
      .filter(isOwn)
      .map(
        ([topic, { maxAttempts, delays, ordered }]): Check => ({
          flow: `kafka/${topic}/${group}`,
          path: `kafka/${topic}`,
          group,
          producer: producerOf(apps, (access) => access.kafka?.publishes[topic] !== undefined),
          consumer,
          maxAttempts,
          delays,
          order: ordered ? "partition" : "free",
          keyOf: privateKey,
        }),
      ),
  );
}

function sqsChecks(apps: Apps, consumer: string, { sqs }: AppAccess): Found {
  return Object.entries(sqs?.consumes ?? {}).map(
    ([queue, { visibilityTimeout, maxReceiveCount = Number.POSITIVE_INFINITY }]): Check => {
      const retries = maxReceiveCount === Number.POSITIVE_INFINITY ? BLOCKED_RETRIES : maxReceiveCount - 1;
      return {
        flow: `sqs/${queue}`,
        path: `sqs/${queue}`,
        producer: producerOf(apps, (access) => access.sqs?.publishes[queue] !== undefined),
        consumer,
        maxAttempts: maxReceiveCount,
        delays: Array.from({ length: retries }, () => visibilityTimeout * 1000),
        order: "group",
        keyOf: privateKey,
      };
    },
  );
}

function redisChecks(apps: Apps, consumer: string, { redis }: AppAccess): Found {
  return Object.entries(redis ?? {}).flatMap(([instance, { consumes }]) =>
    Object.entries(consumes).flatMap(([stream, groups]) =>
      Object.values(groups).map(
        ({ group, maxAttempts, delays }): Check => ({
          flow: `redis/${instance}/${stream}/${group}`,
          path: `redis/${instance}/${stream}`,
          group,
          producer: producerOf(apps, (access) => access.redis?.[instance]?.produces.includes(stream) ?? false),
          consumer,
          maxAttempts,
          delays,
          order: "free",
          keyOf: () => undefined,
        }),
      ),
    ),
  );
}

function channelChecks(apps: Apps, subscriber: string, { redis }: AppAccess): ChannelCheck[] {
  return Object.entries(redis ?? {}).flatMap(([instance, { subscribes }]) =>
    subscribes.flatMap((channel) => {
      const publisher = producerOf(apps, (access) => access.redis?.[instance]?.publishes.includes(channel) ?? false);
      return publisher === undefined ? [] : [{ flow: `redis/${instance}/${channel}`, publisher, subscriber }];
    }),
  );
}

/** A key, and so a partition or message group, that no other message has. */
const privateKey = (run: string, kind: string): string => `messaging-verify-${run}-${kind}`;
