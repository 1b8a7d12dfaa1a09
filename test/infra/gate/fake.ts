import * as pulumi from "@pulumi/pulumi";
import { startRun } from "../../../infra/gate/run.ts";
import type { Held, Holding, Look } from "../../../live/index.ts";
import { parseSkill } from "../../../skill/index.ts";

/** What a fake RabbitMQ has. */
export interface Fake {
  queues?: Record<string, Holding>;
  bindings?: { source: string; destination: string; routingKey: string }[];
  existing?: string[];
  /** Thrown at every question. */
  away?: Error;
  /** The cluster that the state has. Default: the one that answers. */
  recorded?: string;
}

/** A run whose RabbitMQ answers from a table. */
export function fakeRun(
  fake: Fake,
  options: { allowed?: string[]; discard?: "all" | "consumed"; accepted?: string[] } = {},
) {
  const skill = parseSkill({ name: "shop", version: "2.0.0" });
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
    queues: async () => held(),
    all: async () => held().map((one) => ({ ...one, name: `${one.name}@v` })),
    bindingsFrom: async () => (fake.bindings ?? []).map((one) => ({ ...one, destinationType: "queue" })),
    exists: async (_kind: string, name: string) => fake.existing?.includes(name) ?? false,
    identity: async () => "fake",
  };
  const look = { rabbitmq: async () => rabbitmq } as unknown as Look;
  run.asking = async (ask) => {
    if (fake.away) throw fake.away;
    return ask(look);
  };
  return run;
}
