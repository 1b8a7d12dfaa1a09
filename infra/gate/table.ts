import * as docker from "./docker.ts";
import type { Guarded } from "./guarded.ts";
import * as kafka from "./kafka.ts";
import { kafkaAcl } from "./kafkaAcl.ts";
import * as rabbitmq from "./rabbitmq.ts";
import * as rabbitmqPolicy from "./rabbitmqPolicy.ts";
import * as redis from "./redis.ts";
import * as sqs from "./sqs.ts";

/** What holds nothing: it goes whenever the program says so, but not on another cluster. */
const holdsNothing = (kind: string, broker: string): Guarded => ({
  kind,
  name: ({ name }) => `${broker}/${kind}/${name}`,
});

/** What an app may do. */
const rights = (kind: string): Guarded => ({ ...holdsNothing(kind, "rabbitmq"), rights: true });

/** It goes last of its broker, but in a preview what it says comes before anything goes. */
const cluster: Guarded = {
  kind: "cluster",
  name: ({ inputs }) => inputs.broker,
  cluster: ({ outputs }) => outputs.identity,
};

/** What stands before each type of resource. */
export const guardedTypes: Record<string, Guarded> = {
  "rabbitmq:index/vHost:VHost": rabbitmq.vhost,
  "rabbitmq:index/exchange:Exchange": rabbitmq.exchange,
  "rabbitmq:index/queue:Queue": rabbitmq.queue,
  "rabbitmq:index/binding:Binding": rabbitmq.binding,
  "rabbitmq:index/user:User": rabbitmq.user,
  "rabbitmq:index/policy:Policy": rabbitmqPolicy.policy,
  "rabbitmq:index/permissions:Permissions": rights("permissions"),
  "rabbitmq:index/topicPermissions:TopicPermissions": rights("topic permissions"),
  "messaging-extras:rabbitmq:TopicPermissions": rights("topic permissions"),
  "kafka:index/acl:Acl": { ...holdsNothing("ACL", "kafka"), ...kafkaAcl },
  "kafka:index/quota:Quota": holdsNothing("quota", "kafka"),
  "aws:sqs/queuePolicy:QueuePolicy": holdsNothing("policy", "sqs"),
  "aws:sqs/redrivePolicy:RedrivePolicy": holdsNothing("redrive policy", "sqs"),
  "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy": holdsNothing("redrive allow policy", "sqs"),
  "messaging-extras:index:Cluster": cluster,
  "docker:index/container:Container": docker.container,
  "docker:index/volume:Volume": docker.volume,
  "docker:index/remoteImage:RemoteImage": docker.image,
  ...kafka.guarded,
  ...sqs.guarded,
  ...redis.guarded,
};
