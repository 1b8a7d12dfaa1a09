import { randomUUID } from "node:crypto";
import {
  AclOperations,
  AclPermissionTypes,
  ClientQuotaMatchTypes,
  ConfigResourceTypes,
  ConfigSources,
  describeAclsV2,
  describeClientQuotasV0,
  describeConfigsV4,
  describeUserScramCredentialsV0,
  ResourcePatternTypes,
  ResourceTypes,
  ScramMechanisms,
} from "@platformatic/kafka";
import { type Cluster, openCluster } from "../../client/kafka/cluster.ts";
import type { Login } from "../../client/kafka/link.ts";
import { metadataV10, told } from "../../client/kafka/wire.ts";
import { aclName, properties, type Thing } from "./thing.ts";

/** Everything of interest on a Kafka cluster: topics but the broker's own, ACLs, SCRAM users and quotas. */
export async function kafkaInventory(login: Login): Promise<Thing[]> {
  const cluster = openCluster(login, `messaging-inventory/${randomUUID()}`);
  try {
    const lists = await Promise.all([topics(cluster), acls(cluster), users(cluster), quotas(cluster)]);
    return lists.flat();
  } catch (error) {
    throw told(error, `looking at ${login.bootstrapServers.join(", ")}`);
  } finally {
    await cluster.close();
  }
}

/** Whether the broker lets this user in; throws where it does not answer. */
export async function kafkaLogin(login: Login): Promise<void> {
  const cluster = openCluster(login, `messaging-inventory/${randomUUID()}`);
  try {
    await cluster.ask(metadataV10.api, [], false, false);
  } catch (error) {
    throw told(error, `logging in as ${login.username}`);
  } finally {
    await cluster.close();
  }
}

const thing = (kind: string, name: string, values: Record<string, unknown>): Thing => ({
  broker: "kafka",
  kind,
  name,
  properties: properties(values),
});

/** One request for so many topics at most: an answer has some 35 settings of each. */
const AT_ONCE = 100;

async function topics(cluster: Cluster): Promise<Thing[]> {
  const { topics: all } = await cluster.ask(metadataV10.api, null, false, false);
  const found = all.filter(({ isInternal, name }) => !isInternal && name !== null);
  const settings = new Map<string, { own: Record<string, string>; defaults: Record<string, string> }>();
  for (let from = 0; from < found.length; from += AT_ONCE) {
    const asked = found.slice(from, from + AT_ONCE).map(({ name }) => ({
      resourceType: ConfigResourceTypes.TOPIC,
      resourceName: name!,
    }));
    const { results } = await cluster.ask(describeConfigsV4.api, asked, false, false);
    for (const { resourceName, configs } of results) {
      const isOwn = ({ configSource }: { configSource: number }) => configSource === ConfigSources.TOPIC_CONFIG;
      const values = (some: typeof configs) =>
        properties(Object.fromEntries(some.map(({ name, value }) => [name, value])));
      settings.set(resourceName, {
        own: values(configs.filter(isOwn)),
        defaults: values(configs.filter((one) => !isOwn(one))),
      });
    }
  }
  return found.map(({ name, partitions }) => {
    const replicationFactor = Math.max(...partitions.map(({ replicaNodes }) => replicaNodes.length));
    const { own, defaults } = settings.get(name!) ?? { own: {}, defaults: {} };
    return { ...thing("topic", name!, { partitions: partitions.length, replicationFactor, ...own }), defaults };
  });
}

/** `TRANSACTIONAL_ID` as the provider writes it: `TransactionalID`. */
const named = (names: Record<string, number>, value: number): string => {
  const [name = String(value)] = Object.entries(names).find(([, each]) => each === value) ?? [];
  return name.replace(/([A-Z])([A-Z]*)(_|$)/g, (_, first: string, rest: string) => first + rest.toLowerCase());
};

async function acls(cluster: Cluster): Promise<Thing[]> {
  const any = {
    resourceType: ResourceTypes.ANY,
    resourceName: null,
    resourcePatternType: ResourcePatternTypes.ANY,
    principal: null,
    host: null,
    operation: AclOperations.ANY,
    permissionType: AclPermissionTypes.ANY,
  };
  const { resources } = await cluster.ask(describeAclsV2.api, any).catch(withoutSecurity);
  return resources.flatMap(({ resourceType, resourceName, resourcePatternType, acls: own }) =>
    own.map(({ principal, host, operation, permissionType }) => {
      const parts = {
        principal,
        host,
        permission: named(AclPermissionTypes, permissionType),
        operation: named(AclOperations, operation),
        resourceType: named(ResourceTypes, resourceType),
        resourceName,
        patternType: named(ResourcePatternTypes, resourcePatternType),
      };
      return thing("acl", aclName(parts), parts);
    }),
  );
}

/** A cluster without an authorizer has no ACLs and says so by an error. */
function withoutSecurity(error: unknown): { resources: [] } {
  if (/SECURITY_DISABLED/.test(JSON.stringify(error, ["apiId", "errors", "cause"]))) return { resources: [] };
  throw error;
}

const MECHANISMS: Record<number, string> = {
  [ScramMechanisms.SCRAM_SHA_256]: "SCRAM-SHA-256",
  [ScramMechanisms.SCRAM_SHA_512]: "SCRAM-SHA-512",
};

async function users(cluster: Cluster): Promise<Thing[]> {
  const { results } = await cluster.ask(describeUserScramCredentialsV0.api, []);
  return results.map(({ user, credentialInfos }) =>
    thing(
      "user",
      user,
      Object.fromEntries(
        credentialInfos.map(({ mechanism, iterations }) => [
          MECHANISMS[mechanism] ?? `mechanism ${mechanism}`,
          `${iterations} iterations`,
        ]),
      ),
    ),
  );
}

/** What limits may be for; `ip` is left out, as it limits connections of addresses and not apps. */
const ENTITIES = ["user", "client-id"] as const;

async function quotas(cluster: Cluster): Promise<Thing[]> {
  const answers = await Promise.all(
    ENTITIES.map((entityType) =>
      cluster.ask(describeClientQuotasV0.api, [{ entityType, matchType: ClientQuotaMatchTypes.ANY }], false),
    ),
  );
  const all = answers
    .flatMap(({ entries }) => entries)
    .map(({ entity, values }) => {
      const name = entity.map(({ entityType, entityName }) => `${entityType} ${entityName ?? "<default>"}`).sort();
      return thing("quota", name.join(", "), Object.fromEntries(values.map(({ key, value }) => [key, value])));
    });
  return [...new Map(all.map((quota) => [quota.name, quota])).values()];
}
