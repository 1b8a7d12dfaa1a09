import * as pulumi from "@pulumi/pulumi";

/** A way into the old queue. */
export interface Inlet {
  exchange: string;
  queue: string;
  routingKey: string;
  /** A binding's own headers, as JSON. */
  argumentsJson?: string;
}

export interface DrainArgs {
  /** RabbitMQ as whoever runs the environment. */
  access: pulumi.Input<{
    url: pulumi.Input<string>;
    urls?: string[];
    username: pulumi.Input<string>;
    password: pulumi.Input<string>;
    ca?: string;
  }>;
  vhost: pulumi.Input<string>;
  /** The bindings that led into the old queues; they go first. */
  inlets: Inlet[];
  /** What is moved: from which queue into which, in this order. */
  moves: { from: pulumi.Input<string>; to: pulumi.Input<string>; work: boolean }[];
  /** What was seen of the old queue, and when: another look has it drained again. */
  seen: string;
}

/** Moves all that an old queue and its dead-letter queue hold into those that replace them; see `messaging-extras:rabbitmq:Drain`. */
export class Drain extends pulumi.CustomResource {
  constructor(name: string, args: DrainArgs, opts?: pulumi.CustomResourceOptions) {
    super("messaging-extras:rabbitmq:Drain", name, { ...args }, opts);
  }
}
