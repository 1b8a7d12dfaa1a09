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

/** What of a Redis user's rights is gone; more than it should have is no trouble of its app. */
function goneFrom({ expected, found }: Change): string[] {
  const has = selectorsOf(found);
  const gone = selectorsOf(expected).flatMap((wanted) => {
    const lacking = has.map((own) => wanted.filter((right) => !own.some((one) => covers(one, right))));
    // A right on one key is none on another: one selector must have all of it.
    return lacking.reduce((least, some) => (some.length < least.length ? some : least), wanted);
  });
  return [...new Set(gone)];
}

/** The words of the rights that stand outside parentheses, and of each pair of them. */
const selectorsOf = (rights: string): string[][] =>
  rights.split(/[()]/).flatMap((part) => {
    const words = part.split(/\s+/).filter((each) => each !== "" && !each.startsWith("-"));
    return words.length > 0 ? [words] : [];
  });

/** Whether a right has another in it: all commands, a command with its subcommands, a key to read and write. */
function covers(one: string, right: string): boolean {
  if (one === right) return true;
  if (right.startsWith("+")) return one === "+@all" || right.startsWith(`${one}|`);
  if (right.startsWith("&")) return one === "&*";
  return one === "~*" || (one.startsWith("~") && /^%(?:R|W|RW)~/.test(right) && right.endsWith(one));
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

/** A refresh sees no password: a user that is created again gets the environment's. */
function again(finding: Drifted, access: Access, things: readonly Thing[]): string {
  const { broker, name } = finding;
  if (broker.startsWith("redis/")) return `Set it again: ${RESTORE}`;
  const back = `and have it made again with all its rights: ${RESTORE}`;
  if (broker === "rabbitmq") return `Delete the user, rabbitmqctl delete_user ${word(name)}, ${back}`;
  const kept = things.find((thing) => keyOf(thing) === keyOf(finding))?.properties ?? {};
  const command = `${kafkaTool("kafka-configs.sh", access)} --alter --entity-type users --entity-name ${word(name)} --delete-config ${Object.keys(kept).join(",")}`;
  return `Delete the user, ${command} (${ADMIN_FILE}), ${back}`;
}
