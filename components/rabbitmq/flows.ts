import type * as pulumi from "@pulumi/pulumi";
import { deadLetterQueueName, type RabbitmqQueue, type RabbitmqSkill, type Skill } from "../../skill/index.ts";
import type { BrokerFlows, SummaryRow } from "../flows.ts";
import { toDestinations, toSubscriptions } from "./access.ts";
import { DurableQueue } from "./durableQueue.ts";
import { bindingsOf, exchangeTypes } from "./exchanges.ts";
import { toGrants } from "./permissions.ts";
import { RabbitmqApp } from "./rabbitmqApp.ts";
import { VirtualHost } from "./virtualHost.ts";

export interface RabbitmqFlowsArgs {
  skill: Skill;
  /** The environment's secret, from which the apps' passwords are derived. */
  secret: pulumi.Input<string>;
  connection: {
    /** How apps reach the broker: `amqp://host:port` or `amqps://host:port`, without a user. */
    url: pulumi.Input<string>;
    tls: boolean;
  };
}

/** Declares the skill's vhost, exchanges, queues and apps; nothing where the skill has no RabbitMQ part. */
export function declareFlows(args: RabbitmqFlowsArgs, opts: pulumi.ComponentResourceOptions): BrokerFlows {
  const spec = args.skill.rabbitmq;
  if (!spec) return { apps: {}, summary: [] };

  const { vhost, exchanges } = new VirtualHost(spec.vhost, { spec }, opts);
  for (const [name, queue] of Object.entries(spec.queues)) {
    new DurableQueue(name, { spec: queue, vhost, exchanges }, opts);
  }
  const apps = Object.entries(toGrants(spec)).map(([name, grants]) => {
    const { username, password } = new RabbitmqApp(name, { vhost, grants, secret: args.secret }, opts);
    const flows = { publishes: toDestinations(spec, name), consumes: toSubscriptions(spec, name) };
    return [name, { url: args.connection.url, tls: args.connection.tls, vhost, username, password, ...flows }];
  });
  return { apps: Object.fromEntries(apps), summary: toSummary(spec) };
}

/** One row for the vhost, each exchange and each queue. */
export function toSummary(spec: RabbitmqSkill): SummaryRow[] {
  const row = (kind: string, name: string, detail: string) => ({ broker: "rabbitmq", kind, name, detail });
  return [
    row("vhost", spec.vhost, ""),
    ...Object.entries(exchangeTypes(spec)).map(([name, type]) => row("exchange", name, type)),
    ...Object.entries(spec.queues).flatMap(([name, queue]) => [
      row("queue", name, queueDetail(name, queue)),
      ...(queue.deadLetter
        ? [row("dead-letter queue", deadLetterQueueName(name), `keeps ${queue.deadLetter.retention}`)]
        : []),
    ]),
  ];
}

function queueDetail(name: string, queue: RabbitmqQueue): string {
  const bindings = bindingsOf(name, queue).map(({ exchange, routingKey }) => `${exchange} ${routingKey}`.trimEnd());
  return `${queue.type}, from ${bindings.join(", ")}`;
}
