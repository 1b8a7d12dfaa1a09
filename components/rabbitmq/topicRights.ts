import * as pulumi from "@pulumi/pulumi";

export interface TopicRightsArgs {
  /** RabbitMQ's management API as whoever runs the environment. */
  access: {
    managementUrl: pulumi.Input<string>;
    username: pulumi.Input<string>;
    password: pulumi.Input<string>;
    /** The authority that signed the broker's certificate, PEM. Default: those that this machine knows. */
    ca?: string;
  };
  user: pulumi.Input<string>;
  vhost: pulumi.Input<string>;
  /** One entry for each topic exchange; regular expressions of routing keys. */
  permissions: { exchange: string; write: string; read: string }[];
}

/** The routing keys that a user may use, changed without a moment in which it may use more; see `messaging-extras:rabbitmq:TopicPermissions`. */
export class TopicRights extends pulumi.CustomResource {
  constructor(name: string, { access, ...args }: TopicRightsArgs, opts?: pulumi.CustomResourceOptions) {
    const inputs = { ...args, access: { ...access, password: pulumi.secret(access.password) } };
    super("messaging-extras:rabbitmq:TopicPermissions", name, inputs, opts);
  }
}
