import { setTimeout as wait } from "node:timers/promises";
import { connect } from "../../client/index.ts";
import type { Delivery } from "../../client/message.ts";

// biome-ignore lint/suspicious/noExplicitAny: the access of one app
export type Apps = Record<string, any>;

/** Every message that a broker has confirmed, and every one that a consumer has handled. */
export interface Ledger {
  /** By flow: bodies, each published once. */
  confirmed: Map<string, Set<string>>;
  /** By flow or consumer group: how often each body was handled. */
  handled: Map<string, Map<string, number>>;
}

export const ledger = (): Ledger => ({ confirmed: new Map(), handled: new Map() });

const entry = <K, V>(map: Map<K, V>, key: K, make: () => V): V => {
  const found = map.get(key) ?? make();
  map.set(key, found);
  return found;
};

/** Publishes with increasing numbers and remembers what was confirmed. */
export function publisher(book: Ledger, apps: Apps) {
  const client = connect(apps.shop);
  let next = 0;
  const publish = async (flow: string, prefix: string) => {
    const number = next++;
    const body = `${prefix}-${number}`;
    const key = flow.startsWith("kafka/")
      ? `k${number % 40}`
      : flow === "rabbitmq/orders"
        ? "order.created"
        : undefined;
    await client.publish(flow, { body, ...(key && { key }) });
    entry(book.confirmed, flow, () => new Set()).add(body);
  };
  return {
    async many(flow: string, prefix: string, count: number) {
      for (let left = count; left > 0; left -= 250) {
        await Promise.all(Array.from({ length: Math.min(250, left) }, () => publish(flow, prefix)));
      }
    },
    close: () => client.close(),
  };
}

/** Publishes a little, again and again, until it is stopped; a failure ends it and is thrown by `stop`. */
export function steadily(book: Ledger, apps: Apps, flows: readonly string[], prefix: string) {
  const own = publisher(book, apps);
  let stopping = false;
  const running = (async () => {
    while (!stopping) {
      for (const flow of flows) await own.many(flow, prefix, 10);
      await wait(100);
    }
  })();
  running.catch(() => {});
  return {
    async stop() {
      stopping = true;
      await running.finally(() => own.close());
    },
  };
}

/** Consumes flows, each message for some milliseconds; those whose body begins with `bad` fail. */
export async function consumer(
  book: Ledger,
  apps: Apps,
  flows: readonly { flow: string; group?: string }[],
  milliseconds: number,
) {
  const client = connect(apps.worker);
  for (const { flow, group } of flows) {
    const handled = entry(book.handled, group ?? flow, () => new Map());
    const take = async ({ body }: Delivery) => {
      const text = body.toString();
      if (text.startsWith("bad")) throw new Error("bad");
      if (milliseconds > 0) await wait(milliseconds);
      handled.set(text, (handled.get(text) ?? 0) + 1);
    };
    await client.consume(flow, take, { ...(group && { group }), uncommitted: 50 });
  }
  return client;
}

/** What was confirmed and never handled, and how often something was handled again. */
export function account(book: Ledger, flow: string, by: string) {
  const good = [...(book.confirmed.get(flow) ?? [])].filter((body) => !body.startsWith("bad"));
  const handled = book.handled.get(by) ?? new Map<string, number>();
  const times = good.map((body) => handled.get(body) ?? 0);
  return {
    confirmed: good.length,
    lost: good.filter((body) => !handled.has(body)).length,
    duplicates: times.reduce((sum, count) => sum + Math.max(0, count - 1), 0),
  };
}
