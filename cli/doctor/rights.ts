import { keyOf, type Thing } from "../../live/inventory/index.ts";
import type { Change, Finding as Drifted } from "../drift/finding.ts";
import type { Access } from "./declared.ts";
import { type Finding, RESTORE } from "./finding.ts";
import { ADMIN_FILE, kafkaTool, word } from "./kafkaTools.ts";

/** What gives an app its rights, by broker and kind: the user that it is for. */
const RIGHTS: Record<string, (name: string) => string> = {
  "rabbitmq user": (name) => name,
  "rabbitmq permission": (name) => name,
  "rabbitmq topic permission": (name) => name.split(" on ")[0]!,
  "kafka user": (name) => name,
  "kafka acl": (name) => /^User:(.*?) m(?:ay|ust not) /.exec(name)![1]!,
  "redis user": (name) => name,
};

/** How many rights are named before the rest is counted. */
const MOST_NAMED = 3;

const few = (said: readonly string[], separator: string): string =>
  `${said.slice(0, MOST_NAMED).join(separator)}${said.length > MOST_NAMED ? `${separator}and ${said.length - MOST_NAMED} more` : ""}`;

/** The users of apps that lack rights, or that are not let in with their password. */
export function rightFindings(drifted: readonly Drifted[], access: Access, things: readonly Thing[]): Finding[] {
  const lacking = new Map<string, string[]>();
  const refused: Finding[] = [];
  for (const one of drifted) {
    const { broker, kind, name, changes } = one;
    const userOf = RIGHTS[`${broker.split("/")[0]} ${kind}`];
    const said = lacks(one);
    const isRefused = changes.some(({ property }) => property === "login");
    // What is not ours may have names of another form.
    if (!userOf || !(said || isRefused)) continue;
    const place = `${broker} user ${userOf(name)}`;
    if (said) lacking.set(place, [...(lacking.get(place) ?? []), said]);
    if (isRefused) refused.push(login(place, one, access, things));
  }
  return [
    ...[...lacking].map(
      ([place, said]): Finding => ({
        trouble: "refused",
        place,
        found: few(said, "; "),
        cause:
          "Somebody took rights from this app's user, or deleted it: what it publishes or consumes by them is refused (RabbitMQ: ACCESS_REFUSED, NOT_ALLOWED; Kafka: TOPIC_AUTHORIZATION_FAILED, GROUP_AUTHORIZATION_FAILED; Redis: NOPERM, WRONGPASS).",
        fix: `Give them back: ${RESTORE}. An app that has ended must then be started again; what was refused must be published again.`,
        command: "npx messaging drift",
      }),
    ),
    // Without its rights a user may be refused whatever its password is.
    ...refused.filter(({ place }) => !lacking.has(place)),
  ];
}

/** What of its rights is gone; undefined where nothing is. A user's tags, or how its password is kept, take none away. */
function lacks({ broker, kind, name, status, changes }: Drifted): string | undefined {
  if (status === "missing") return `${kind} ${name} is not there`;
  if (status !== "changed") return undefined;
  if (kind !== "user") {
    const differs = changes.map(({ property, expected, found }) => `${property} is "${found}", not "${expected}"`);
    return `${kind} ${name}: ${differs.join(", ")}`;
  }
  const rights = broker.startsWith("redis/") ? changes.find(({ property }) => property === "rights") : undefined;
  const gone = rights ? goneFrom(rights) : [];
  if (gone.length === 0) return undefined;
  return gone.includes("on") ? `user ${name} is off` : `user ${name} lacks ${few(gone, ", ")}`;
}

/** What Redis says of all commands, keys and channels, by the sign of one. */
const ALL: Record<string, string> = { "+": "+@all", "~": "~*", "&": "&*" };

/** The rights of a Redis user that it has no more; more than it should have is no trouble of its app. */
function goneFrom({ expected, found }: Change): string[] {
  const words = (rights: string) => rights.split(/[\s()]+/).filter((each) => each !== "" && !each.startsWith("-"));
  const has = new Set(words(found));
  return [...new Set(words(expected))].filter((right) => !has.has(right) && !has.has(ALL[right.charAt(0)] ?? ""));
}

function login(place: string, finding: Drifted, access: Access, things: readonly Thing[]): Finding {
  return {
    trouble: "refused",
    place,
    found: "its login is refused with the environment's password",
    cause: "Somebody changed its password on the broker: the app cannot connect any more, with current outputs either.",
    fix: `${again(finding, access, things)}. Where it was changed because it had leaked, rotate it then: docs/rotation.md.`,
    command: "npx messaging drift",
  };
}

/** A refresh sees no password: what is made anew gets the environment's. */
function again(finding: Drifted, access: Access, things: readonly Thing[]): string {
  const { broker, name } = finding;
  if (broker.startsWith("redis/")) return `Set it again: ${RESTORE}`;
  const anew = `and have it made again with all its rights: ${RESTORE}`;
  if (broker === "rabbitmq") return `Delete the user, rabbitmqctl delete_user ${word(name)}, ${anew}`;
  const kept = things.find((thing) => keyOf(thing) === keyOf(finding))?.properties ?? {};
  const command = `${kafkaTool("kafka-configs.sh", access)} --alter --entity-type users --entity-name ${word(name)} --delete-config ${Object.keys(kept).join(",")}`;
  return `Delete the user, ${command} (${ADMIN_FILE}), ${anew}`;
}
