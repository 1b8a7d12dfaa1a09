import { queueUrlOf } from "./queueUrl.ts";
import type { Resource, State } from "./resource.ts";

// biome-ignore lint/suspicious/noExplicitAny: each type of resource has inputs of its own
type Inputs = Record<string, any>;

const named = ({ name }: Inputs) => name;
const inVhost = ({ name, vhost }: Inputs) => `${name}@${vhost}`;
const userInVhost = ({ user, vhost }: Inputs) => `${user}@${vhost}`;
const ofQueue = ({ queueUrl }: Inputs) => queueUrl;

/**
 * By type: the id that a provider gives to what was made from these inputs, as it stands on the broker. Types that are not here are
 * made again without a trace of the first time (a container is removed before), or stand nowhere but in the state.
 */
const IDS: Record<string, (inputs: Inputs) => string | undefined> = {
  "rabbitmq:index/vHost:VHost": named,
  "rabbitmq:index/user:User": named,
  "rabbitmq:index/exchange:Exchange": inVhost,
  "rabbitmq:index/queue:Queue": inVhost,
  "rabbitmq:index/policy:Policy": inVhost,
  "rabbitmq:index/permissions:Permissions": userInVhost,
  "rabbitmq:index/topicPermissions:TopicPermissions": userInVhost,
  "rabbitmq:index/binding:Binding": bindingId,
  "kafka:index/topic:Topic": named,
  "kafka:index/quota:Quota": ({ entityName, entityType }) => `${entityName}|${entityType}`,
  "kafka:index/userScramCredential:UserScramCredential": ({ username, scramMechanism }) =>
    `${username}|${scramMechanism}`,
  "kafka:index/acl:Acl": (acl) =>
    [
      acl.aclPrincipal,
      acl.aclHost,
      acl.aclOperation,
      acl.aclPermissionType,
      acl.aclResourceType,
      acl.aclResourceName,
      acl.resourcePatternTypeFilter,
    ].join("|"),
  "aws:sqs/queuePolicy:QueuePolicy": ofQueue,
  "aws:sqs/redrivePolicy:RedrivePolicy": ofQueue,
  "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy": ofQueue,
  "aws:cloudwatch/metricAlarm:MetricAlarm": named,
  "aws:elasticache/user:User": ({ userId }) => userId,
  "aws:elasticache/userGroup:UserGroup": ({ userGroupId }) => userGroupId,
  "aws:elasticache/parameterGroup:ParameterGroup": named,
  "aws:elasticache/subnetGroup:SubnetGroup": named,
  "aws:elasticache/replicationGroup:ReplicationGroup": ({ replicationGroupId }) => replicationGroupId,
  "messaging-extras:redis:User": named,
  "messaging-extras:redis:ConsumerGroup": ({ stream, group }) => `${stream}/${group}`,
  "messaging-extras:redis:Settings": () => "settings",
  "docker:index/volume:Volume": named,
};

/** The id that a resource has if it was made. Undefined where it cannot be known, or where nothing of it stays. */
export async function idOf({ type, inputs = {}, provider }: Resource, state: State): Promise<string | undefined> {
  if (type === "aws:sqs/queue:Queue") return queueUrlOf(String(inputs.name), provider, state);
  const id = Object.hasOwn(IDS, type) ? IDS[type]!(inputs) : undefined;
  return typeof id === "string" && id !== "" && !id.includes("undefined") ? id : undefined;
}

/** RabbitMQ names a binding by its routing key; with arguments by a hash of its own as well, which nobody else can know. */
function bindingId({ vhost, source, destination, destinationType, routingKey = "", ...rest }: Inputs) {
  if (rest.argumentsJson !== undefined || rest.arguments !== undefined) return undefined;
  return [vhost, source, destination, destinationType, routingKey === "" ? "~" : quoted(routingKey)].join("/");
}

const quoted = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
