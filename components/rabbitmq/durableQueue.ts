import * as pulumi from "@pulumi/pulumi";
import { Binding } from "@pulumi/rabbitmq/binding.js";
import { Policy } from "@pulumi/rabbitmq/policy.js";
import { Queue } from "@pulumi/rabbitmq/queue.js";
import { deadLetterQueueName, type RabbitmqBinding, type RabbitmqQueue } from "../../skill/index.ts";
import { bindingsOf, DEAD_LETTER_EXCHANGE } from "./exchanges.ts";
import { type PolicySpec, toDeadLetterQueuePolicy, toDrainedQueuePolicy, toWorkQueuePolicy } from "./policy.ts";
import type { Inlets } from "./replacement.ts";
import type { BrokerVersion } from "./retries.ts";

export interface DurableQueueArgs {
  /** The queue as the skill has it. */
  spec: RabbitmqQueue;
  /** The vhost that it lives in. */
  vhost: pulumi.Input<string>;
  /** The vhost's exchanges, by name: those of the bindings and the shared dead-letter exchange. */
  exchanges: Record<string, pulumi.Input<string>>;
  /** What leads into it. Default: the bindings of `spec`, and dead letters by its name. */
  inlets?: Inlets;
  /** The delay tiers through which its failed messages come back: they are there before the queue is. Default: none. */
  tiers?: pulumi.Resource[];
  /** The broker's version, which decides whether the queue itself delays retries. Default: it does not. */
  version?: BrokerVersion;
}

/**
 * A durable work queue with its bindings and, but for a stream, its dead-letter queue. Each queue has one policy that holds all
 * that is tunable, in place before the queue is. A child's logical name is its name on the broker, so no two can collide.
 */
export class DurableQueue extends pulumi.ComponentResource {
  /** The work queue's name. */
  readonly queue: pulumi.Output<string>;
  /** The dead-letter queue's name; absent on a stream. */
  readonly deadLetterQueue?: pulumi.Output<string>;

  constructor(name: string, args: DurableQueueArgs, opts?: pulumi.ComponentResourceOptions) {
    super("messaging:rabbitmq:DurableQueue", name, {}, opts);

    const { bindings, deadLetterKeys } = args.inlets ?? {
      bindings: bindingsOf(name, args.spec),
      deadLetterKeys: [name],
    };
    const deadLetter = args.spec.deadLetter && this.declareDeadLetterQueue(name, args, deadLetterKeys);
    const toPolicy = deadLetterKeys.length > 0 ? toWorkQueuePolicy : toDrainedQueuePolicy;
    const policy = toPolicy(name, args.spec, args.version);
    const before = [...(deadLetter?.bindings ?? []), ...(args.tiers ?? [])];
    const queue = this.declareQueue(name, args.spec.type, args.vhost, policy, before);
    for (const binding of bindings) this.bind(name, queue, args, binding);

    const outputs = {
      queue: queue.name,
      ...(deadLetter && { deadLetterQueue: deadLetter.queue.name }),
    };
    this.queue = outputs.queue;
    this.deadLetterQueue = outputs.deadLetterQueue;
    this.registerOutputs(outputs);
  }

  private declareDeadLetterQueue(workQueue: string, { vhost, exchanges, spec }: DurableQueueArgs, keys: string[]) {
    const name = deadLetterQueueName(workQueue);
    const policy = toDeadLetterQueuePolicy(name, spec.deadLetter!.retention);
    const queue = this.declareQueue(name, "quorum", vhost, policy);
    const source = exchanges[DEAD_LETTER_EXCHANGE]!;
    const bindings = keys.map(
      (routingKey) =>
        new Binding(
          routingKey === workQueue ? name : `${name}/${routingKey}`,
          { vhost, source, destination: queue.name, destinationType: "queue", routingKey },
          { parent: this, ...BINDING_OPTIONS },
        ),
    );
    return { queue, bindings };
  }

  private declareQueue(
    name: string,
    type: RabbitmqQueue["type"],
    vhost: pulumi.Input<string>,
    policy: PolicySpec | undefined,
    after: pulumi.Resource[] = [],
  ): Queue {
    const before = policy ? [new Policy(name, { name, vhost, policy }, { parent: this }), ...after] : after;
    return new Queue(name, { name, vhost, settings: queueSettings(type) }, { parent: this, dependsOn: before });
  }

  private bind(name: string, queue: Queue, { vhost, exchanges }: DurableQueueArgs, binding: RabbitmqBinding): Binding {
    const headers = binding.arguments && sortedJson(binding.arguments);
    return new Binding(
      [name, binding.exchange, binding.routingKey, ...(headers ? [headers] : [])].join("/"),
      {
        vhost,
        source: exchanges[binding.exchange]!,
        destination: queue.name,
        destinationType: "queue",
        routingKey: binding.routingKey,
        ...(headers && { argumentsJson: headers }),
      },
      { parent: this, ...BINDING_OPTIONS },
    );
  }
}

/**
 * A binding's name says all that it is, so other words for its arguments are no change. Where it is replaced all the same, the old one goes
 * first: the broker takes the new one for the old one where they are alike, and deleting that afterwards would leave none.
 */
export const BINDING_OPTIONS = { ignoreChanges: ["arguments", "argumentsJson"], deleteBeforeReplace: true };

/** The same arguments in another order are the same binding: under another name it would be made, then deleted as the old one. */
export function sortedJson(values: NonNullable<RabbitmqBinding["arguments"]>): string {
  return JSON.stringify(Object.fromEntries(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1))));
}

/** Only what can never change: a change of any of it would replace the queue, messages and all. */
export function queueSettings(type: RabbitmqQueue["type"]) {
  return { durable: true, autoDelete: false, argumentsJson: JSON.stringify({ "x-queue-type": type }) };
}
