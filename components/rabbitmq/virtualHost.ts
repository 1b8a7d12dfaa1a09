import * as pulumi from "@pulumi/pulumi";
import { Exchange } from "@pulumi/rabbitmq/exchange.js";
import { VHost } from "@pulumi/rabbitmq/vhost.js";
import type { RabbitmqSkill } from "../../skill/index.ts";
import type { FormerRabbitmq } from "../former.ts";
import { exchangesWith } from "./former.ts";

export interface VirtualHostArgs {
  /** The skill's RabbitMQ part: names the vhost and its exchanges. */
  spec: RabbitmqSkill;
  /** What apps that run with earlier outputs still use. Default: nothing. */
  former?: readonly FormerRabbitmq[];
}

/** A vhost with the skill's exchanges and the shared ones; everything durable. */
export class VirtualHost extends pulumi.ComponentResource {
  /** The vhost's name. */
  readonly vhost: pulumi.Output<string>;
  /** The exchanges' names, by name: whatever takes one from here is made after it. */
  readonly exchanges: Record<string, pulumi.Output<string>>;

  constructor(name: string, { spec, former = [] }: VirtualHostArgs, opts?: pulumi.ComponentResourceOptions) {
    super("messaging:rabbitmq:VirtualHost", name, {}, opts);

    const vhost = new VHost(name, { name: spec.vhost }, { parent: this });
    const declare = (exchange: string, type: string) =>
      new Exchange(
        `${name}/${exchange}`,
        { name: exchange, vhost: vhost.name, settings: { type, durable: true, autoDelete: false } },
        // The provider would try a change in place and fail halfway. An exchange holds no messages; its bindings are made again.
        { parent: this, replaceOnChanges: ["settings"], deleteBeforeReplace: true },
      );
    const exchanges = Object.entries(exchangesWith(spec, former)).map(([exchange, type]) => [
      exchange,
      declare(exchange, type).name,
    ]);

    const outputs = { vhost: vhost.name, exchanges: Object.fromEntries(exchanges) };
    this.vhost = outputs.vhost;
    this.exchanges = outputs.exchanges;
    this.registerOutputs(outputs);
  }
}
