import { nameOf } from "../../client/sqs/api.ts";
import type { Finding as Drifted } from "../drift/finding.ts";
import type { Access } from "./declared.ts";
import { type Finding, gone, RESTORE } from "./finding.ts";
import { ADMIN_FILE, kafkaTool, word } from "./kafkaTools.ts";
import { deleteExchange, UNBOUND } from "./rabbitmqTools.ts";
import { AGAIN, CRASHED, differs, higher, lower, NOTHING_LOST, type Rule, where } from "./rules.ts";
import { deniesOurs, redrivesElsewhere, redrivesLate, takesNoneFrom } from "./sqsPolicies.ts";
import { TOPIC_RULES } from "./topicRules.ts";

/** In the arguments of an exchange, or in a policy. */
export const ALTERNATE = /"alternate-exchange":"([^"]*)"/;

const DECLARED_AGAIN = "Somebody deleted the exchange and declared it again, perhaps an app as it started:";
const isNot = (value: string) => where((found) => found !== value);
const exchange = (property: string, wrong: Rule["wrong"], cause: string): Rule => ({
  trouble: "refused",
  of: [property],
  wrong,
  cause: `${DECLARED_AGAIN} ${cause}`,
  fix: (name, _, { rabbitmq }) =>
    `Delete it, as nothing changes an exchange in place and npx pulumi up refuses to replace it: ${deleteExchange(rabbitmq!, name)}; then ${RESTORE}. ${UNBOUND} Have the app declare no exchange, or declare it passively. ${AGAIN}`,
});

/** By broker and kind. */
const RULES: Record<string, readonly Rule[]> = {
  "rabbitmq exchange": [
    exchange("type", differs, "what is published by it is refused, or goes to other queues."),
    exchange("durable", isNot("true"), "when the broker starts again it is gone, and publishing by it is refused."),
    exchange("autoDelete", isNot("false"), "with its last binding it is gone, and publishing by it is refused."),
    exchange("internal", isNot(""), "it takes nothing from apps (ACCESS_REFUSED)."),
    {
      ...exchange(
        "arguments",
        where((found, expected) => ALTERNATE.test(found) && !ALTERNATE.test(expected)),
        "what leads to no queue is not refused but goes to its alternate exchange.",
      ),
      trouble: "message loss",
    },
  ],
  "kafka topic": TOPIC_RULES,
  "kafka quota": [
    {
      trouble: "lag",
      of: ["producer_byte_rate", "consumer_byte_rate", "request_percentage", "controller_mutation_rate"],
      otherwise: "-1",
      wrong: lower,
      cause: "Somebody lowered it: Kafka makes this app wait until it is below that.",
      after: NOTHING_LOST,
    },
  ],
  "redis settings": [
    {
      trouble: "message loss",
      of: ["appendfsync"],
      wrong: where((found) => found === "no"),
      cause: "Somebody changed it: what the server has not written when its machine fails is lost, some 30 s of it.",
      after: CRASHED,
    },
    {
      trouble: "message loss",
      of: ["maxmemory"],
      wrong: where((found) => found === "0"),
      cause:
        "Somebody took the limit away: instead of refusing writes the server grows until the system kills it, with what it has not written.",
      after: CRASHED,
    },
  ],
  "sqs queue": [
    {
      trouble: "message loss",
      of: ["RedrivePolicy"],
      wrong: redrivesElsewhere,
      cause:
        "Somebody changed its redrive policy: SQS moves what fails to another queue, where nobody looks for it, or before its last delivery.",
      after: "What went to another queue must be moved by hand.",
    },
    {
      trouble: "lag",
      of: ["RedrivePolicy"],
      wrong: redrivesLate,
      cause:
        "Somebody changed its redrive policy: a message that ends or hangs its consumers does so that often, each time for the visibility timeout, and its message group waits behind it.",
      after: NOTHING_LOST,
    },
    {
      trouble: "message loss",
      of: ["RedriveAllowPolicy"],
      wrong: takesNoneFrom,
      cause:
        "Somebody changed which queues it takes dead letters from: what fails has nowhere to go, and comes back until it expires.",
      after: "What expired must be sent again.",
    },
    {
      trouble: "message loss",
      of: ["MessageRetentionPeriod"],
      wrong: lower,
      cause: "Somebody lowered it (in seconds): SQS deletes what is older, consumed or not.",
    },
    {
      trouble: "refused",
      of: ["Policy"],
      wrong: deniesOurs,
      cause: "Somebody changed or deleted the queue's policy: apps are refused (AccessDenied).",
    },
    {
      trouble: "refused",
      of: ["KmsMasterKeyId"],
      otherwise: "SQS's own",
      wrong: where((found) => found !== "SQS's own"),
      cause: "Somebody changed its key: apps without rights on that are refused (KMS.AccessDenied).",
    },
    {
      trouble: "refused",
      of: ["MaximumMessageSize"],
      wrong: lower,
      cause: "Somebody lowered it (in bytes): larger messages are refused.",
    },
    {
      trouble: "refused",
      of: ["ContentBasedDeduplication"],
      wrong: where((found) => found === "false"),
      cause: "Somebody turned it off: what is sent without a deduplication id is refused.",
    },
    {
      trouble: "lag",
      of: ["VisibilityTimeout"],
      wrong: higher,
      cause: "Somebody raised it (in seconds): what a consumer failed on, or died with, comes back only after that.",
      after: "A message that was received meanwhile keeps the time that it was given.",
    },
    {
      trouble: "duplicates",
      of: ["VisibilityTimeout"],
      // 0 has a finding of its own.
      wrong: where((found, expected) => found !== "0" && Number(found) < Number(expected)),
      cause:
        "Somebody lowered it (in seconds): a message is given to the next consumer while a slow one still handles it.",
      after: NOTHING_LOST,
    },
    {
      trouble: "lag",
      of: ["DelaySeconds"],
      wrong: higher,
      cause: "Somebody changed it: every message waits that many seconds before a consumer gets it.",
      after: NOTHING_LOST,
    },
  ],
};

/** What of one thing that changed, or is gone, loses, refuses or delays messages. */
export function settingFindings({ broker, kind, name, status, changes }: Drifted, access: Access): Finding[] {
  if (broker === "sqs" && status === "missing") {
    // Of a dead-letter queue, its dead letters tell.
    if (access.sqs?.deadLetters.some(({ deadLetterQueueUrl }) => nameOf(deadLetterQueueUrl) === name)) return [];
    return [gone(placeOf(broker, kind, name, access).place, "the queue", "sending to it is refused")];
  }
  const rules = (status === "changed" && RULES[`${broker.split("/")[0]} ${kind}`]) || [];
  return changes.flatMap(({ property, ...values }) =>
    rules
      .filter(({ of }) => of.includes(property))
      .flatMap(({ trouble, otherwise = "", wrong, cause, after = AGAIN, fix }): Finding[] => {
        const [found, expected] = [values.found || otherwise, values.expected || otherwise];
        const said = found !== expected && wrong(found, expected, property);
        if (said === false) return [];
        const isUnsaid = kind === "topic" && !values.expected;
        const { place, what } = placeOf(broker, kind, name, access);
        return [
          {
            trouble,
            place,
            found: `${what}${said}`,
            cause,
            fix:
              fix?.(name, values.found, access) ??
              `${isUnsaid ? byHand(name, property, access) : `Put it back: ${RESTORE}`}. ${after}`,
            command: "npx messaging drift",
          },
        ];
      }),
  );
}

/** Where it is told, and of what there it is true. */
function placeOf(broker: string, kind: string, name: string, { sqs }: Access): { place: string; what: string } {
  if (kind === "settings") return { place: broker, what: "" };
  if (kind === "quota") return { place: `kafka ${name}`, what: `quota ${name}: ` };
  if (broker !== "sqs") return { place: `${broker}/${name}`, what: "" };
  const flow = sqs?.deadLetters.find(({ queueUrl, deadLetterQueueUrl }) =>
    [queueUrl, deadLetterQueueUrl].some((url) => nameOf(url) === name),
  );
  return { place: flow?.flow ?? `sqs/${name.replace(/\.fifo$/, "")}`, what: `${name}: ` };
}

/** `up` removes no setting that the skill does not declare: somebody may need it. */
const byHand = (topic: string, setting: string, access: Access): string =>
  `Delete it, as the skill does not declare it and npx pulumi up refuses to change the topic meanwhile: ${kafkaTool("kafka-configs.sh", access)} --alter --entity-type topics --entity-name ${word(topic)} --delete-config ${setting} (${ADMIN_FILE})`;
