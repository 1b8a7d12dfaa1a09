import * as pulumi from "@pulumi/pulumi";

/** Which broker, and how it is reached to ask it which cluster it is. Passwords in `connection` are made secret. */
export interface ClusterArgs {
  /** As `messaging:acceptCluster` names it: `rabbitmq`, `kafka`, `sqs` or `redis/<instance>`. */
  broker: string;
  /** As `live/` takes it, without what only messages need. */
  connection: Record<string, unknown>;
}

const declared = new Map<string, pulumi.Output<string>>();

/** The identity of the cluster that the program declares for a broker; undefined: it declares none. */
export const clusterOf = (broker: string): pulumi.Output<string> | undefined => declared.get(broker);

/**
 * The cluster that an environment was made on, recorded at the first update. Everything of a broker depends on it: a plan for another
 * cluster fails before anything is touched. Deleting it deletes nothing.
 */
export class Cluster extends pulumi.CustomResource {
  /** What tells it from other clusters: RabbitMQ's internal id and nodes, Kafka's cluster id, an AWS account and region, a mark in Redis. */
  declare readonly identity: pulumi.Output<string>;

  constructor(name: string, { broker, connection }: ClusterArgs, opts?: pulumi.CustomResourceOptions) {
    const { password, ...rest } = connection;
    const secret = password === undefined ? {} : { password: pulumi.secret(password as pulumi.Input<string>) };
    const inputs = { broker, connection: { ...rest, ...secret }, identity: undefined };
    super("messaging-extras:index:Cluster", name, inputs, opts);
    declared.set(broker, this.identity);
  }
}
