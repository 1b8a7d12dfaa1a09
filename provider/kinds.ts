import { clusterBy } from "./cluster/cluster.ts";
import { live } from "./cluster/contact.ts";
import { watched } from "./cluster/watch.ts";
import { environmentSecret } from "./environmentSecret.ts";
import { mirror } from "./kafka/mirror.ts";
import type { Kind } from "./kind.ts";
import { drain } from "./rabbitmq/drain.ts";
import { topicPermissions } from "./rabbitmq/topicPermissions.ts";
import { consumerGroup } from "./redis/consumerGroup.ts";
import { settings } from "./redis/settings.ts";
import { user } from "./redis/user.ts";

/** Every resource type of the plugin by its token. */
export const kinds: Record<string, Kind> = {
  "messaging-extras:index:Cluster": clusterBy(watched(live)),
  "messaging-extras:index:EnvironmentSecret": environmentSecret,
  "messaging-extras:kafka:Mirror": mirror,
  "messaging-extras:rabbitmq:Drain": drain,
  "messaging-extras:rabbitmq:TopicPermissions": topicPermissions,
  "messaging-extras:redis:ConsumerGroup": consumerGroup,
  "messaging-extras:redis:Settings": settings,
  "messaging-extras:redis:User": user,
};
