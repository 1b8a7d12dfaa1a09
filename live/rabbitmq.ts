import { setTimeout as wait } from "node:timers/promises";
import type { Channel } from "rabbitmq-client";
import { rabbitmqApi } from "../client/rabbitmq/api.ts";
import { linkTo } from "../client/rabbitmq/link.ts";
import type { Held, Holding } from "./holding.ts";
import type { LookAccess, RabbitmqLiveBinding, RabbitmqLook } from "./look.ts";
import { identityBy } from "./rabbitmqIdentity.ts";

/** RabbitMQ's own figures are as old as this, at most, in milliseconds (collect_statistics_interval), and a little. */
const FIGURES_AGE_MS = 6_000;

type Access = NonNullable<LookAccess["rabbitmq"]>;

/** A queue as the management API lists it. */
interface ListedQueue {
  name: string;
  vhost: string;
  messages_ready?: number;
  messages_unacknowledged?: number;
}

/** RabbitMQ by its management API, and by AMQP where figures must not be old. */
export function rabbitmqLook(access: Access): RabbitmqLook & { close(): Promise<void> } {
  const api = rabbitmqApi(access);
  const links = new Map<string, ReturnType<typeof linkTo>>();
  const linkOf = (vhost: string) => {
    const made = links.get(vhost) ?? linkTo({ ...access, vhost });
    links.set(vhost, made);
    return made;
  };

  async function onChannel<T>(vhost: string, use: (channel: Channel) => Promise<T>): Promise<T> {
    const { channel } = await linkOf(vhost).open();
    try {
      return await use(channel);
    } finally {
      await channel.close().catch(() => {});
    }
  }

  /** What each of these queues is known to hold; those that are not there are left out. */
  async function holdings(vhost: string, figures: () => Promise<ListedQueue[]>): Promise<Map<string, Holding>> {
    const counted = await onChannel(vhost, (channel) => countedOn(channel, figures));
    // What consumers took since the broker last counted is in no figure yet: the next ones are waited for.
    const unsure = counted.some(({ ready, consumers, inHand }) => ready === 0 && inHand === 0 && consumers > 0);
    if (unsure) await wait(FIGURES_AGE_MS);
    const sure = unsure ? await onChannel(vhost, (channel) => countedOn(channel, figures)) : counted;
    return new Map(sure.map(({ name, ready, inHand }) => [name, toHolding(ready, inHand)]));
  }

  async function queue(vhost: string, name: string): Promise<Holding | undefined> {
    const figures = async () => (await api.find<ListedQueue>("queues", vhost, name)) ?? [];
    return (await holdings(vhost, async () => [await figures()].flat())).get(name);
  }

  async function queues(vhost: string): Promise<Held[]> {
    if (!(await api.find("vhosts", vhost))) return [];
    const held = await holdings(vhost, async () => (await api.list<ListedQueue>("queues", vhost)) ?? []);
    return [...held].map(([name, holding]) => ({ name, holding }));
  }

  return {
    queue,
    queues,
    async bindingsFrom(vhost, exchange) {
      const found = await api.find<ListedBinding[]>("exchanges", vhost, exchange, "bindings", "source");
      return (found ?? []).map(toBinding);
    },
    exists: async (kind, name, vhost) =>
      (kind === "vhost" || kind === "user"
        ? await api.find(`${kind}s`, name)
        : await api.find(PLACES[kind], vhost!, name)) !== undefined,
    async all() {
      const listed = (await api.list<ListedQueue>("queues")) ?? [];
      const vhosts = [...new Set(listed.map(({ vhost }) => vhost))];
      const exact = await Promise.all(
        // In a vhost where the administrator has no rights the broker's figures must do.
        vhosts.map((vhost) => queues(vhost).catch(() => listed.filter((one) => one.vhost === vhost).map(asListed))),
      );
      return vhosts.flatMap((vhost, at) => exact[at]!.map((one) => ({ ...one, name: `${one.name}@${vhost}` })));
    },
    identity: () => identityBy(api),
    async close() {
      await Promise.all([...links.values()].map((link) => link.close()));
      links.clear();
    },
  };
}

const PLACES = { exchange: "exchanges", queue: "queues", policy: "policies" } as const;

interface Counted {
  name: string;
  ready: number;
  consumers: number;
  inHand: number;
}

/** AMQP counts what is ready at this moment; only the figures know what consumers have in hand. */
async function countedOn(channel: Channel, figures: () => Promise<ListedQueue[]>): Promise<Counted[]> {
  const counted: Counted[] = [];
  for (const { name, messages_unacknowledged: inHand = 0 } of await figures()) {
    const { messageCount: ready, consumerCount: consumers } = await channel.queueDeclare({
      queue: name,
      passive: true,
    });
    counted.push({ name, ready, consumers, inHand });
  }
  return counted;
}

const asListed = ({ name, messages_ready = 0, messages_unacknowledged = 0 }: ListedQueue): Held => ({
  name,
  holding: toHolding(messages_ready, messages_unacknowledged),
});

/** What a queue's figures say. */
export function toHolding(ready: number, unacknowledged: number): Holding {
  const messages = ready + unacknowledged;
  const detail = unacknowledged > 0 ? `${ready} ready, ${unacknowledged} unacknowledged` : `${ready} ready`;
  return { messages, waiting: messages, detail };
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
