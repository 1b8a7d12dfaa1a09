import type { QueueFigures } from "../../live/health/rabbitmq.ts";
import { type Finding, RESTORE, WORST } from "./finding.ts";
import { alwaysOwn, type Definition, type Kind } from "./rabbitmqOwn.ts";
import type { RabbitmqPlaces } from "./rabbitmqServer.ts";
import { type Management, managementCall } from "./rabbitmqTools.ts";

/** What becomes of messages where the policies of a queue together say something else than ours. */
interface Rule {
  of: Kind[];
  /** Default: they are lost. */
  trouble?: Finding["trouble"];
  /** False where the policies are right. `own`: what our policy says. */
  wrong(now: Definition, own: Definition): string | false;
}

/** A negative limit is none. */
const less = (now: Definition, own: Definition, key: string): boolean =>
  Number(now[key]) >= 0 && Number(now[key]) < Number(own[key] ?? Number.POSITIVE_INFINITY);

/** RabbitMQ's own, where no policy says one. */
const CONSUMER_TIMEOUT_MS = 1_800_000;

/** An empty exchange is one, the default one. A state has every value as a text. */
const differs = (now: Definition, own: Definition, ...keys: string[]): boolean =>
  keys.some((key) => now[key]?.toString() !== own[key]?.toString());

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

const goesAstray = (now: Definition, own: Definition): boolean =>
  differs(now, own, "dead-letter-exchange", "dead-letter-routing-key");
const astray = (now: Definition): string =>
  `goes to ${now["dead-letter-exchange"] ? `exchange ${now["dead-letter-exchange"]}` : "the default exchange"} by ${now["dead-letter-routing-key"] ?? "the key that it has"}`;

/** How a queue of RabbitMQ 4.3 delays retries itself. */
const DELAYED_RETRY = ["delayed-retry-type", "delayed-retry-min", "delayed-retry-max"];
const delayed = (now: Definition): string =>
  now["delayed-retry-min"] === undefined
    ? "at once"
    : `after ${now["delayed-retry-min"]} to ${now["delayed-retry-max"] ?? now["delayed-retry-min"]} ms (${now["delayed-retry-type"]})`;

const RULES: Rule[] = [
  {
    of: ["work"],
    wrong: (now, own) => {
      if (now["dead-letter-exchange"] === undefined) return "what fails is not kept as a dead letter but dropped";
      if (goesAstray(now, own)) return `what fails ${astray(now)}, not to its dead letters`;
      return differs(now, own, "dead-letter-strategy") && "what fails may be lost on its way to the dead letters";
    },
  },
  { of: ["work"], wrong: (now) => !refusing(now) && "when it is full the oldest messages are dropped" },
  {
    of: ["work"],
    trouble: "refused",
    wrong: (now, own) =>
      lower(now, own) && refusing(now) && `it is full at ${limit(now)}, and then refuses what is published`,
  },
  {
    of: ["work"],
    wrong: (now) => now["message-ttl"] !== undefined && `messages end after ${now["message-ttl"]} ms, consumed or not`,
  },
  {
    of: ["work"],
    trouble: "dead letters",
    wrong: (now, own) =>
      less(now, own, "delivery-limit") && `after ${now["delivery-limit"]} returns a message is a dead letter`,
  },
  {
    of: ["work"],
    trouble: "lag",
    wrong: (now, own) =>
      differs(now, own, ...DELAYED_RETRY) && `what is given back comes again ${delayed(now)}, not ${delayed(own)}`,
  },
  {
    of: ["work"],
    trouble: "duplicates",
    wrong: (now, own) =>
      less(now, { "consumer-timeout": CONSUMER_TIMEOUT_MS, ...own }, "consumer-timeout") &&
      `what a consumer has for longer than ${now["consumer-timeout"]} ms is taken from it and comes again`,
  },
  {
    of: ["dead letters"],
    wrong: (now, own) => lower(now, own) && !refusing(now) && `above ${limit(now)} the oldest are dropped`,
  },
  {
    of: ["dead letters"],
    trouble: "refused",
    wrong: (now, own) =>
      lower(now, own) && refusing(now) && `it is full at ${limit(now)}, and then what fails stays where it failed`,
  },
  {
    of: ["dead letters"],
    wrong: (now, own) => less(now, own, "message-ttl") && `dead letters end after ${now["message-ttl"]} ms`,
  },
  {
    of: ["delay tier"],
    trouble: "lag",
    wrong: (now, own) => {
      if (!differs(now, own, "message-ttl")) return false;
      const ttl = now["message-ttl"];
      // The queue fixes the time as a message comes.
      return ttl === undefined
        ? "what comes to wait for a retry never returns"
        : `what comes to wait for a retry returns after ${ttl} ms, not ${own["message-ttl"]}`;
    },
  },
  {
    of: ["delay tier"],
    wrong: (now, own) => {
      if (now["message-ttl"] === undefined) return false;
      const over = "when its delay is over";
      if (now["dead-letter-exchange"] === undefined) return `what waits for a retry is dropped ${over}`;
      if (goesAstray(now, own)) return `what waits for a retry ${astray(now)} ${over}, not back to its queue`;
      const isKept = refusing(now) && !differs(now, own, "dead-letter-strategy");
      return !isKept && `what waits for a retry may be dropped ${over}`;
    },
  },
  {
    of: ["delay tier"],
    trouble: "refused",
    wrong: (now, own) =>
      lower(now, own) && refusing(now) && `it is full at ${limit(now)}, and then no retry can wait there`,
  },
  {
    of: ["dead letters", "delay tier"],
    wrong: (now, own) => less(now, own, "delivery-limit") && `after ${now["delivery-limit"]} returns they are dropped`,
  },
  {
    of: ["work", "dead letters", "delay tier"],
    wrong: (now) => now.expires !== undefined && `unused for ${now.expires} ms it is deleted`,
  },
];

/** Where the policies of one of our queues lose, refuse or hold up messages. `own`: what our policy for it says. */
export function policyFindings(
  place: string,
  kind: Kind,
  { name, policy, operatorPolicy, declared, definition, members }: QueueFigures,
  {
    own: said = {},
    places,
  }: { own: Definition | undefined; places: Pick<RabbitmqPlaces, "deadLetterExchange"> & Management },
): Finding[] {
  const own: Definition = { "dead-letter-exchange": "", ...said, ...alwaysOwn[kind](name, places.deadLetterExchange) };
  const broken = RULES.filter(({ of }) => of.includes(kind)).flatMap(({ trouble = "message loss", wrong }) => {
    const said = wrong(definition, own);
    return said === false ? [] : [{ said, trouble }];
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
  const without = (kind: string, policy: string) => managementCall(places, [kind, policy], "-X DELETE");
  const calls = [
    policy && policy !== name && policy !== `${name}.replaced` && without("policies", policy),
    operatorPolicy && without("operator-policies", operatorPolicy),
  ].filter(Boolean);
  const troubles = WORST.filter((one) => broken.some(({ trouble }) => trouble === one));
  const advice = isClassic ? otherType(name, places) : given.length > 0 ? DECLARED : policies(calls.join("; "));
  return [
    {
      trouble: troubles[0]!,
      place,
      found: `${isClassic ? "it is a classic queue, not a quorum queue: " : ""}by ${by.join(" and ") || "no policy"}, ${broken.map((one) => one.said).join(", and ")}`,
      cause: advice.cause,
      fix: [advice.fix, ...troubles.flatMap((one) => afterwards(kind)[one] ?? [])].join(" "),
      command: "npx messaging drift",
    },
  ];
}

/** What the rules look at: whatever else a queue was declared with loses nothing. */
const LOSING = new Set([
  ...["max-length", "max-length-bytes", "overflow", "message-ttl", "expires", "delivery-limit", "consumer-timeout"],
  ...["dead-letter-exchange", "dead-letter-routing-key", "dead-letter-strategy"],
]);

/** What only policies for quorum queues say: RabbitMQ 4 applies none of them to a classic queue. */
const OF_QUORUM = ["delivery-limit", "dead-letter-strategy"];

/** What is to be done when a trouble is over. */
const afterwards = (kind: Kind): Partial<Record<Finding["trouble"], string>> => ({
  "message loss": "What was dropped must be sent again.",
  refused: "What was refused must be published again.",
  lag:
    kind === "work"
      ? "What was given back meanwhile comes again when the delay that it was given is over."
      : "Then look again: what came meanwhile may wait there for good.",
  "dead letters": "What became a dead letter meanwhile can be redriven.",
});

/** `calls`: what deletes those that apply and do not have the name of ours. */
const policies = (calls: string) => ({
  cause:
    "Only one policy applies to a queue, and an operator policy limits it further: another one has a higher priority than ours, an operator policy limits ours, or ours was deleted or changed.",
  fix:
    calls === ""
      ? `Put ours back: ${RESTORE}.`
      : `Delete that policy, or give it a pattern that leaves this queue out: ${calls}; where ours was deleted or changed: ${RESTORE}.`,
});

const DECLARED = {
  cause:
    "Somebody deleted the queue and declared it again, perhaps an app as it started: its arguments apply beside the policies, for as long as the queue exists.",
  fix: `${RESTORE} replaces the queue, and refuses to as long as it holds messages. Have the app declare no queue, or declare it passively.`,
};

const otherType = (queue: string, management: Management) => ({
  cause:
    "Somebody deleted the queue and declared it again as another type, perhaps an app as it started: our policy, which is for a quorum queue, does not apply to it, and no type can be changed in place.",
  fix: `Consume or move what it holds, delete it: ${managementCall(management, ["queues", queue], "-X DELETE")}; then ${RESTORE}, which refuses to replace it meanwhile. Have the app declare no queue, or declare it passively.`,
});
