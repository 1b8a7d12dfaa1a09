import { setTimeout as wait } from "node:timers/promises";
import type { AppAccess } from "../../client/access.ts";
import { type Client, connect } from "../../client/index.ts";
import { linkTo } from "../../client/rabbitmq/link.ts";
import { kafkaLogin } from "../../live/inventory/kafka.ts";
import { redisLogin } from "../../live/inventory/redis.ts";

export type Apps = Record<string, AppAccess>;

/** The flows of the example skill that keep messages, who publishes into them and who consumes them. */
export const FLOWS = [
  { flow: "rabbitmq/orders", producer: "order-service", consumer: "fulfilment", key: "order.created" },
  { flow: "kafka/user-events", producer: "order-service", consumer: "notification-service" },
  { flow: "redis/notifications/emails", producer: "notification-service", consumer: "fulfilment" },
] as const;

/** A confirmed message of each flow is sent about so often. */
const PAUSE_MS = 100;

/** Producers and consumers of every flow that run until they are stopped, and can change their credentials meanwhile. */
export function traffic() {
  const confirmed = new Map<string, Set<string>>(FLOWS.map(({ flow }) => [flow, new Set()]));
  const handled = new Map<string, Map<string, number>>(FLOWS.map(({ flow }) => [flow, new Map()]));
  const run = `rotate-${Date.now()}`;
  let next = 0;

  /** Instances of all apps with their credentials of one time. */
  async function instances(apps: Apps) {
    const clients = new Map<string, Client>();
    const of = (app: string) => {
      const client = clients.get(app) ?? connect(apps[app]!);
      clients.set(app, client);
      return client;
    };
    for (const { flow, consumer } of FLOWS) {
      const seen = handled.get(flow)!;
      await of(consumer).consume(flow, ({ body }) => {
        const text = body.toString();
        seen.set(text, (seen.get(text) ?? 0) + 1);
      });
    }
    let stopping = false;
    const producing = FLOWS.map(async ({ flow, producer, ...more }) => {
      while (!stopping) {
        const body = `${run}-${next++}`;
        await of(producer).publish(flow, { body, key: "key" in more ? more.key : body });
        confirmed.get(flow)!.add(body);
        await wait(PAUSE_MS);
      }
    });
    const all = Promise.all(producing);
    all.catch(() => {});
    return {
      /** Stops producing, and ends when what is in hand is done. Throws what a producer failed with. */
      async stop() {
        stopping = true;
        await all.finally(() => Promise.all([...clients.values()].map((client) => client.close())));
      },
    };
  }

  /** What of a flow was confirmed and never handled, and what was handled again. */
  const account = (flow: string) => {
    const sent = [...confirmed.get(flow)!];
    const seen = handled.get(flow)!;
    return {
      confirmed: sent.length,
      lost: sent.filter((body) => !seen.has(body)).length,
      duplicates: sent.reduce((sum, body) => sum + Math.max(0, (seen.get(body) ?? 0) - 1), 0),
    };
  };

  return {
    instances,
    accounts: () => Object.fromEntries(FLOWS.map(({ flow }) => [flow, account(flow)])),
    /** Waits until all that was confirmed is handled, for some time. */
    async arrived(milliseconds: number) {
      for (const end = Date.now() + milliseconds; Date.now() < end; await wait(200))
        if (FLOWS.every(({ flow }) => account(flow).lost === 0)) return;
    },
  };
}

/** Logs in to each broker of an app: what it was let in by, and what not. Errors of other kinds are told. */
export async function logins({ rabbitmq, kafka, redis = {} }: AppAccess): Promise<Record<string, string>> {
  const tries: [string, () => Promise<unknown>][] = [
    ...(rabbitmq ? [["rabbitmq", () => rabbitmqLogin(rabbitmq)] as [string, () => Promise<unknown>]] : []),
    ...(kafka ? [["kafka", () => kafkaLogin(kafka)] as [string, () => Promise<unknown>]] : []),
    ...Object.entries(redis).map(
      ([instance, access]) => [`redis/${instance}`, () => redisLogin(access)] as [string, () => Promise<unknown>],
    ),
  ];
  const results = tries.map(async ([broker, login]) => {
    const said = await login().then(
      () => "accepted",
      (error: Error) => (error.name === "RefusedError" ? "refused" : error.message),
    );
    return [broker, said] as const;
  });
  return Object.fromEntries(await Promise.all(results));
}

async function rabbitmqLogin(access: NonNullable<AppAccess["rabbitmq"]>): Promise<void> {
  const link = linkTo(access);
  try {
    await (await link.open()).channel.close();
  } finally {
    await link.close();
  }
}
