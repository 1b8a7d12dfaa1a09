import { setTimeout as wait } from "node:timers/promises";
import type { RabbitmqOperator } from "../../client/operator.ts";
import { type RabbitmqApi, rabbitmqApi } from "../../client/rabbitmq/api.ts";
import { type ListedQueue as QueueOfApi, whyUnknown } from "../../client/rabbitmq/figures.ts";
import { isRetryTier } from "../../skill/index.ts";
import { staleSince } from "../rabbitmqFresh.ts";
import { type LimitFigures, limitsOn } from "./rabbitmqLimits.ts";
import { type HeadFigures, headsOf } from "./rabbitmqTiers.ts";

/** One node of the cluster. */
export interface NodeFigures {
  name: string;
  running: boolean;
  memoryAlarm: boolean;
  diskAlarm: boolean;
  /** Nodes that it does not see. */
  partitions: string[];
  /** Logins that it has refused since it started, of whatever protocol; absent: it does not tell. */
  refusedLogins?: number;
}

export interface ConsumerFigures {
  tag: string;
  /** 0: no limit. */
  prefetch: number;
  /** Whether it acknowledges at all. */
  acknowledges: boolean;
}

/** What RabbitMQ says of one queue; some seconds old. */
export interface QueueFigures {
  name: string;
  state: string;
  /** Why the figures say nothing about what it holds; absent: they do. */
  unknown?: string;
  /** Why the figures are out of date, though it seems to work; absent: they are not. */
  stale?: string;
  /** The work of its leader, as it reported last. */
  reductions?: number;
  ready: number;
  unacknowledged: number;
  /** Messages that are on their way to where their policy dead-letters them. */
  deadLettering: number;
  /** The message that stands first, of a delay tier that has any. */
  head?: HeadFigures;
  consumers: ConsumerFigures[];
  /** Deliveries a second now, and those of messages that were delivered before. */
  deliveries: number;
  redeliveries: number;
  /** Nodes that should have a copy, and those that do now; none for a classic queue. */
  members: string[];
  online: string[];
  policy: string | null;
  operatorPolicy: string | null;
  /** What it was declared with beside its type, named as in a policy: it holds until the queue is deleted. */
  declared: Record<string, string | number>;
  /** What its policies and what it was declared with make of it together. */
  definition: Record<string, string | number>;
}

export interface BindingFigures {
  /** The exchange; empty: the default one. */
  source: string;
  destination: string;
  routing_key: string;
}

export interface RabbitmqFigures {
  nodes: NodeFigures[];
  queues: QueueFigures[];
  bindings: BindingFigures[];
  /** The definition of each policy of the vhost, by its name. */
  policies: Record<string, QueueFigures["definition"]>;
  limits: LimitFigures[];
  /** The vhost, where it is not on the broker. */
  missing?: string;
}

/** The figures of the environment's vhost and its nodes; a quorum queue's are younger than a look `before`, or stale. Throws a ConnectionError. */
export async function rabbitmqFigures(access: RabbitmqOperator, before?: RabbitmqFigures): Promise<RabbitmqFigures> {
  const api = rabbitmqApi(access);
  const { vhost } = access;
  const [nodes = [], listed, consumers = [], bindings = [], policies = []] = await Promise.all([
    api.list<ListedNode>("nodes"),
    counted(() => api.list<ListedQueue>("queues", vhost)),
    api.list<ListedConsumer>("consumers", vhost),
    api.list<BindingFigures>("bindings", vhost),
    api.list<{ name: string; definition: QueueFigures["definition"] }>("policies", vhost),
  ]);
  const queues = listed ?? [];
  const refused = new Map(
    await Promise.all(nodes.map(async (node) => [node.name, await refusedLogins(api, node)] as const)),
  );
  const last = new Map(before?.queues.map(({ name, reductions }) => [name, reductions]));
  const stale = await staleSince(api, vhost, queues, last);
  const heads = await headsOf(
    access,
    queues.filter((queue) => mayLookInto(queue) && !stale.has(queue.name)).map(({ name }) => name),
  );
  return {
    nodes: nodes.map(({ name, running = true, mem_alarm = false, disk_free_alarm = false, partitions = [] }) => ({
      name,
      running,
      memoryAlarm: mem_alarm,
      diskAlarm: disk_free_alarm,
      partitions,
      refusedLogins: refused.get(name),
    })),
    queues: queues.map((queue) => ({
      ...toFigures(queue, consumers),
      stale: stale.get(queue.name),
      head: heads.get(queue.name),
    })),
    bindings,
    policies: Object.fromEntries(policies.map(({ name, definition }) => [name, definition])),
    limits: await limitsOn(api, access, queues.length),
    ...(!listed && { missing: vhost }),
  };
}

/** Each look is one return, and without our policy the queue drops a message after some. */
const FEW_RETURNS = 1_000;

const mayLookInto = (queue: ListedQueue): boolean =>
  isRetryTier(queue.name) &&
  (queue.messages_ready ?? 0) > 0 &&
  Number(definitionOf(queue).definition["delivery-limit"] ?? Number.POSITIVE_INFINITY) > FEW_RETURNS;

/** A node that is down, or just going down, does not tell: that is no reason to say nothing of the others. */
async function refusedLogins(api: RabbitmqApi, { name, running = true }: ListedNode): Promise<number | undefined> {
  if (!running) return undefined;
  const counts = await api.list<{ auth_attempts_failed?: number }>("auth", "attempts", name).catch(() => undefined);
  return counts?.reduce((sum, { auth_attempts_failed = 0 }) => sum + auth_attempts_failed, 0);
}

/** A queue that was made just now has figures after 10 s, in the meantime nothing is wrong with it. */
const FIRST_FIGURES_MS = 12_000;

async function counted(list: () => Promise<ListedQueue[] | undefined>): Promise<ListedQueue[] | undefined> {
  for (const end = Date.now() + FIRST_FIGURES_MS; ; await wait(1_000)) {
    const queues = await list();
    if (Date.now() > end || !queues?.some(({ messages }) => messages === undefined)) return queues;
  }
}

interface ListedNode {
  name: string;
  running?: boolean;
  mem_alarm?: boolean;
  disk_free_alarm?: boolean;
  partitions?: string[];
}

interface Rate {
  rate?: number;
}

interface ListedQueue extends QueueOfApi {
  messages_dlx?: number;
  message_stats?: { deliver_get_details?: Rate; redeliver_details?: Rate };
  policy?: string | null;
  operator_policy?: string | null;
  effective_policy_definition?: Record<string, string | number> | [];
  arguments?: Record<string, string | number>;
  /** Also where nothing sets it. */
  delivery_limit?: number | string;
}

interface ListedConsumer {
  queue: { name: string };
  consumer_tag: string;
  prefetch_count: number;
  ack_required: boolean;
}

const toFigures = (queue: ListedQueue, consumers: readonly ListedConsumer[]): QueueFigures => ({
  name: queue.name,
  ...definitionOf(queue),
  unknown: whyUnknown(queue),
  reductions: queue.reductions,
  state: queue.state ?? "running",
  ready: queue.messages_ready ?? 0,
  unacknowledged: queue.messages_unacknowledged ?? 0,
  deadLettering: queue.messages_dlx ?? 0,
  consumers: consumers
    .filter((one) => one.queue.name === queue.name)
    .map((one) => ({ tag: one.consumer_tag, prefetch: one.prefetch_count, acknowledges: one.ack_required })),
  deliveries: queue.message_stats?.deliver_get_details?.rate ?? 0,
  redeliveries: queue.message_stats?.redeliver_details?.rate ?? 0,
  members: queue.members ?? [],
  online: queue.online ?? [],
  policy: queue.policy ?? null,
  operatorPolicy: queue.operator_policy ?? null,
});

function definitionOf(queue: ListedQueue) {
  const { effective_policy_definition: policies = {}, arguments: given = {}, delivery_limit: returns } = queue;
  const declared = Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) =>
      name === "x-queue-type" ? [] : [[name.slice("x-".length), value]],
    ),
  );
  // Where nothing applies, the broker says an empty list.
  const definition: QueueFigures["definition"] = {
    ...(typeof returns === "number" && { "delivery-limit": returns }),
    ...(Array.isArray(policies) ? {} : policies),
  };
  for (const [name, value] of Object.entries(declared)) {
    // Of two limits the lower one counts; of all else what the queue was declared with. Source: https://www.rabbitmq.com/docs/parameters
    const limit = Number(definition[name] ?? Number.POSITIVE_INFINITY);
    definition[name] = typeof value === "number" && limit < value ? limit : value;
  }
  return { declared, definition };
}
