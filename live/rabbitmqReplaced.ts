import { rabbitmqApi } from "../client/rabbitmq/api.ts";
import { linkTo } from "../client/rabbitmq/link.ts";
import type { LookAccess, RabbitmqLook } from "./look.ts";
import { heldIn, type SeenOld } from "./replaced.ts";

type Access = NonNullable<LookAccess["rabbitmq"]>;

/** A replaced queue: it may go when it and its dead-letter queue are empty, nothing leads into them, and nobody consumes them. */
export async function seenQueue(
  access: Access,
  look: Pick<RabbitmqLook, "queue">,
  vhost: string,
  names: readonly string[],
): Promise<SeenOld> {
  const api = rabbitmqApi(access);
  if (!(await api.find("vhosts", vhost))) return { exists: false, holds: [] };
  const link = linkTo({ ...access, vhost });
  try {
    const seen = [];
    for (const name of names) {
      if (!(await api.find("queues", vhost, name))) continue;
      const bindings =
        (await api.list<{ source: string; routing_key: string }>("queues", vhost, name, "bindings")) ?? [];
      seen.push([
        ...heldIn(name, await look.queue(vhost, name)),
        // Every queue is bound to the default exchange, whose name is empty, for ever.
        ...bindings
          .filter(({ source }) => source !== "")
          .map((one) => `${name}: bound to ${one.source} ${one.routing_key}`),
        ...consumed(name, await consumersOf(link, name)),
      ]);
    }
    return { exists: seen.length > 0, holds: seen.flat() };
  } finally {
    await link.close();
  }
}

const consumed = (name: string, count: number): string[] =>
  count > 0 ? [`${name}: ${count} consumer${count === 1 ? "" : "s"}, which must read the new access`] : [];

async function consumersOf(link: ReturnType<typeof linkTo>, queue: string): Promise<number> {
  const { channel } = await link.open();
  try {
    return (await channel.queueDeclare({ queue, passive: true })).consumerCount;
  } finally {
    await channel.close();
  }
}
