import { isNarrowed, isOfAnybody, statementsOf } from "../iam.ts";
import { knownFields, text } from "../plain.ts";
import { resourceRule } from "../rule.ts";
import { calledOf, type Seen } from "../seen.ts";

/** Rights are of somebody, and of exact things. */
export const noWildcardPrincipal = resourceRule({
  name: "no-wildcard-principal",
  description: "No rights are given to everybody, or to everything.",
  severity: "critical",
  remedy:
    "Name who it is for: an IAM role on SQS (or a condition such as aws:SourceArn), a user on Kafka; on RabbitMQ the exact queues and exchanges, as in ^(?:orders|billing)$. " +
    "An administrator goes into the rule's `except`.",
  check: (resource) => CHECKS[resource.type]?.(resource) ?? [],
});

const ofPolicy = (resource: Seen): string[] => {
  const anybody = statementsOf(resource.props.policy).filter(
    (statement) => statement.Effect === "Allow" && isOfAnybody(statement) && !isNarrowed(statement),
  );
  const open = anybody.map(({ Sid, NotPrincipal }) => {
    const who = NotPrincipal === undefined ? 'Principal "*"' : "NotPrincipal";
    return `statement ${text(Sid) ?? "without Sid"} allows ${who}`;
  });
  return open.map((problem) => `sqs/${calledOf(resource)}: must allow named principals only, got: ${problem}`);
};

const CHECKS: Record<string, (resource: Seen) => string[]> = {
  "aws:sqs/queue:Queue": ofPolicy,
  "aws:sqs/queuePolicy:QueuePolicy": ofPolicy,
  "kafka:index/acl:Acl": ({ props }) => {
    const { aclPrincipal, aclPermissionType, aclOperation, aclResourceType, aclResourceName } = props;
    if (aclPrincipal !== "User:*" || aclPermissionType !== "Allow") return [];
    const what = `${String(aclOperation)} on ${String(aclResourceType)} ${String(aclResourceName)}`;
    return [`kafka ACL ${what}: must name a user, got User:*`];
  },
  "rabbitmq:index/permissions:Permissions": ({ name, props }) => {
    const rights = knownFields(props.permissions);
    const open = ["configure", "write", "read"].filter((right) => matchesAnything(rights[right]));
    const user = text(props.user) ?? name;
    return open.map((right) => `rabbitmq user ${user}: must ${right} exact names only, got ${String(rights[right])}`);
  },
};

/** Names that nobody would list: a pattern that matches them all is of everything. */
const STRANGERS = ["zq-7f3a", "Zq.7F3A", "7_zq:x"];

function matchesAnything(pattern: unknown): boolean {
  // To RabbitMQ the empty pattern is of nothing.
  if (typeof pattern !== "string" || pattern === "") return false;
  try {
    const regex = new RegExp(pattern);
    return STRANGERS.every((name) => regex.test(name));
  } catch {
    return false; // a pattern of Erlang's that JavaScript has not
  }
}
