import { ListQueuesCommand } from "@aws-sdk/client-sqs";
import { describeAclsV2, describeClientQuotasV0, describeUserScramCredentialsV0 } from "@platformatic/kafka";
import { openCluster } from "../../../client/kafka/cluster.ts";
import type { OperatorAccess } from "../../../client/operator.ts";
import { serverOf } from "../../../client/redis/server.ts";
import { connectionTo } from "../../../client/sqs/api.ts";
import { PREFIX } from "./brokers.ts";
import { type Environment, ground } from "./environment.ts";

const MINE = new RegExp(`^${PREFIX}`);

/** What of the environment's names is on the broker, whoever made it. */
export function onBroker({ kind }: Environment): Promise<string[]> {
  return LOOKS[kind.name](ground().operator);
}

/** The same of the state. */
export function inState(env: Environment): string[] {
  return env
    .resources()
    .flatMap(({ type, id = "", inputs = {} }) => NAMES[type]?.({ id, ...inputs }) ?? [])
    .sort();
}

// biome-ignore lint/suspicious/noExplicitAny: each type of resource has inputs of its own
type Inputs = Record<string, any>;

const NAMES: Record<string, (inputs: Inputs) => string | string[]> = {
  "rabbitmq:index/queue:Queue": ({ name }) => `queue ${name}`,
  "rabbitmq:index/exchange:Exchange": ({ name }) => `exchange ${name}`,
  "rabbitmq:index/policy:Policy": ({ name }) => `policy ${name}`,
  "rabbitmq:index/user:User": ({ name }) => `user ${name}`,
  "rabbitmq:index/permissions:Permissions": ({ user }) => `permissions ${user}`,
  "rabbitmq:index/binding:Binding": ({ source, destination, routingKey }) =>
    `binding ${source} ${destination} ${routingKey}`,
  "kafka:index/topic:Topic": ({ name }) => `topic ${name}`,
  "kafka:index/userScramCredential:UserScramCredential": ({ username }) => `user ${username}`,
  "kafka:index/quota:Quota": ({ entityName, config }) => `quota ${entityName} ${Object.values(config)}`,
  "kafka:index/acl:Acl": ({ id }) => `acl ${id.split("|").slice(0, 1)} ${id.split("|").slice(4, 6).join(" ")}`,
  "aws:sqs/queue:Queue": ({ name }) => `queue ${name}`,
  "messaging-extras:redis:User": ({ name }) => `user ${name}`,
  "messaging-extras:redis:ConsumerGroup": ({ stream, group }) => `group ${stream} ${group}`,
};

const LOOKS: Record<Environment["kind"]["name"], (operator: OperatorAccess) => Promise<string[]>> = {
  rabbitmq: async ({ rabbitmq }) => {
    const { managementUrl, username, password } = rabbitmq!;
    const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
    const list = async (path: string): Promise<Inputs[]> => {
      const answer = await fetch(`${managementUrl}/api/${path}`, { headers: { authorization } });
      return answer.ok ? ((await answer.json()) as Inputs[]) : [];
    };
    const [queues, exchanges, policies, bindings, users, permissions] = await Promise.all(
      [
        ...["queues", "exchanges", "policies", "bindings"].map((kind) => `${kind}/${PREFIX}`),
        "users",
        `vhosts/${PREFIX}/permissions`,
      ].map(list),
    );
    return [
      ...queues!.map(({ name }) => `queue ${name}`),
      ...exchanges!.filter(({ name }) => name && !name.startsWith("amq.")).map(({ name }) => `exchange ${name}`),
      ...policies!.map(({ name }) => `policy ${name}`),
      ...users!.filter(({ name }) => MINE.test(name)).map(({ name }) => `user ${name}`),
      ...bindings!
        .filter(({ source }) => source)
        .map(({ source, destination, routing_key }) => `binding ${source} ${destination} ${routing_key}`),
      ...permissions!.filter(({ user }) => MINE.test(user)).map(({ user }) => `permissions ${user}`),
    ].sort();
  },
  kafka: async ({ kafka }) => {
    const cluster = openCluster(kafka!, "messaging-test");
    try {
      const topics = await cluster.topics();
      const scram = await cluster.ask(describeUserScramCredentialsV0.api, []);
      const quotas = await cluster.ask(describeClientQuotasV0.api, [{ entityType: "user", matchType: 2 }], false);
      const any = { resourceType: 1, resourcePatternType: 1, operation: 1, permissionType: 1 };
      const acls = await cluster.ask(describeAclsV2.api, any as Parameters<typeof describeAclsV2.api.async>[1]);
      return [
        ...topics.filter((name) => MINE.test(name)).map((name) => `topic ${name}`),
        ...scram.results.filter(({ user }) => MINE.test(user)).map(({ user }) => `user ${user}`),
        ...quotas.entries.flatMap(({ entity: [first], values }) =>
          MINE.test(first?.entityName ?? "") ? [`quota ${first!.entityName} ${values.map(({ value }) => value)}`] : [],
        ),
        ...acls.resources.flatMap(({ resourceType, resourceName, acls: own }) =>
          own
            .filter(({ principal }) => principal.startsWith(`User:${PREFIX}`))
            .map(({ principal }) => `acl ${principal} ${resourceType === 2 ? "Topic" : "Group"} ${resourceName}`),
        ),
      ].sort();
    } finally {
      await cluster.close();
    }
  },
  sqs: async ({ sqs }) => {
    const client = connectionTo(sqs!);
    const { QueueUrls = [] } = await client.send(new ListQueuesCommand({ QueueNamePrefix: `${PREFIX}-` }));
    client.destroy();
    return QueueUrls.map((url) => `queue ${url.split("/").at(-1)}`).sort();
  },
  redis: async ({ redis }) => {
    const server = serverOf(redis!.notifications!);
    try {
      const users = ((await server.ask(["ACL", "USERS"])) as (string | Buffer)[]).map(String);
      const streams = [`${PREFIX}-kept`, `${PREFIX}-extra`];
      const groups = await Promise.all(
        streams.map(async (stream) => {
          const found = (await server.ask(["XINFO", "GROUPS", stream]).catch(() => [])) as unknown[][];
          return found.map((fields) => `group ${stream} ${fields[1]}`);
        }),
      );
      return [...users.filter((name) => MINE.test(name)).map((name) => `user ${name}`), ...groups.flat()].sort();
    } finally {
      server.close();
    }
  },
};
