import type { AppAccess } from "../../client/access.ts";
import type { RabbitmqOperator } from "../../client/operator.ts";
import type { NodeFigures, RabbitmqFigures } from "../../live/health/rabbitmq.ts";
import { counted, type Finding, gone, RESTORE, those } from "./finding.ts";
import { deleteExchange, type Management, UNBOUND } from "./rabbitmqTools.ts";

/** What of the environment's vhost is to be looked at. */
export type RabbitmqPlaces = Pick<RabbitmqOperator, "deadLetterExchange" | "deadLetters"> & Management;

/** With the vhost all of it is gone. */
export const goneVhost = (vhost: string): Finding =>
  gone(`rabbitmq vhost ${vhost}`, "the vhost, with every queue in it,", "nobody can connect to it");

/** What the words of RabbitMQ's limits count. */
const COUNTED: Record<string, string> = {
  "max-connections": "connection",
  "max-channels": "channel",
  "max-queues": "queue",
};

/** Limits of the vhost and of its apps' users that let nothing more through. */
export function limitFindings(
  { limits, queues }: Pick<RabbitmqFigures, "limits" | "queues">,
  { deadLetters }: Pick<RabbitmqPlaces, "deadLetters">,
  apps: Record<string, Pick<AppAccess, "rabbitmq">>,
): Finding[] {
  const there = new Set(queues.map(({ name }) => name));
  const hasAll = deadLetters.every(({ queue, deadLetterQueue }) => there.has(queue) && there.has(deadLetterQueue));
  const users = Object.values(apps).map(({ rabbitmq }) => rabbitmq?.username);
  return (
    limits
      .filter(({ of, name }) => of === "vhost" || users.includes(name))
      // Where every queue is there, no further one is needed.
      .filter(({ limit, most, used }) => limit in COUNTED && used >= most && !(limit === "max-queues" && hasAll))
      .map(({ of, name, limit, most, used }) => ({
        trouble: "refused",
        place: `rabbitmq ${of} ${name}`,
        found: `it has ${counted(used, COUNTED[limit]!)} of at most ${most} (${limit}): further ones are refused`,
        cause: `Somebody limited it (rabbitmqctl set_${of}_limits): apps that connect or make something are refused (NOT_ALLOWED, PRECONDITION_FAILED).`,
        fix: `Take the limit away: rabbitmqctl ${of === "user" ? `clear_user_limits ${name} ${limit}` : `clear_vhost_limits -p ${name} (all of its limits)`}; or set a higher one. Apps that ended must then be started again.`,
      }))
  );
}

/** The troubles of a node in two looks. */
export function nodeFindings(before: NodeFigures, node: NodeFigures): Finding[] {
  const { name, running, memoryAlarm, diskAlarm, partitions, refusedLogins = 0 } = node;
  const place = `rabbitmq node ${name}`;
  const refused = refusedLogins - (before.refusedLogins ?? refusedLogins);
  const alarm = (what: "memory" | "disk"): Finding => ({
    trouble: "refused",
    place,
    found: `its ${what} alarm is on`,
    cause: `It has less ${what === "memory" ? "memory" : "free disk"} than its limit, so it blocks every connection that publishes, in the whole cluster: nothing can be published, no message, retry, dead letter or redrive.`,
    fix:
      what === "memory"
        ? "Give the node more memory, or raise its limit (rabbitmqctl set_vm_memory_high_watermark); it takes messages again by itself. Consumers that only acknowledge go on meanwhile."
        : "Make room on the node's disk, or lower its limit (rabbitmqctl set_disk_free_limit); it takes messages again by itself. Consumers that only acknowledge go on meanwhile.",
  });
  return those(
    !running && {
      trouble: "broker",
      place,
      found: "it does not run",
      cause: "The node is down, or the others do not see it.",
      fix: "Start it; a quorum queue needs more than half of its nodes.",
    },
    memoryAlarm && alarm("memory"),
    diskAlarm && alarm("disk"),
    partitions.length > 0 && {
      trouble: "message loss",
      place,
      found: `it does not see ${partitions.join(", ")}`,
      cause: "The network between the nodes was cut, and each part went on alone.",
      fix: "Put the network right, then restart the nodes of the part that is to give way.",
    },
    refused > 0 && {
      trouble: "refused",
      place,
      found: `${counted(refused, "login")} refused between two looks`,
      cause:
        "A client logs in again and again with a user or password that is not there: an app that runs with outputs from before a rotation.",
      fix: "The node's log names the user and the address (rabbitmqctl list_users shows who is there): deploy that app with the current `apps` output.",
    },
  );
}

/** The queues in which failed messages wait for their retry, where one is gone: without them a message becomes a dead letter at its first failure. */
export function tierFindings(
  { queues }: RabbitmqFigures,
  apps: Record<string, Pick<AppAccess, "rabbitmq">>,
): Finding[] {
  const tiers = Object.values(apps).flatMap(({ rabbitmq }) =>
    Object.values(rabbitmq?.consumes ?? {}).flatMap(({ retries = [] }) => retries.map(({ place }) => place)),
  );
  return [...new Set(tiers)]
    .filter((tier) => !queues.some(({ name }) => name === tier))
    .map((tier) =>
      gone(
        `rabbitmq/${tier}`,
        "the queue in which failed messages wait for their retry",
        "what fails becomes a dead letter without that retry",
      ),
    );
}

/** Exchanges and bindings that are gone: what is published by them to a queue that is there is refused. */
export function routeFindings(
  { bindings, queues }: RabbitmqFigures,
  places: RabbitmqPlaces,
  apps: Record<string, Pick<AppAccess, "rabbitmq">>,
): Finding[] {
  const { deadLetterExchange, deadLetters } = places;
  const access = Object.values(apps).flatMap(({ rabbitmq }) => rabbitmq ?? []);
  const routes = [
    ...deadLetters.map(({ queue, deadLetterQueue: to }) => ({
      queue,
      to,
      exchange: deadLetterExchange,
      keys: [queue],
    })),
    ...access.flatMap(({ publishes }) =>
      Object.entries(publishes).flatMap(([queue, places]) =>
        places.map(({ exchange, routingKeys: keys }) => ({ queue, to: queue, exchange, keys })),
      ),
    ),
    ...access.flatMap(({ consumes }) =>
      Object.entries(consumes).flatMap(([queue, { retries = [] }]) =>
        retries.map(({ place: exchange }) => ({ queue, to: exchange, exchange, keys: ["#"] })),
      ),
    ),
  ];
  const broken = routes.filter(
    ({ to, exchange, keys }) =>
      exchange !== "" &&
      keys.length > 0 &&
      queues.some(({ name }) => name === to) &&
      !bindings.some((one) => one.source === exchange && keys.includes(one.routing_key)),
  );
  return [...new Map(broken.map((route) => [`${route.queue} ${route.exchange}`, route])).values()].map(
    ({ queue, exchange, keys }) => ({
      trouble: "refused",
      place: `rabbitmq/${queue}`,
      found: `exchange ${exchange} leads nowhere by ${keys.join(" or ")}`,
      cause: "Somebody deleted the exchange or its binding: what is published by it is refused.",
      fix: `Make it again: ${RESTORE}. Where that is refused, as somebody declared it as another type, delete it first: ${deleteExchange(places, exchange)}. ${UNBOUND} What was refused must be published again.`,
      command: "npx messaging drift",
    }),
  );
}
