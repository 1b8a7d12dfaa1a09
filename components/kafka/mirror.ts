import * as pulumi from "@pulumi/pulumi";
import type { CopiedTopic } from "./replacement.ts";

export interface MirrorArgs {
  /** Kafka as whoever runs the environment. */
  access: pulumi.Input<{
    bootstrapServers: pulumi.Input<pulumi.Input<string>[]>;
    securityProtocol: string;
    saslMechanism: string;
    username: pulumi.Input<string>;
    password: pulumi.Input<string>;
    ca?: string;
  }>;
  /** What is copied, in this order. */
  topics: CopiedTopic[];
  /** The consumer groups of the old topic, which go on in the new one. */
  groups: string[];
  /** What was seen of the old topic, and when: another look has it copied on. */
  seen: string;
}

/** Copies the records of an old topic, its retries and its dead letters into those that replace them; see `messaging-extras:kafka:Mirror`. */
export class Mirror extends pulumi.CustomResource {
  constructor(name: string, args: MirrorArgs, opts?: pulumi.CustomResourceOptions) {
    super("messaging-extras:kafka:Mirror", name, { ...args }, opts);
  }
}
