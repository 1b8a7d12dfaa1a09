import type { KafkaAcl, KafkaRights } from "../../live/index.ts";
import type { Guarded, Properties } from "./guarded.ts";
import { asking } from "./kafka.ts";
import type { Run } from "./run.ts";

/** As Kafka counts them: AclOperation; ALLOW and LITERAL are 3. */
const OPERATIONS: Record<string, number> = { Read: 3, Write: 4 };
const [ALLOW, LITERAL] = [3, 3];

/**
 * What stands before an ACL. On a cluster that allows everybody what has no ACL, the first one of a topic or group cuts off all others,
 * and deleting the last one of a topic opens it to everybody.
 */
export const kafkaAcl: Pick<Guarded, "create" | "ends" | "taking"> = {
  ends: (acl) =>
    isGroup(acl) ? [] : [{ type: "kafka:index/topic:Topic", inputs: { name: acl.aclResourceName }, holds: true }],

  async create(acl, run) {
    const name = nameOf(acl);
    // Of what was not there before nobody can be cut off.
    if (run.mayChangeAccess(name) || run.made.has(name)) return undefined;
    const { acls, open, used } = await rightsOn(acl, run);
    return open === "unknown" && used && acls.length === 0 ? firstAcl(name, run.stack) : undefined;
  },

  async taking(acl, run) {
    const name = nameOf(acl);
    run.leaving.add(keyOf(name, toLive(acl)));
    if (acl.aclResourceType !== "Topic" || run.mayChangeAccess(name)) return undefined;
    const stays = run.allDeclared("kafka:index/topic:Topic").some((topic) => topic.name === acl.aclResourceName);
    const another = run.allDeclared("kafka:index/acl:Acl").some((other) => nameOf(other) === name);
    if (!stays || another) return undefined;
    const { acls, open } = await rightsOn(acl, run);
    const left = acls.filter((one) => !run.leaving.has(keyOf(name, one)));
    return open === "unknown" && acls.length > 0 && left.length === 0 ? lastAcl(name, run.stack) : undefined;
  },
};

const isGroup = ({ aclResourceType }: Properties): boolean => aclResourceType === "Group";

/** As `messaging:allowAccessChange` names it. */
const nameOf = (acl: Properties): string => `kafka/${isGroup(acl) ? "group/" : ""}${acl.aclResourceName}`;

const rightsOn = (acl: Properties, run: Run): Promise<KafkaRights> =>
  asking(run, (kafka) => kafka.rights(isGroup(acl) ? "group" : "topic", acl.aclResourceName));

const toLive = (acl: Properties): KafkaAcl => ({
  principal: acl.aclPrincipal,
  host: acl.aclHost,
  operation: OPERATIONS[acl.aclOperation] ?? 0,
  permission: ALLOW,
  pattern: LITERAL,
  resource: acl.aclResourceName,
});

const keyOf = (name: string, { principal, host, operation, permission, pattern, resource }: KafkaAcl): string =>
  JSON.stringify([name, principal, host, operation, permission, pattern, resource]);

const WHERE =
  "the brokers set allow.everyone.if.no.acl.found and do not tell to what: where it is true, everybody may use what has no ACL";

/** Why a topic or group that is in use does not get its first ACL. */
const firstAcl = (name: string, stack: string): string =>
  [
    `${name}: must have an ACL of its own for each client that uses it now, got none; ${WHERE}, and its first ACL cuts off all other clients.`,
    "  Give the clients that are to stay ACLs first (kafka-acls.sh --add), or take them into the skill as apps.",
    ...onPurpose("close", name, stack),
  ].join("\n");

/** Why a topic that stays does not lose its last ACL. */
const lastAcl = (name: string, stack: string): string =>
  [
    `${name}: must keep an ACL, got a change that deletes its last; ${WHERE}, and without one everybody may read and write it.`,
    "  Keep an app that uses it, or take the topic out of the skill once it is empty.",
    ...onPurpose("open", name, stack),
  ].join("\n");

const onPurpose = (what: string, name: string, stack: string): string[] => [
  `  Or ${what} it on purpose: add to Pulumi.${stack}.yaml below config:`,
  `    messaging:allowAccessChange: [${name}]`,
  "  Where the brokers' setting is false, say so, and nothing of this is asked: messaging:kafka: { openWithoutAcls: false }",
];
