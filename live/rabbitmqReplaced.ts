import { rabbitmqApi } from "../client/rabbitmq/api.ts";
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
  const seen = await Promise.all(
    names.map(async (name) => {
      const holding = await look.queue(vhost, name);
      if (!holding) return undefined;
      const bindings =
        (await api.list<{ source: string; routing_key: string }>("queues", vhost, name, "bindings")) ?? [];
      return [
        ...heldIn(name, holding),
        // Every queue is bound to the default exchange, whose name is empty, for ever.
        ...bindings
          .filter(({ source }) => source !== "")
          .map((one) => `${name}: bound to ${one.source} ${one.routing_key}`),
        ...consumed(name, holding.consumers ?? 0),
      ];
    }),
  );
  const there = seen.filter((one) => one !== undefined);
  return { exists: there.length > 0, holds: there.flat() };
}

const consumed = (name: string, count: number): string[] =>
  count > 0 ? [`${name}: ${count} consumer${count === 1 ? "" : "s"}, which must read the new access`] : [];
