import { pbkdf2Sync, randomBytes } from "node:crypto";
import {
  AclOperations,
  AclPermissionTypes,
  alterUserScramCredentialsV0,
  createAclsV3,
  deleteAclsV3,
  ResourcePatternTypes,
  ResourceTypes,
  ScramMechanisms,
} from "@platformatic/kafka";
import { openCluster } from "../../../client/kafka/cluster.ts";
import type { OperatorAccess } from "../../../client/operator.ts";
import { serverOf } from "../../../client/redis/server.ts";
import { management } from "../adopt/byHand.ts";

/** The name of an administrator that the test adds to each broker. */
export const MARKED = "marked-admin";

export interface Passwords {
  rabbitmq: string;
  kafka: string;
  redis: string;
}

const { TOPIC, GROUP, CLUSTER, TRANSACTIONAL_ID } = ResourceTypes;
const acls = [TOPIC, GROUP, CLUSTER, TRANSACTIONAL_ID].map((resourceType) => ({
  resourceType,
  resourceName: resourceType === CLUSTER ? "kafka-cluster" : "*",
  resourcePatternType: ResourcePatternTypes.LITERAL,
  principal: `User:${MARKED}`,
  host: "*",
  operation: AclOperations.ALL,
  permissionType: AclPermissionTypes.ALLOW,
}));
const ITERATIONS = 4096;

/** Adds an administrator with a password of the test's to each broker of an environment; returns what removes them. */
export async function addAdministrators(
  { rabbitmq, kafka, redis }: Required<OperatorAccess>,
  passwords: Passwords,
): Promise<() => Promise<void>> {
  const api = management(rabbitmq);
  const cluster = openCluster(kafka, "messaging-test");
  const server = serverOf(redis.notifications!);
  await api("PUT", `users/${MARKED}`, { password: passwords.rabbitmq, tags: "administrator" });
  const salt = randomBytes(16);
  const saltedPassword = pbkdf2Sync(passwords.kafka, salt, ITERATIONS, 64, "sha512");
  const user = { name: MARKED, mechanism: ScramMechanisms.SCRAM_SHA_512 };
  await cluster.ask(alterUserScramCredentialsV0.api, [], [{ ...user, iterations: ITERATIONS, salt, saltedPassword }]);
  await cluster.ask(createAclsV3.api, acls);
  await server.ask(["ACL", "SETUSER", MARKED, "reset", "on", `>${passwords.redis}`, "~*", "&*", "+@all"]);
  return async () => {
    await api("DELETE", `users/${MARKED}`);
    await cluster.ask(deleteAclsV3.api, acls);
    await cluster.ask(alterUserScramCredentialsV0.api, [user], []);
    await cluster.close();
    await server.ask(["ACL", "DELUSER", MARKED]);
    server.close();
  };
}
