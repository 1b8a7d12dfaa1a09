import * as pulumi from "@pulumi/pulumi";

/** Where and as whom the plugin administers one Redis server. */
export interface RedisProviderArgs {
  /** `redis://host:port`, or `rediss://host:port` for TLS. */
  url: pulumi.Input<string>;
  username: pulumi.Input<string>;
  password: pulumi.Input<string>;
  /** The authority that signed the server's certificate, PEM. Default: those that this machine knows. */
  ca?: string;
}

/** The project's own plugin for one Redis server. */
export class RedisProvider extends pulumi.ProviderResource {
  constructor(name: string, args: RedisProviderArgs, opts?: pulumi.ResourceOptions) {
    super("messaging-extras", name, { ...args, password: pulumi.secret(args.password) }, opts);
  }
}

export interface RedisUserArgs {
  name: pulumi.Input<string>;
  /** ACL rules without a password and without `on`, `off` or `reset`. */
  rules: pulumi.Input<string>[];
  /** SHA-256 of the password as 64 hexadecimal digits. */
  passwordHash: pulumi.Input<string>;
}

/** An ACL user of exactly these rules, kept by the server across restarts. */
export class RedisUser extends pulumi.CustomResource {
  constructor(name: string, args: RedisUserArgs, opts: pulumi.CustomResourceOptions) {
    super("messaging-extras:redis:User", name, { ...args, effective: undefined }, opts);
  }
}

export interface RedisSettingsArgs {
  /** Parameters of redis.conf by name, as CONFIG GET gives them: sizes in bytes. */
  parameters: Record<string, pulumi.Input<string>>;
}

/** Parameters of a server, set while it runs and kept across restarts. */
export class RedisSettings extends pulumi.CustomResource {
  constructor(name: string, args: RedisSettingsArgs, opts: pulumi.CustomResourceOptions) {
    super("messaging-extras:redis:Settings", name, { ...args }, opts);
  }
}

export interface RedisConsumerGroupArgs {
  stream: string;
  group: string;
}

/** A consumer group, from its stream's first message on. Deleting it leaves the stream. */
export class RedisConsumerGroup extends pulumi.CustomResource {
  constructor(name: string, args: RedisConsumerGroupArgs, opts: pulumi.CustomResourceOptions) {
    super("messaging-extras:redis:ConsumerGroup", name, { ...args }, opts);
  }
}
