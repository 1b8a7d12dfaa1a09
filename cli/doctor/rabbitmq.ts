import type { AppAccess } from "../../client/access.ts";
import type { QueueFigures, RabbitmqFigures } from "../../live/health/rabbitmq.ts";
import { isRetryTier, tierDelayOf } from "../../skill/index.ts";
import type { Expected } from "../drift/expected/index.ts";
import { counted, type Finding, gone, NEARLY_FULL, those } from "./finding.ts";
import { type Kind, ownPolicies } from "./rabbitmqOwn.ts";
import { policyFindings } from "./rabbitmqPolicies.ts";
import {
  goneVhost,
  limitFindings,
  nodeFindings,
  type RabbitmqPlaces,
  routeFindings,
  tierFindings,
} from "./rabbitmqServer.ts";
import { managementCall } from "./rabbitmqTools.ts";

/** Every tenth delivery a second one: what a consumer gives back or dies with now and then stays far below. */
const REDELIVERED = 0.1;
/** Fewer deliveries a second than this say nothing about a share. */
const SOME_DELIVERIES = 1;

/** The troubles in two looks at RabbitMQ, some seconds apart. `apps`: what they publish to; `expected`: what the state says of it, empty where nobody knows. */
export function rabbitmqFindings(
  [before, now]: [RabbitmqFigures, RabbitmqFigures],
  places: RabbitmqPlaces,
  apps: Record<string, Pick<AppAccess, "rabbitmq">> = {},
  expected: readonly Expected[] = [],
): Finding[] {
  const { deadLetters, vhost } = places;
  const flowOf = new Map(deadLetters.map(({ flow, queue }) => [queue, flow]));
  const kinds = new Map<string, Kind>(
    deadLetters.flatMap(({ queue, deadLetterQueue }) => [
      [queue, "work"],
      [deadLetterQueue, "dead letters"],
    ]),
  );
  const earlier = new Map(before.queues.map((queue) => [queue.name, queue]));
  const nodes = now.nodes.flatMap((node) =>
    nodeFindings(before.nodes.find(({ name }) => name === node.name) ?? node, node),
  );
  if (now.missing !== undefined) return [...nodes, goneVhost(now.missing)];
  const policies = ownPolicies(now, expected, vhost);
  return [
    ...nodes,
    ...limitFindings(now, places, apps),
    ...deadLetters
      .filter(({ queue }) => !now.queues.some(({ name }) => name === queue))
      .map(({ flow }) => gone(flow, "the queue", "publishing to it is refused")),
    ...tierFindings(now, apps),
    ...routeFindings(now, places, apps),
    ...now.queues.flatMap((queue) => {
      const { name } = queue;
      const last = earlier.get(name);
      // Without a leader the broker tells nothing of a queue, its policies neither.
      const unknown = uncounted(last, queue);
      if (unknown.length > 0 || queue.unknown) return unknown;
      const kind = kinds.get(name) ?? (isRetryTier(name) ? "delay tier" : undefined);
      const flow = flowOf.get(name);
      const of = { own: policies[name], places };
      const wrong = kind ? policyFindings(flow ?? `rabbitmq/${name}`, kind, queue, of) : [];
      return [
        ...copies(queue),
        ...tier(last, queue),
        // Where the policy is wrong what is given back would go astray as well.
        ...(wrong.length === 0 ? standing(last, queue, places) : wrong),
        ...(flow
          ? [...fill(flow, queue, policies[name]), ...consumers(flow, last ?? queue, queue), ...repeats(flow, queue)]
          : []),
      ];
    }),
  ];
}

function copies({ name, members, online }: QueueFigures): Finding[] {
  const down = members.filter((member) => !online.includes(member));
  return those(
    down.length > 0 && {
      trouble: "broker",
      place: `rabbitmq/${name}`,
      found: `${down.length} of ${members.length} copies are down (${down.join(", ")})`,
      cause: "A node that has a copy of it is down or was taken out of the cluster for good.",
      fix: "Start the node; of one that is gone for good, have its copies made elsewhere by rabbitmq-queues grow, and forget the node.",
    },
  );
}

/** What it holds is said nowhere else then: no figure is not 0. One that was made a moment ago has no figures yet. */
function uncounted(before: QueueFigures | undefined, { name, unknown, stale }: QueueFigures): Finding[] {
  const why = stale ?? (before && unknown);
  if (why === undefined) return [];
  return [
    {
      trouble: "broker",
      place: `rabbitmq/${name}`,
      found: `what it holds cannot be known: ${why.split(";")[0]}`,
      cause: "Its leader, or most of its copies, do not answer, or the broker counts nothing.",
      fix: `Until then it counts as not empty, and npx pulumi up does not delete it. ${upper(why.split("; ").slice(1).join("; "))}.`,
    },
  ];
}

const upper = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

/** Messages whose time is over and that their queue does not take. */
function tier(before: QueueFigures | undefined, { name, deadLettering, ready }: QueueFigures): Finding[] {
  if (!isRetryTier(name) || deadLettering === 0 || !before?.deadLettering) return [];
  return [
    {
      trouble: "lag",
      place: `rabbitmq/${name}`,
      found: `${counted(deadLettering, "message")} whose delay is over cannot return${ready > 0 ? `, and ${counted(ready, "other")} wait behind or beside them` : ""}`,
      cause:
        "The queue that they return to is full or gone. RabbitMQ passes on 32 at a time, so they can hold up others of the same delay.",
      fix: "Let that queue's consumers catch up, or raise its maxLength and run npx pulumi up. Nothing is lost meanwhile.",
    },
  ];
}

/** How late the broker may be. */
const LATE_MS = 2_000;
/** How long after its failure a message may come to the tier: an app insists while an alarm is on, and its clock may be wrong. */
const CAME_LATE_MS = 600_000;

/** Messages of a delay tier that stand there for good: the same one is first in both looks, though its delay is over. */
function standing(before: QueueFigures | undefined, now: QueueFigures, management: RabbitmqPlaces): Finding[] {
  const { name, head, ready, deadLettering } = now;
  const first = before?.head;
  const delay = tierDelayOf(name);
  if (!head || !first || delay === undefined || deadLettering > 0) return [];
  // Each look counts one more, so it is no other message of that id.
  if (head.id !== first.id || head.taken <= first.taken) return [];
  // What we saw ourselves is proof; when it failed is only what its app says.
  const isSure = head.at - first.at >= delay + LATE_MS;
  if (!isSure && head.at - head.since < delay + CAME_LATE_MS) return [];
  return [
    {
      trouble: "lag",
      place: `rabbitmq/${name}`,
      found: `its first message does not return though its delay is over, and ${counted(Math.max(0, ready - 1), "other")} wait behind it`,
      cause: `It came while the policy of this queue was gone or had another time. RabbitMQ fixes the time as a message comes, so it stands there for good, and before all that come later.${isSure ? "" : " Or it came late, ten minutes or more after its failure: then it returns by itself, and is found no more when its delay is over."}`,
      fix: `Reject what stands there: each message goes to its own queue at once, as its next attempt. ${managementCall(management, ["queues", name, "get"], "-H content-type:application/json", `-d '{"count":32,"ackmode":"reject_requeue_false","encoding":"auto","truncate":1}'`)}. It takes 32 at a time: again until this is found no more. It also ends the delay of those behind it that still wait. Nothing is lost meanwhile.`,
    },
  ];
}

function fill(place: string, queue: QueueFigures, own: QueueFigures["definition"] = {}): Finding[] {
  const { ready, unacknowledged, policy, operatorPolicy, declared, definition } = queue;
  const most = Number(definition["max-length"] ?? Number.POSITIVE_INFINITY);
  // One that drops what it has refuses nothing: that is told of its policy.
  if (ready < NEARLY_FULL * most || definition.overflow !== "reject-publish") return [];
  const full = ready + unacknowledged >= most;
  const owner = declared["max-length"] === most ? "what it was declared with" : (operatorPolicy ?? policy);
  const raise =
    Number(own["max-length"]) === most
      ? "or raise maxLength and run npx pulumi up: nothing is replaced"
      : `or take away the limit of ${owner}, which is not the skill's`;
  return [
    {
      trouble: full ? "refused" : "backlog",
      place,
      found: `${counted(ready, "message")} of at most ${most.toLocaleString("en-US")}${full ? ": publishing is refused" : ""}`,
      cause: "Its consumers are slower than its producers, or away.",
      fix: `Start more instances of the consumer, ${raise}.`,
    },
  ];
}

function consumers(
  place: string,
  before: QueueFigures,
  { ready, unacknowledged, consumers: all }: QueueFigures,
): Finding[] {
  if (all.length === 0) {
    if (ready === 0) return [];
    return [
      {
        trouble: "backlog",
        place,
        found: `${counted(ready, "message")} and no consumer`,
        cause: "Nobody consumes it: the app is down, not let in (its log says so), or was never started.",
        fix: "Start the consumer, with the current `apps` output. Nothing is lost meanwhile.",
      },
    ];
  }
  const careless = all.filter(({ acknowledges }) => !acknowledges);
  const unlimited = all.filter(({ acknowledges, prefetch }) => acknowledges && prefetch === 0);
  const room = all.reduce((sum, { prefetch }) => sum + (prefetch || Number.POSITIVE_INFINITY), 0);
  const stuck = ready > 0 && unacknowledged >= room && before.unacknowledged >= room && ready >= before.ready;
  return [
    ...(careless.length > 0
      ? [
          {
            trouble: "message loss" as const,
            place,
            found: `${counted(careless.length, "consumer")} without acknowledgement (${careless[0]!.tag})`,
            cause: "RabbitMQ forgets a message as it sends it: what the consumer has not handled when it dies is lost.",
            fix: "Consume with manual acknowledgement, after the work is done: docs/contract.md.",
          },
        ]
      : []),
    ...(unlimited.length > 0
      ? [
          {
            trouble: "duplicates" as const,
            place,
            found: `${counted(unlimited.length, "consumer")} without a prefetch (${unlimited[0]!.tag}), ${counted(unacknowledged, "message")} in hand`,
            cause:
              "It is sent all that is there: when it dies all of that comes again, and no other instance gets any of it.",
            fix: "Set the prefetch that the `apps` output gives for this queue (basic.qos), before consuming.",
          },
        ]
      : []),
    ...(stuck
      ? [
          {
            trouble: "lag" as const,
            place,
            found: `${counted(unacknowledged, "message")} in hand, as many as the prefetch allows, and ${ready.toLocaleString("en-US")} more wait`,
            cause: "Consumers have not answered what they have: they hang, or are slower than what comes in.",
            fix: "Look at what the consumer waits for. If it is only slow, start more instances; after 30 minutes RabbitMQ takes messages back from one that hangs.",
          },
        ]
      : []),
  ];
}

function repeats(place: string, { deliveries, redeliveries }: QueueFigures): Finding[] {
  if (deliveries < SOME_DELIVERIES || redeliveries < REDELIVERED * deliveries) return [];
  return [
    {
      trouble: "duplicates",
      place,
      found: `${redeliveries.toFixed(1)} of ${deliveries.toFixed(1)} deliveries a second are of messages that were delivered before`,
      cause: "A consumer gives messages back (nack with requeue), or loses its connection before it acknowledges.",
      fix: "Let failures wait in the delay tier instead of giving them back, and look for crashes of the consumer: docs/contract.md. Handle x-message-id idempotently.",
    },
  ];
}
