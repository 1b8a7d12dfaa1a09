import type { Thing } from "../../../live/inventory/index.ts";
import { deadLetterQueueName, NOTHING } from "../../../skill/index.ts";
import type { Class } from "../compare.ts";
import { effective, matches, priorityOf } from "../policies.ts";
import type { Classify } from "./index.ts";

const foreign: Class = { status: "foreign" };
const orphan = (reason: string): Class => ({ status: "orphan", reason });

/** What is not ours on RabbitMQ. */
export const classifyRabbitmq: Classify = (stranger, ours, administrator) => {
  const decide = KINDS[stranger.kind];
  return decide?.(stranger, ours, administrator) ?? foreign;
};

const named = (ours: readonly Thing[], kind: string, name: string | undefined, scope?: string) =>
  ours.some((thing) => thing.kind === kind && thing.name === name && (scope === undefined || thing.scope === scope));

const inOurVhost = (ours: readonly Thing[], { scope }: Thing): boolean => named(ours, "vhost", scope);

const rights: Classify = ({ kind, scope, name, properties }, ours, administrator) => {
  const [user = ""] = name.split(" on ");
  if (user === administrator) return { status: "managed", reason: "the administrator's" };
  // What a user of ours may no longer do with topics is set to match nothing: without an entry every key would be allowed.
  const nothing = kind === "topic permission" ? NOTHING : "^$";
  const may = ["configure", "write", "read"].filter((each) => ![undefined, nothing].includes(properties[each]));
  if (may.length === 0 && kind === "topic permission" && named(ours, "user", user))
    return { status: "managed", reason: "it allows nothing" };
  const what = `${user} may ${may.join(", ")}`;
  if (named(ours, "vhost", scope)) return orphan(`${what} in our vhost ${scope}`);
  return named(ours, "user", user) ? orphan(`our app has a ${kind} in vhost ${scope}, which is not ours`) : foreign;
};

/** A queue or exchange that bears a name which only ours have. */
const derived: Classify = (stranger, ours) => {
  if (!inOurVhost(ours, stranger)) return foreign;
  const { kind, name } = stranger;
  if (name.startsWith("messaging.")) return orphan("its name is one of ours, and nothing declares it");
  const works = ours.some((each) => each.kind === "queue" && deadLetterQueueName(each.name) === name);
  return kind === "queue" && works ? orphan("its name is that of dead letters of ours") : foreign;
};

const policy: Classify = (stranger, ours) => {
  const targets = ours.filter(({ kind }) => kind === "queue" || kind === "exchange");
  const overridden = targets.filter((target) => {
    if (!matches(stranger, target)) return false;
    if (stranger.kind === "operator policy") return true;
    const own = effective(
      ours.filter(({ kind }) => kind === "policy"),
      target,
    );
    return own === undefined || priorityOf(stranger) >= priorityOf(own);
  });
  if (overridden.length === 0) return foreign;
  const names = overridden.map(({ kind, name }) => `${kind} ${name}`);
  const more = names.length > 3 ? ` and ${names.length - 3} more` : "";
  return orphan(`it applies to our ${names.slice(0, 3).join(", ")}${more}`);
};

const KINDS: Record<string, Classify> = {
  queue: derived,
  exchange: derived,
  binding: (stranger, ours) => {
    const { source, destination, destinationType = "queue" } = stranger.properties;
    if (named(ours, destinationType, destination, stranger.scope))
      return orphan(`it leads into our ${destinationType} ${destination}`);
    return named(ours, "exchange", source, stranger.scope) ? orphan(`it takes from our exchange ${source}`) : foreign;
  },
  policy,
  "operator policy": policy,
  permission: rights,
  "topic permission": rights,
  user: ({ name, properties }, _ours, administrator) => {
    if (name === administrator) return { status: "managed", reason: "the administrator" };
    return properties.tags ? { ...foreign, reason: `tagged ${properties.tags}` } : foreign;
  },
  parameter: (stranger, ours) => {
    const uses = (stranger.properties.uses ?? "").split(", ");
    const hit = ours.find(
      ({ kind, name, scope }) =>
        (kind === "queue" || kind === "exchange") && scope === stranger.scope && uses.includes(name),
    );
    return hit ? orphan(`it uses our ${hit.kind} ${hit.name}`) : foreign;
  },
  limit: (stranger, ours) => (inOurVhost(ours, stranger) ? orphan(`it limits our vhost ${stranger.scope}`) : foreign),
  "user limit": ({ properties: { user } }, ours) =>
    named(ours, "user", user) ? orphan(`it limits our app ${user}`) : foreign,
};
