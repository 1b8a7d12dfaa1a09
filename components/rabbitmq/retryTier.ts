import * as pulumi from "@pulumi/pulumi";
import { Binding } from "@pulumi/rabbitmq/binding.js";
import { Exchange } from "@pulumi/rabbitmq/exchange.js";
import { Policy } from "@pulumi/rabbitmq/policy.js";
import { Queue } from "@pulumi/rabbitmq/queue.js";
import { retryTierName } from "../../skill/index.ts";
import { BINDING_OPTIONS, queueSettings } from "./durableQueue.ts";
import { toTierPolicy } from "./policy.ts";

export interface RetryTierArgs {
  /** How long a message waits here, in milliseconds. */
  delay: number;
  vhost: pulumi.Input<string>;
}

/**
 * A delay tier, shared by all queues of a vhost: what is published to its exchange with a queue's name as routing key comes to that
 * queue after the delay. Its exchange is a topic exchange, as only there can a permission hold an app to its own queues.
 */
export class RetryTier extends pulumi.ComponentResource {
  /** The exchange's name. */
  readonly exchange: pulumi.Output<string>;
  /** What is made last: after it, a message can pass through. */
  readonly complete: pulumi.Resource;

  constructor(name: string, { delay, vhost }: RetryTierArgs, opts?: pulumi.ComponentResourceOptions) {
    super("messaging:rabbitmq:RetryTier", name, {}, opts);

    const tier = retryTierName(delay);
    const exchange = new Exchange(
      name,
      { name: tier, vhost, settings: { type: "topic", durable: true, autoDelete: false } },
      { parent: this },
    );
    const policy = new Policy(name, { name: tier, vhost, policy: toTierPolicy(delay) }, { parent: this });
    const queue = new Queue(
      name,
      { name: tier, vhost, settings: queueSettings("quorum") },
      { parent: this, dependsOn: policy },
    );
    const binding = new Binding(
      name,
      { vhost, source: exchange.name, destination: queue.name, destinationType: "queue", routingKey: "#" },
      { parent: this, ...BINDING_OPTIONS },
    );

    const outputs = { exchange: exchange.name };
    this.exchange = outputs.exchange;
    this.complete = binding;
    this.registerOutputs(outputs);
  }
}
