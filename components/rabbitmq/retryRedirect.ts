import * as pulumi from "@pulumi/pulumi";
import { Binding } from "@pulumi/rabbitmq/binding.js";
import { Exchange } from "@pulumi/rabbitmq/exchange.js";
import { Policy } from "@pulumi/rabbitmq/policy.js";
import { retryTierName } from "../../skill/index.ts";
import { BINDING_OPTIONS } from "./durableQueue.ts";
import { toRedirectedTierPolicy } from "./policy.ts";

/** Takes what has waited in a delay tier while a queue is replaced: a topic exchange, key = the queue's name. One a vhost. */
export const REDIRECT_EXCHANGE = "messaging.replaced";

export interface RetryRedirectArgs {
  vhost: pulumi.Input<string>;
  /** The delays of the tiers, in milliseconds. */
  delays: readonly number[];
  /** By the name that a message waits under: the queue that it comes back to. */
  targets: Record<string, pulumi.Input<string>>;
}

/**
 * What waits in a delay tier comes back by its queue's name, and the tier would keep it for ever once that queue is gone. While one
 * is replaced, a second policy a tier sends everything through an exchange that knows the new names.
 */
export class RetryRedirect extends pulumi.ComponentResource {
  /** The exchange's name. */
  readonly exchange: pulumi.Output<string>;

  constructor(name: string, args: RetryRedirectArgs, opts?: pulumi.ComponentResourceOptions) {
    super("messaging:rabbitmq:RetryRedirect", name, {}, opts);
    const { vhost, delays, targets } = args;

    const exchange = new Exchange(
      name,
      { name: REDIRECT_EXCHANGE, vhost, settings: { type: "topic", durable: true, autoDelete: false } },
      { parent: this },
    );
    const bindings = Object.entries(targets).map(
      ([routingKey, destination]) =>
        new Binding(
          `${name}/${routingKey}`,
          { vhost, source: exchange.name, destination, destinationType: "queue", routingKey },
          { parent: this, ...BINDING_OPTIONS },
        ),
    );
    for (const delay of delays) {
      const policy = `${retryTierName(delay)}.replaced`;
      const spec = toRedirectedTierPolicy(delay, REDIRECT_EXCHANGE);
      new Policy(policy, { name: policy, vhost, policy: spec }, { parent: this, dependsOn: [exchange, ...bindings] });
    }

    const outputs = { exchange: exchange.name };
    this.exchange = outputs.exchange;
    this.registerOutputs(outputs);
  }
}
