import * as pulumi from "@pulumi/pulumi";
import { startRun } from "../../../infra/gate/run.ts";
import type { Held, Holding, Look } from "../../../live/index.ts";
import { parseSkill } from "../../../skill/index.ts";

/** What a fake RabbitMQ has. */
export interface Fake {
  queues?: Record<string, Holding>;
  /** By queue, then by delay tier. */
  retries?: Record<string, Record<string, number>>;
  bindings?: { source: string; destination: string; routingKey: string }[];
  existing?: string[];
  /** The type that a queue or exchange has on the broker, by its name. */
  types?: Record<string, string>;
  /** Thrown at every question. */
  away?: Error;
  /** Thrown when it is asked which cluster it is. */
  silent?: Error;
  /** The cluster that the state has. Default: the one that answers. */
  recorded?: pulumi.Input<string>;
}

/** A run whose RabbitMQ answers from a table. */
export function fakeRun(
  fake: Fake,
  options: { allowed?: string[]; discard?: "all" | "consumed"; accepted?: string[]; vhost?: string } = {},
) {
  const skill = parseSkill({ name: "shop", version: "2.0.0", rabbitmq: { vhost: options.vhost ?? "v" } });
  const run = startRun({
    skill,
    stack: "test",
    allowed: options.allowed ?? [],
    discard: options.discard,
    access: async () => ({}),
    clusterOf: (broker) => (broker === "rabbitmq" ? pulumi.output(fake.recorded ?? "fake") : undefined),
    accepted: options.accepted ?? [],
  });
  const held = (): Held[] => Object.entries(fake.queues ?? {}).map(([name, holding]) => ({ name, holding }));
  const rabbitmq = {
    queue: async (_vhost: string, name: string) => fake.queues?.[name],
    retries: async (_vhost: string, name: string) => new Map(Object.entries(fake.retries?.[name] ?? {})),
    contents: async () => held(),
    all: async () => held().map((one) => ({ ...one, name: `${one.name}@v` })),
    bindingsFrom: async () => (fake.bindings ?? []).map((one) => ({ ...one, destinationType: "queue" })),
    exists: async (_kind: string, name: string) => fake.existing?.includes(name) ?? false,
    limits: async (_vhost: string, name: string) =>
      fake.types?.[name] && { type: fake.types[name], args: {}, definition: {}, users: [] },
    exchange: async (_vhost: string, name: string) =>
      fake.types?.[name] && { type: fake.types[name], durable: true, autoDelete: false },
    identity: async () => {
      if (fake.silent) throw fake.silent;
      return "fake";
    },
  };
  const look = { rabbitmq: async () => rabbitmq } as unknown as Look;
  run.asking = async (ask) => {
    if (fake.away) throw fake.away;
    return ask(look);
  };
  return run;
}
