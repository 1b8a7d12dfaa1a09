import * as pulumi from "@pulumi/pulumi";
import { Permissions } from "@pulumi/rabbitmq/permissions.js";
import { TopicPermissions } from "@pulumi/rabbitmq/topicPermissions.js";
import { User } from "@pulumi/rabbitmq/user.js";
import { derivePassword } from "../password.ts";
import { type Grants, toPermissions, toTopicPermissions } from "./permissions.ts";
import { TopicRights, type TopicRightsArgs } from "./topicRights.ts";

export interface RabbitmqAppArgs {
  /** The vhost in which the app has its rights; it has none elsewhere. */
  vhost: pulumi.Input<string>;
  /** What the app may read and write. */
  grants: Grants;
  /** RabbitMQ's management API as whoever runs the environment. */
  access: TopicRightsArgs["access"];
  /** The environment's secret, from which the password is derived. */
  secret: pulumi.Input<string>;
  /** What the password is derived from beside the secret. Default: the user's name. */
  purpose?: string;
}

/** One user of an app, named as the component: it publishes and consumes what the skill says, and declares, deletes or administers nothing. */
export class RabbitmqApp extends pulumi.ComponentResource {
  /** The user's name, known once its permissions are in place. */
  readonly username: pulumi.Output<string>;
  /** Always secret. */
  readonly password: pulumi.Output<string>;

  constructor(
    name: string,
    { vhost, grants, access, secret, purpose = name }: RabbitmqAppArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("messaging:rabbitmq:RabbitmqApp", name, {}, opts);

    const password = derivePassword(secret, `rabbitmq/${purpose}`);
    const user = new User(name, { name, password }, { parent: this });
    const topics = toTopicPermissions(grants);
    // Before the permissions and gone after them: without an entry for an exchange, every routing key is allowed.
    const narrowed =
      topics.length > 0 ? this.narrow(name, { access, user: user.name, vhost, permissions: topics }) : [];
    const allowed = new Permissions(
      name,
      { user: user.name, vhost, permissions: toPermissions(grants) },
      { parent: this, dependsOn: narrowed },
    );

    const outputs = { username: allowed.user, password };
    this.username = outputs.username;
    this.password = outputs.password;
    this.registerOutputs(outputs);
  }

  /**
   * The provider's own resource makes the first entries and deletes all in the end. It must not change them: it would delete them first,
   * and the user might write every key until they are there again, for ever where that fails. Ours changes them.
   */
  private narrow(name: string, args: TopicRightsArgs): pulumi.Resource[] {
    const { access: _, ...entries } = args;
    const first = new TopicPermissions(name, entries, {
      parent: this,
      ignoreChanges: ["permissions"],
      deleteBeforeReplace: true,
    });
    return [first, new TopicRights(name, args, { parent: this, dependsOn: first })];
  }
}
