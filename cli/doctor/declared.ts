import type { OperatorAccess } from "../../client/operator.ts";
import { takeInventory } from "../../live/inventory/index.ts";
import type { Class } from "../drift/compare.ts";
import { compare } from "../drift/compare.ts";
import type { Expected } from "../drift/expected/index.ts";
import type { Finding as Drifted } from "../drift/finding.ts";
import { type Finding, RESTORE } from "./finding.ts";

/** What one broker has, against what the state of the environment says that it should have: rights and settings, which no figure tells. */
export async function declaredFindings(
  access: Partial<OperatorAccess>,
  expected: readonly Expected[],
): Promise<Finding[]> {
  const { things } = await takeInventory(access);
  const brokers = new Set(Object.keys(access));
  const ours = expected.filter(({ broker }) => brokers.has(broker));
  return driftedFindings(compare(ours, things, stranger));
}

/** Of what is not ours, drift tells. */
const stranger = (): Class => ({ status: "foreign" });

/** What of a comparison stops or loses messages. */
export function driftedFindings(drifted: readonly Drifted[]): Finding[] {
  return [...rightFindings(drifted), ...drifted.flatMap(settingFindings)];
}

/** What gives an app its rights, by broker and kind: the user that it is for. */
const RIGHTS: Record<string, (name: string) => string> = {
  "rabbitmq user": (name) => name,
  "rabbitmq permission": (name) => name,
  "rabbitmq topic permission": (name) => name.split(" on ")[0]!,
  "kafka user": (name) => name,
  "kafka acl": (name) => /^User:(.*?) m(?:ay|ust not) /.exec(name)![1]!,
};

/** How many rights are named before the rest is counted. */
const MOST_NAMED = 3;

function rightFindings(drifted: readonly Drifted[]): Finding[] {
  const byUser = new Map<string, string[]>();
  for (const { broker, kind, name, status, changes } of drifted) {
    const userOf = RIGHTS[`${broker} ${kind}`];
    // A user's tags, or how its password is kept, take no right away.
    if (!userOf || !(status === "missing" || (status === "changed" && kind !== "user"))) continue;
    const differs = changes.map(({ property, expected, found }) => `${property} is "${found}", not "${expected}"`);
    const said = status === "missing" ? `${kind} ${name} is not there` : `${kind} ${name}: ${differs.join(", ")}`;
    const place = `${broker} user ${userOf(name)}`;
    byUser.set(place, [...(byUser.get(place) ?? []), said]);
  }
  return [...byUser].map(([place, said]) => ({
    trouble: "refused",
    place,
    found: `${said.slice(0, MOST_NAMED).join("; ")}${said.length > MOST_NAMED ? `; and ${said.length - MOST_NAMED} more` : ""}`,
    cause:
      "Somebody took rights from this app's user, or deleted it: what it publishes or consumes by them is refused (RabbitMQ: ACCESS_REFUSED, NOT_ALLOWED; Kafka: TOPIC_AUTHORIZATION_FAILED, GROUP_AUTHORIZATION_FAILED).",
    fix: `Give them back: ${RESTORE}. An app that has ended must then be started again; what was refused must be published again.`,
    command: "npx messaging drift",
  }));
}

/** A setting of a Kafka topic by which records are lost or refused. */
interface Setting {
  trouble: Finding["trouble"];
  /** Kafka's own default, which holds where a topic does not say it. */
  otherwise: string;
  isWorse(found: string, expected: string): boolean;
  cause: string;
}

/** -1 is without a limit. */
const size = (value: string): number => (value === "-1" ? Number.POSITIVE_INFINITY : Number(value));
const isLess = (found: string, expected: string): boolean => size(found) < size(expected);

const TOO_EARLY = "Somebody changed it: Kafka deletes records of this topic before their time, consumed or not.";

const SETTINGS: Record<string, Setting> = {
  "retention.ms": { trouble: "message loss", otherwise: "604800000", isWorse: isLess, cause: TOO_EARLY },
  "retention.bytes": { trouble: "message loss", otherwise: "-1", isWorse: isLess, cause: TOO_EARLY },
  "cleanup.policy": {
    trouble: "message loss",
    otherwise: "delete",
    isWorse: (found, expected) => found.includes("compact") && !expected.includes("compact"),
    cause:
      "Somebody changed it: of the records with one key Kafka keeps only the last, and it refuses a record without a key.",
  },
  "max.message.bytes": {
    trouble: "refused",
    otherwise: "1048588",
    isWorse: isLess,
    cause: "Somebody lowered it: larger records are refused (MESSAGE_TOO_LARGE).",
  },
};

function settingFindings({ broker, kind, name, status, changes }: Drifted): Finding[] {
  if (broker !== "kafka" || kind !== "topic" || status !== "changed") return [];
  return changes.flatMap(({ property, ...values }): Finding[] => {
    const setting = SETTINGS[property];
    if (!setting) return [];
    const [found, expected] = [values.found || setting.otherwise, values.expected || setting.otherwise];
    if (!setting.isWorse(found, expected)) return [];
    return [
      {
        trouble: setting.trouble,
        place: `kafka/${name}`,
        found: `${property} is ${found}, not ${expected}`,
        cause: setting.cause,
        fix: `${values.expected ? `Put it back: ${RESTORE}` : byHand(name, property)}. What was deleted or refused must be sent again.`,
        command: "npx messaging drift",
      },
    ];
  });
}

/** `up` removes no setting that the skill does not declare: somebody may need it. */
const byHand = (topic: string, setting: string): string =>
  `Delete it on a broker, as the skill does not declare it and npx pulumi up refuses to change the topic meanwhile: kafka-configs.sh --alter --entity-type topics --entity-name ${topic} --delete-config ${setting}`;
