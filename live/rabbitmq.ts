import { rabbitmqApi } from "../client/rabbitmq/api.ts";
import { counted, FIGURES, type ListedQueue, surelyHolds, whyUnknown } from "../client/rabbitmq/figures.ts";
import { linkTo } from "../client/rabbitmq/link.ts";
import { type Held, type Holding, UnknownHolding } from "./holding.ts";
import type { LookAccess, RabbitmqLiveBinding, RabbitmqLook } from "./look.ts";
import { type AmqpCount, amqpCounts } from "./rabbitmqCounts.ts";
import { type Fresh, freshFigures, stale } from "./rabbitmqFresh.ts";
import { identityBy } from "./rabbitmqIdentity.ts";
import { limitsOf } from "./rabbitmqLimits.ts";
import { type Retries, retriesIn } from "./rabbitmqRetries.ts";

/**
 * For so long, in milliseconds, a queue that was surely empty is taken for empty while no figure says otherwise: a run asks for many,
 * one after the other, and each would wait for the next figures.
 */
const STILL_FRESH_MS = 15_000;

/** How long what was seen in the delay tiers is believed, in milliseconds. */
const TIERS_AGE_MS = 2_000;

type Access = NonNullable<LookAccess["rabbitmq"]>;

/** RabbitMQ by its management API, and by AMQP for what came since that counted. */
export function rabbitmqLook(access: Access): RabbitmqLook & { close(): Promise<void> } {
  const api = rabbitmqApi(access);
  const links = new Map<string, ReturnType<typeof linkTo>>();
  const waits = new Map<string, Waited>();
  const tiers = new Map<string, { at: number; found: Promise<Retries> }>();
  const linkOf = (vhost: string) => {
    const made = links.get(vhost) ?? linkTo({ ...access, vhost });
    links.set(vhost, made);
    return made;
  };

  /** Looks once for all who ask within two seconds. */
  function retriesOf(vhost: string): Promise<Retries> {
    const last = tiers.get(vhost);
    if (last && last.at > Date.now() - TIERS_AGE_MS) return last.found;
    const found = retriesIn(api, linkOf(vhost), vhost);
    tiers.set(vhost, { at: Date.now(), found });
    return found;
  }

  /** Waits for figures that are younger than this moment, once for all who ask in that time. */
  function fresh(vhost: string, names: readonly string[]): Promise<Map<string, Fresh>> {
    let waited = waits.get(vhost);
    if (!waited || waited.endedAt !== undefined) {
      const asked = new Set<string>();
      const needed = (queue: ListedQueue) => asked.has(queue.name) || isEmpty(queue);
      const made: Waited = { asked, figures: freshFigures(api, vhost, needed) };
      made.figures.then(
        () => (made.endedAt = Date.now()),
        () => waits.delete(vhost),
      );
      waits.set(vhost, made);
      waited = made;
    }
    for (const name of names) waited.asked.add(name);
    return waited.figures;
  }

  /** Those that were surely empty a moment ago. */
  async function emptyBefore(vhost: string): Promise<Set<string>> {
    const waited = waits.get(vhost);
    if (waited?.endedAt === undefined || Date.now() - waited.endedAt > STILL_FRESH_MS) return new Set();
    const all = [...(await waited.figures).values()];
    return new Set(all.filter((one) => one.fresh && isEmpty(one.queue)).map(({ queue: { name } }) => name));
  }

  /** What each of these queues holds, by figures that are young enough to say that it is nothing; those that are gone are left out. */
  async function holdings(vhost: string, listed: readonly ListedQueue[]): Promise<Held[]> {
    const count = (queues: readonly ListedQueue[]) =>
      amqpCounts(
        linkOf(vhost),
        queues.filter((queue) => whyUnknown(queue) === undefined).map(({ name }) => name),
      );
    const [now, before] = [await count(listed), await emptyBefore(vhost)];
    const isSure = (queue: ListedQueue) => {
      const amqp = now.get(queue.name);
      if (whyUnknown(queue) !== undefined || amqp instanceof Error) return false;
      // What consumers take meanwhile is in no figure yet.
      const unused = amqp?.consumerCount === 0 && isEmpty(queue, amqp);
      return (amqp && surelyHolds(queue, amqp)) || (unused && before.has(queue.name));
    };
    const open = listed.filter((queue) => !isSure(queue));
    const sure = listed.filter(isSure).map((queue) => held(vhost, { queue, fresh: true }, now.get(queue.name)));
    if (open.length === 0) return sure;
    const later = await fresh(
      vhost,
      open.map(({ name }) => name),
    );
    const found = open.flatMap(({ name }) => later.get(name) ?? []);
    const again = await count(found.map(({ queue }) => queue));
    return [...sure, ...found.map((one) => held(vhost, one, again.get(one.queue.name)))];
  }

  async function queue(vhost: string, name: string): Promise<Holding | undefined> {
    const listed = await api.find<ListedQueue>("queues", vhost, name, FIGURES);
    const [found] = listed ? await holdings(vhost, [listed]) : [];
    if (found?.unknown) throw found.unknown;
    return found?.holding;
  }

  async function contents(vhost: string): Promise<Held[]> {
    if (!(await api.find("vhosts", vhost))) return [];
    const exchanges = (await api.list<{ name: string }>("exchanges", vhost)) ?? [];
    const queues = await holdings(vhost, (await api.list<ListedQueue>("queues", vhost, FIGURES)) ?? []);
    return [...queues, ...exchanges.filter(({ name }) => !isBrokers(name)).map(leading)];
  }

  return {
    queue,
    contents,
    retries: async (vhost, name) => (await retriesOf(vhost)).get(name) ?? new Map(),
    limits: (vhost, name) => limitsOf(api, vhost, name),
    async bindingsFrom(vhost, exchange) {
      const found = await api.find<ListedBinding[]>("exchanges", vhost, exchange, "bindings", "source");
      return (found ?? []).map(toBinding);
    },
    exists: async (kind, name, vhost) =>
      (kind === "vhost" || kind === "user"
        ? await api.find(`${kind}s`, name)
        : await api.find(PLACES[kind], vhost!, name)) !== undefined,
    async exchange(vhost, name) {
      const found = await api.find<ListedExchange>("exchanges", vhost, name);
      return found && { type: found.type, durable: found.durable, autoDelete: found.auto_delete };
    },
    async all() {
      const vhosts = (await api.list<{ name: string }>("vhosts")) ?? [];
      const all = vhosts.map(async ({ name: vhost }) =>
        (await contents(vhost)).map((one) => ({ ...one, name: `${one.name}@${vhost}` })),
      );
      return (await Promise.all(all)).flat();
    },
    identity: () => identityBy(api),
    async close() {
      await Promise.all([...links.values()].map((link) => link.close()));
      links.clear();
    },
  };
}

/** Whether the broker has given it its name; the default exchange has none. */
const isBrokers = (name: string): boolean => name === "" || name.startsWith("amq.");

/** An exchange leads messages and keeps none. */
const leading = ({ name }: { name: string }): Held => ({ name: `exchange/${name}`, holding: toHolding(0, 0) });

const PLACES = { exchange: "exchanges", queue: "queues", policy: "policies" } as const;

/** One wait for young figures, and what they said. */
interface Waited {
  asked: Set<string>;
  figures: Promise<Map<string, Fresh>>;
  endedAt?: number;
}

function isEmpty(queue: ListedQueue, amqp?: AmqpCount): boolean {
  const { ready, unacknowledged } = counted(queue, amqp instanceof Error ? undefined : amqp);
  return ready + unacknowledged === 0;
}

/** What a queue holds by all that is said of it, and why that is not sure. */
function held(vhost: string, { queue, fresh }: Fresh, amqp: AmqpCount): Held {
  const { ready, unacknowledged, consumers } = counted(queue, amqp instanceof Error ? undefined : amqp);
  const why =
    whyUnknown(queue) ??
    (amqp instanceof Error ? amqp.message : undefined) ??
    (fresh ? undefined : stale(queue, ready + unacknowledged));
  const holding = { ...toHolding(ready, unacknowledged), consumers };
  const unknown = why !== undefined && new UnknownHolding(`rabbitmq/${queue.name} (vhost ${vhost})`, why);
  return { name: queue.name, holding, ...(unknown && { unknown }) };
}

/** What a queue's figures say. */
export function toHolding(ready: number, unacknowledged: number): Holding {
  const messages = ready + unacknowledged;
  const detail = unacknowledged > 0 ? `${ready} ready, ${unacknowledged} unacknowledged` : `${ready} ready`;
  return { messages, waiting: messages, detail };
}

interface ListedExchange {
  type: string;
  durable: boolean;
  auto_delete: boolean;
}

interface ListedBinding {
  source: string;
  destination: string;
  destination_type: string;
  routing_key: string;
}

const toBinding = ({ source, destination, destination_type, routing_key }: ListedBinding): RabbitmqLiveBinding => ({
  source,
  destination,
  destinationType: destination_type,
  routingKey: routing_key,
});
