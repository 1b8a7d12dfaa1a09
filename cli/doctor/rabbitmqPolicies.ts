import type { QueueFigures } from "../../live/health/rabbitmq.ts";
import { type Finding, RESTORE } from "./finding.ts";

type Definition = QueueFigures["definition"];

/** What a queue is to us: its policies must keep it so. */
export type Kind = "work" | "dead letters" | "delay tier";

/** How messages are lost, or refused, where the policies of a queue together say something else than ours. */
interface Rule {
  of: Kind[];
  /** Refused instead of lost. */
  refuses?: true;
  /** What becomes of messages; undefined where the policies are right. `own`: what our policy says. */
  wrong(now: Definition, own: Definition, exchange: string): string | false;
}

const less = (now: Definition, own: Definition, key: string): boolean =>
  now[key] !== undefined && Number(now[key]) < Number(own[key] ?? Number.POSITIVE_INFINITY);

const limit = (now: Definition): string =>
  [
    now["max-length"] !== undefined && `${now["max-length"]} messages`,
    now["max-length-bytes"] !== undefined && `${now["max-length-bytes"]} bytes`,
  ]
    .filter(Boolean)
    .join(" or ");

const lower = (now: Definition, own: Definition): boolean =>
  less(now, own, "max-length") || less(now, own, "max-length-bytes");

const refusing = (now: Definition): boolean => now.overflow === "reject-publish";

const RULES: Rule[] = [
  {
    of: ["work"],
    wrong: (now, _, exchange) =>
      now["dead-letter-exchange"] !== exchange && "what fails is not kept as a dead letter but dropped",
  },
  { of: ["work"], wrong: (now) => !refusing(now) && "when it is full the oldest messages are dropped" },
  {
    of: ["work"],
    refuses: true,
    wrong: (now, own) =>
      lower(now, own) && refusing(now) && `it is full at ${limit(now)}, and then refuses what is published`,
  },
  {
    of: ["work"],
    wrong: (now) => now["message-ttl"] !== undefined && `messages end after ${now["message-ttl"]} ms, consumed or not`,
  },
  {
    of: ["dead letters"],
    wrong: (now, own) => lower(now, own) && !refusing(now) && `above ${limit(now)} the oldest are dropped`,
  },
  {
    of: ["dead letters"],
    refuses: true,
    wrong: (now, own) =>
      lower(now, own) && refusing(now) && `it is full at ${limit(now)}, and then what fails stays where it failed`,
  },
  {
    of: ["dead letters"],
    wrong: (now, own) => less(now, own, "message-ttl") && `dead letters end after ${now["message-ttl"]} ms`,
  },
  {
    of: ["dead letters", "delay tier"],
    wrong: (now, own) => less(now, own, "delivery-limit") && `after ${now["delivery-limit"]} returns they are dropped`,
  },
  {
    of: ["delay tier"],
    wrong: (now) =>
      (now["dead-letter-exchange"] === undefined ||
        now["dead-letter-strategy"] !== "at-least-once" ||
        !refusing(now)) &&
      "what waits for a retry may be dropped when its delay is over",
  },
  {
    of: ["delay tier"],
    refuses: true,
    wrong: (now, own) =>
      lower(now, own) && refusing(now) && `it is full at ${limit(now)}, and then no retry can wait there`,
  },
  {
    of: ["work", "dead letters", "delay tier"],
    wrong: (now) => now.expires !== undefined && `unused for ${now.expires} ms it is deleted`,
  },
];

/** Where the policies of one of our queues lose or refuse messages. `own`: the definition of the policy of its name, which is ours. */
export function policyFindings(
  place: string,
  kind: Kind,
  { name, policy, operatorPolicy, declared, definition, members }: QueueFigures,
  { own = {}, exchange }: { own: Definition | undefined; exchange: string },
): Finding[] {
  const broken = RULES.filter(({ of }) => of.includes(kind)).flatMap(({ refuses, wrong }) => {
    const said = wrong(definition, own, exchange);
    return said === false ? [] : [{ said, refuses }];
  });
  if (broken.length === 0) return [];
  const given = Object.keys(declared)
    .filter((name) => LOSING.has(name) && definition[name] === declared[name])
    .map((name) => `x-${name}`);
  const by = [
    policy && `policy ${policy}`,
    operatorPolicy && `operator policy ${operatorPolicy}`,
    given.length > 0 && `what it was declared with (${given.join(", ")})`,
  ].filter(Boolean);
  const isClassic = !policy && members.length === 0 && OF_QUORUM.some((key) => own[key] !== undefined);
  return [
    {
      trouble: broken.every(({ refuses }) => refuses) ? "refused" : "message loss",
      place,
      found: `${isClassic ? "it is a classic queue, not a quorum queue: " : ""}by ${by.join(" and ") || "no policy"}, ${broken.map(({ said }) => said).join(", and ")}`,
      ...(isClassic ? otherType(name) : given.length > 0 ? DECLARED : POLICIES),
      command: "npx messaging drift",
    },
  ];
}

/** What the rules look at: whatever else a queue was declared with loses nothing. */
const LOSING = new Set([
  ...["max-length", "max-length-bytes", "overflow", "message-ttl", "expires", "delivery-limit"],
  ...["dead-letter-exchange", "dead-letter-strategy"],
]);

/** What only policies for quorum queues say: RabbitMQ 4 applies none of them to a classic queue. */
const OF_QUORUM = ["delivery-limit", "dead-letter-strategy"];

const LOST = "What was dropped must be sent again.";

const POLICIES = {
  cause:
    "Only one policy applies to a queue, and an operator policy limits it further: another one has a higher priority than ours, an operator policy limits ours, or ours was deleted or changed.",
  fix: `Delete that policy, or give it a pattern that leaves this queue out (rabbitmqctl clear_policy or clear_operator_policy); where ours was deleted or changed: ${RESTORE}. ${LOST}`,
};

const DECLARED = {
  cause:
    "Somebody deleted the queue and declared it again, perhaps an app as it started: its arguments apply beside the policies, for as long as the queue exists.",
  fix: `${RESTORE} replaces the queue, and refuses to as long as it holds messages. Have the app declare no queue, or declare it passively. ${LOST}`,
};

const otherType = (queue: string) => ({
  cause:
    "Somebody deleted the queue and declared it again as another type, perhaps an app as it started: our policy, which is for a quorum queue, does not apply to it, and no type can be changed in place.",
  fix: `Consume or move what it holds, delete it (rabbitmqctl delete_queue --vhost <its vhost> ${queue}), then ${RESTORE}, which refuses to replace it meanwhile. Have the app declare no queue, or declare it passively. ${LOST}`,
});
