import { keyOf, type Properties, type Thing } from "../../live/inventory/index.ts";
import type { Finding as Drifted } from "../drift/finding.ts";
import type { Access } from "./declared.ts";
import type { Finding } from "./finding.ts";
import { ADMIN_FILE, kafkaTool, word } from "./kafkaTools.ts";
import { managementCall } from "./rabbitmqTools.ts";
import { ALTERNATE } from "./settings.ts";

/** What somebody added beside what is ours, that stops our apps. An `up` takes none of it away: it is not in the state. */
export function addedFindings(drifted: readonly Drifted[], access: Access, things: readonly Thing[]): Finding[] {
  const there = new Map(things.map((thing) => [keyOf(thing), thing.properties]));
  return drifted.flatMap((one): Finding[] => {
    if (one.status !== "orphan") return [];
    const found = ADDED[`${one.broker} ${one.kind}`]?.(one, there.get(keyOf(one)) ?? {}, access);
    return found ? [{ ...found, command: "npx messaging drift" }] : [];
  });
}

/** By broker and kind: what is wrong with one that is an orphan. */
const ADDED: Record<string, (orphan: Drifted, properties: Properties, access: Access) => Finding | false> = {
  "rabbitmq policy": ({ name, reason = "" }, { definition = "" }, { rabbitmq }) => {
    const [, alternate] = ALTERNATE.exec(definition) ?? [];
    if (alternate === undefined) return false;
    return {
      trouble: "message loss",
      place: `rabbitmq policy ${name}`,
      found: `alternate-exchange is ${alternate}, and ${reason}`,
      cause:
        "Somebody added it: what our exchange leads to no queue is not refused, which its producer would see, but goes there.",
      fix: `Delete it, as npx pulumi up does not: ${managementCall(rabbitmq!, ["policies", name], "-X DELETE")}. What went there must be published again.`,
    };
  },
  "kafka acl": ({ name, reason = "" }, acl, access) => {
    if (acl.permission !== "Deny" || !OF_APPS.has(acl.operation!)) return false;
    // One for everybody may be about what is not ours, and one for a stranger keeps him out.
    const isOfAll = acl.principal === "User:*" && reason.startsWith("it is for our ");
    if (!isOfAll && !reason.startsWith("it is of our app ")) return false;
    return {
      trouble: "refused",
      place: `kafka user ${acl.principal!.replace("User:", "")}`,
      found: `acl ${name}`,
      cause:
        "Somebody added it, and what an ACL denies no other one allows: it is refused (TOPIC_AUTHORIZATION_FAILED, GROUP_AUTHORIZATION_FAILED).",
      fix: `Delete it, as npx pulumi up does not: ${withoutAcl(acl, access)} (${ADMIN_FILE}). What was refused must be published again.`,
    };
  },
  "kafka quota": ({ name }, limits, access) => {
    // Under a default quota an app may always have been.
    const user = name.split(", ").find((part) => part.startsWith("user ") && part !== "user <default>");
    if (!user) return false;
    const entity = name.split(", ").map((part) => {
      const [type, ...rest] = part.split(" ");
      return `--entity-type ${type === "user" ? "users" : "clients"} ${entityName(rest.join(" "))}`;
    });
    return {
      trouble: "lag",
      place: `kafka ${user}`,
      found: `quota ${name}: ${Object.entries(limits)
        .map(([limit, most]) => `${limit} is ${most}`)
        .join(", ")}`,
      cause: "Somebody added it: Kafka makes this app wait until it is below that.",
      fix: `Where it is not meant, delete it, as npx pulumi up does not: ${kafkaTool("kafka-configs.sh", access)} --alter ${entity.join(" ")} --delete-config ${Object.keys(limits).join(",")} (${ADMIN_FILE}). Where it is, say it in skill.yaml, under quotas.`,
    };
  },
};

/** What apps do: that the rest is denied stops none of them. */
const OF_APPS = new Set(["All", "Read", "Write", "Describe", "IdempotentWrite"]);

const entityName = (name: string): string =>
  name === "<default>" ? "--entity-default" : `--entity-name ${word(name)}`;

/** By Kafka's name for a type of resource: the option that says which one. */
const RESOURCES: Record<string, (name: string) => string> = {
  Topic: (name) => `--topic ${word(name)}`,
  Group: (name) => `--group ${word(name)}`,
  TransactionalId: (name) => `--transactional-id ${word(name)}`,
  DelegationToken: (name) => `--delegation-token ${word(name)}`,
  Cluster: () => "--cluster",
};

function withoutAcl(
  { principal, host, operation, resourceType, resourceName, patternType }: Properties,
  access: Access,
) {
  const pattern = patternType === "Literal" ? "" : ` --resource-pattern-type ${patternType!.toLowerCase()}`;
  const resource = RESOURCES[resourceType!]?.(resourceName!) ?? `--user-principal ${word(resourceName!)}`;
  return `${kafkaTool("kafka-acls.sh", access)} --remove --force --deny-principal ${word(principal!)} --deny-host ${word(host!)} --operation ${operation} ${resource}${pattern}`;
}
