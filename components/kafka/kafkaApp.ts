import { Acl } from "@pulumi/kafka/acl.js";
import { Quota } from "@pulumi/kafka/quota.js";
import { UserScramCredential } from "@pulumi/kafka/userScramCredential.js";
import * as pulumi from "@pulumi/pulumi";
import { derivePassword } from "../password.ts";
import { type Grant, toAclArgs } from "./acls.ts";

/** How an app proves who it is, in Kafka's spelling. */
export type ScramMechanism = "SCRAM-SHA-256" | "SCRAM-SHA-512";

export interface KafkaAppArgs {
  /** What the app may read and write. */
  grants: Grant[];
  /** Its quotas, in Kafka's own keys; none where absent. */
  quotas?: Record<string, string>;
  saslMechanism: ScramMechanism;
  /** The environment's secret, from which the password is derived. */
  secret: pulumi.Input<string>;
  /** What the password is derived from beside the secret. Default: the user's name. */
  purpose?: string;
  /**
   * By topic: what rights on it are given after, so that one which is somebody else's is refused before; and taken away before, so that
   * nobody writes into it any more when it is looked at for the last time. Default: nothing.
   */
  topics?: Record<string, pulumi.Resource>;
}

/** One user of an app, named as the component: SCRAM credentials, exact literal ACLs and its quotas. */
export class KafkaApp extends pulumi.ComponentResource {
  /** The user's name. */
  readonly username: pulumi.Output<string>;
  /** Always secret. */
  readonly password: pulumi.Output<string>;

  constructor(name: string, args: KafkaAppArgs, opts?: pulumi.ComponentResourceOptions) {
    super("messaging:kafka:KafkaApp", name, {}, opts);

    const password = derivePassword(args.secret, `kafka/${args.purpose ?? name}`);
    const user = new UserScramCredential(
      name,
      { username: name, scramMechanism: args.saslMechanism, password },
      { parent: this },
    );
    for (const grant of args.grants) this.allow(name, grant, args.topics);
    if (args.quotas) this.limit(name, args.quotas);

    const outputs = { username: user.username, password };
    this.username = outputs.username;
    this.password = outputs.password;
    this.registerOutputs(outputs);
  }

  private allow(user: string, grant: Grant, topics: KafkaAppArgs["topics"] = {}): Acl {
    const name = [user, grant.resourceType, grant.resourceName, grant.operation].join("/");
    const topic = grant.resourceType === "Topic" ? topics[grant.resourceName] : undefined;
    // Where it is replaced by one that the broker takes for the same, deleting the old one last would leave none.
    const opts = { parent: this, deleteBeforeReplace: true, ...(topic && { dependsOn: topic }) };
    return new Acl(name, toAclArgs(user, grant), opts);
  }

  /** Any change replaces a quota, and deleting the old one after setting the new one would delete the new one. */
  private limit(user: string, config: Record<string, string>): Quota {
    const quota = { entityType: "user", entityName: user, config };
    return new Quota(user, quota, { parent: this, deleteBeforeReplace: true });
  }
}
