import type * as pulumi from "@pulumi/pulumi";
import {
  acceptedOf,
  type Credentials,
  deadLetterQueueName,
  type RabbitmqSkill,
  retryTierName,
  type Skill,
} from "../../skill/index.ts";
import type { BrokerFlows, SummaryRow } from "../flows.ts";
import { type FormerRabbitmq, keptFor } from "../former.ts";
import { type Replacing, stillDeclared } from "../replacing.ts";
import { toDestinations, toSubscriptions } from "./access.ts";
import { DurableQueue } from "./durableQueue.ts";
import { DEAD_LETTER_EXCHANGE } from "./exchanges.ts";
import { exchangesWith, formerTiers, withFormer } from "./former.ts";
import { toGrants } from "./permissions.ts";
import { RabbitmqApp } from "./rabbitmqApp.ts";
import { inletsOf } from "./replacement.ts";
import { declareReplacements } from "./replacements.ts";
import { allTierDelays, type BrokerVersion, nativeDelays, tierDelays } from "./retries.ts";
import { RetryTier } from "./retryTier.ts";
import { VirtualHost } from "./virtualHost.ts";

export interface RabbitmqFlowsArgs {
  skill: Skill;
  /** The environment's secret, from which the apps' passwords are derived. */
  secret: pulumi.Input<string>;
  /** The apps' credentials. Default: the first of each. */
  credentials?: Credentials;
  connection: {
    /** How apps reach the broker: `amqp://host:port` or `amqps://host:port`, without a user. */
    url: pulumi.Input<string>;
    /** Of several nodes, `url` first. Default: `url` alone. */
    urls?: string[];
    tls: boolean;
    /** The authority that signed the broker's certificate, PEM. Default: those that each machine knows. */
    ca?: string;
    /** The broker's version, such as `4.3.1`. Default: unknown, which promises nothing newer than 4.0. */
    version?: BrokerVersion;
  };
  /** Whoever runs the environment: an administrator of the vhost. */
  operator: {
    /** The management API: `http://host:port` or `https://host:port`. */
    managementUrl: pulumi.Input<string>;
    /** Of several nodes, `managementUrl` first. Default: `managementUrl` alone. */
    managementUrls?: string[];
    username: pulumi.Input<string>;
    password: pulumi.Input<string>;
  };
  /** Where the queues that are replaced stand. */
  replacing?: Replacing;
  /** What apps that run with earlier outputs still use. Default: nothing. */
  former?: readonly FormerRabbitmq[];
}

/** Declares the skill's vhost, exchanges, queues and apps; nothing where the skill has no RabbitMQ part. */
export function declareFlows(args: RabbitmqFlowsArgs, opts: pulumi.ComponentResourceOptions): BrokerFlows {
  const spec = args.skill.rabbitmq;
  if (!spec) return { apps: {}, summary: [] };

  const { version } = args.connection;
  const { replacing, former = [] } = args;
  const declared = { ...spec, queues: stillDeclared(spec.queues, spec.replace, replacing) };
  const { vhost, exchanges } = new VirtualHost(spec.vhost, { spec, former }, opts);
  const needed = allTierDelays(declared, version);
  const tiers = new Map(
    [...needed, ...formerTiers(former, needed).keys()].map((delay) => [
      delay,
      new RetryTier(retryTierName(delay), { delay, vhost }, opts),
    ]),
  );
  const queues = new Map(
    Object.entries(declared.queues).map(([name, queue]) => {
      const before = tierDelays(queue, version).map((delay) => tiers.get(delay)!.complete);
      const { bindings, deadLetterKeys } = inletsOf(spec, name);
      const inlets = { bindings: withFormer(bindings, former, name), deadLetterKeys };
      return [name, new DurableQueue(name, { spec: queue, vhost, exchanges, tiers: before, version, inlets }, opts)];
    }),
  );
  declareReplacements({ spec, delays: [...tiers.keys()], vhost, queues, access: accessOf(args), replacing }, opts);
  const { ca } = args.connection;
  const access = { ...args.operator, ...(ca && { ca }) };
  const apps = Object.entries(toGrants(spec, version, replacing, former)).map(([name, grants]) => {
    const [current] = acceptedOf(name, args.credentials).map(
      ({ username: user, purpose }) =>
        new RabbitmqApp(user, { vhost, grants, access, secret: args.secret, purpose }, opts),
    );
    const { username, password } = current!;
    const flows = { publishes: toDestinations(spec, name), consumes: toSubscriptions(declared, name, version) };
    return [name, { ...toClientConnection(args), tls: args.connection.tls, vhost, username, password, ...flows }];
  });
  const operator = {
    ...toClientConnection(args),
    vhost,
    ...args.operator,
    deadLetterExchange: DEAD_LETTER_EXCHANGE,
    deadLetters: toDeadLetters(declared),
  };
  return { apps: Object.fromEntries(apps), operator, summary: toSummary(spec, version, replacing, former) };
}

const toClientConnection = ({ connection: { url, urls, ca } }: RabbitmqFlowsArgs) => ({
  url,
  ...(urls && { urls }),
  ...(ca && { ca }),
});

const accessOf = (args: RabbitmqFlowsArgs) => ({
  ...toClientConnection(args),
  username: args.operator.username,
  password: args.operator.password,
});

/** Where dead letters are, by the name that commands know a flow by. */
export const toDeadLetters = (spec: RabbitmqSkill) =>
  Object.entries(spec.queues).flatMap(([queue, { deadLetter }]) =>
    deadLetter ? [{ flow: `rabbitmq/${queue}`, queue, deadLetterQueue: deadLetterQueueName(queue) }] : [],
  );

/** One row for the vhost, each exchange, delay tier and queue. */
export function toSummary(
  spec: RabbitmqSkill,
  version?: BrokerVersion,
  replacing?: Replacing,
  former: readonly FormerRabbitmq[] = [],
): SummaryRow[] {
  const queues = stillDeclared(spec.queues, spec.replace, replacing);
  const needed = allTierDelays({ ...spec, queues }, version);
  const row = (kind: string, name: string, detail: string) => ({ broker: "rabbitmq", kind, name, detail });
  return [
    row("vhost", spec.vhost, ""),
    ...Object.entries(exchangesWith(spec, former)).map(([name, type]) => row("exchange", name, type)),
    ...needed.map((delay) => row("delay tier", retryTierName(delay), `${delay} ms`)),
    ...[...formerTiers(former, needed)].map(([delay, kept]) =>
      row("delay tier", retryTierName(delay), `${delay} ms, ${kept}`),
    ),
    ...former.flatMap(({ app, bindings }) =>
      bindings.map(({ queue, exchange, routingKey }) =>
        row("binding", `${exchange} -> ${queue} ${routingKey}`.trimEnd(), keptFor([app])),
      ),
    ),
    ...Object.entries(queues).flatMap(([name, queue]) => [
      row("queue", name, queueDetail(spec, name, version)),
      ...(queue.deadLetter
        ? [row("dead-letter queue", deadLetterQueueName(name), `keeps ${queue.deadLetter.retention}`)]
        : []),
    ]),
  ];
}

function queueDetail(spec: RabbitmqSkill, name: string, version: BrokerVersion): string {
  const queue = spec.queues[name]!;
  if (Object.hasOwn(spec.replace ?? {}, name)) return `${queue.type}, being replaced by ${spec.replace![name]}`;
  const bindings = inletsOf(spec, name).bindings.map(({ exchange, routingKey }) =>
    `${exchange} ${routingKey}`.trimEnd(),
  );
  const delays = nativeDelays(queue, version);
  const retries = delays ? `, delays retries itself: ${delays.join(", ")} ms` : "";
  return `${queue.type}, from ${bindings.join(", ")}${retries}`;
}
