import type * as pulumi from "@pulumi/pulumi";

/** Where the skill's instances come from. */
export type RedisProvision = ContainerProvision | ElastiCacheProvision | ExternalProvision;

/** Each instance is a container on this machine. */
export interface ContainerProvision {
  kind: "container";
  /** The environment's name: container and volume are `messaging-<stack>-redis-<instance>`. */
  stack: string;
  /** The image by engine. */
  images: { redis: string; valkey: string };
  /** The port on 127.0.0.1 of every instance. */
  ports: Record<string, number>;
}

/** Each instance is an ElastiCache replication group; needs an AWS provider. */
export interface ElastiCacheProvision {
  kind: "elasticache";
  /** Default: the smallest type of node that holds the instance's maxMemory. */
  nodeType?: string;
  /** Nodes in all, 2 to 6, each in another zone. Default: 2. */
  nodes?: number;
  /** Default: the default VPC's. */
  subnetIds?: pulumi.Input<string>[];
  securityGroupIds?: pulumi.Input<string>[];
  /** Encrypts the data at rest; default: AWS's own key. */
  kmsKeyArn?: pulumi.Input<string>;
  /** Days that the daily snapshots are kept, 1 to 35. Default: 7. */
  snapshotRetentionDays?: number;
  tags?: Record<string, string>;
}

/** Each instance is a server that is there already, by the instance's name. */
export interface ExternalProvision {
  kind: "external";
  servers: Record<string, ExternalServer>;
}

/** A server and the user as whom it is administered. It must keep its users and settings in files. */
export interface ExternalServer {
  host: pulumi.Input<string>;
  port: pulumi.Input<number>;
  tls: boolean;
  /** The authority that signed its certificate, PEM. Default: those that each machine knows. */
  ca?: string;
  username: pulumi.Input<string>;
  password: pulumi.Input<string>;
}

/** How an instance is reached. */
export interface RedisEndpoint {
  host: pulumi.Output<string>;
  port: pulumi.Output<number>;
  tls: boolean;
  /** Absent: an authority that each machine knows signed its certificate. */
  ca?: string;
}
