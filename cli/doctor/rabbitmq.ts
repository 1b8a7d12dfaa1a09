import type { NodeFigures, QueueFigures, RabbitmqFigures } from "../../live/health/rabbitmq.ts";
import { counted, type Finding, NEARLY_FULL } from "./finding.ts";

/** Every tenth delivery a second one: what a consumer gives back or dies with now and then stays far below. */
const REDELIVERED = 0.1;
/** Fewer deliveries a second than this say nothing about a share. */
const SOME_DELIVERIES = 1;

/** What of the environment's vhost is to be looked at: its work queues, by name. */
export interface RabbitmqPlaces {
  deadLetterExchange: string;
  queues: readonly { flow: string; queue: string }[];
}

/** The troubles in two looks at RabbitMQ, some seconds apart. */
export function rabbitmqFindings([before, now]: [RabbitmqFigures, RabbitmqFigures], places: RabbitmqPlaces): Finding[] {
  const flowOf = new Map(places.queues.map(({ flow, queue }) => [queue, flow]));
  const earlier = new Map(before.queues.map((queue) => [queue.name, queue]));
  return [
    ...now.nodes.flatMap(nodeFindings),
    ...places.queues.filter(({ queue }) => !now.queues.some(({ name }) => name === queue)).map(missing),
    ...now.queues.flatMap((queue) => [
      ...copies(queue),
      ...uncounted(earlier.get(queue.name), queue),
      ...tier(earlier.get(queue.name), queue),
      ...(flowOf.has(queue.name)
        ? workQueue(flowOf.get(queue.name)!, earlier.get(queue.name) ?? queue, queue, places.deadLetterExchange)
        : []),
    ]),
  ];
}

function nodeFindings({ name, running, memoryAlarm, diskAlarm, partitions }: NodeFigures): Finding[] {
  const place = `rabbitmq node ${name}`;
  const alarm = (what: string): Finding => ({
    trouble: "refused",
    place,
    found: `its ${what} alarm is on`,
    cause: `It has less ${what === "memory" ? "memory" : "free disk"} than its limit, so it blocks every connection that publishes, in the whole cluster.`,
    mend: "Let consumers catch up or drop dead letters, or give the node more; it takes messages again by itself.",
    command: "npx messaging dlq list",
  });
  return [
    ...(running
      ? []
      : [
          {
            trouble: "broker" as const,
            place,
            found: "it does not run",
            cause: "The node is down, or the others do not see it.",
            mend: "Start it; a quorum queue needs more than half of its nodes.",
          },
        ]),
    ...(memoryAlarm ? [alarm("memory")] : []),
    ...(diskAlarm ? [alarm("disk")] : []),
    ...(partitions.length > 0
      ? [
          {
            trouble: "message loss" as const,
            place,
            found: `it does not see ${partitions.join(", ")}`,
            cause: "The network between the nodes was cut, and each part went on alone.",
            mend: "Mend the network, then restart the nodes of the part that is to give way.",
          },
        ]
      : []),
  ];
}

const missing = ({ flow: place }: { flow: string }): Finding => ({
  trouble: "message loss",
  place,
  found: "it is not on the broker",
  cause: "Somebody deleted it: what it held is gone, and publishing to it is refused.",
  mend: "Make it again: npx pulumi refresh, then npx pulumi up. What was lost with it must be sent again.",
  command: "npx messaging drift",
});

function copies({ name, state, members, online }: QueueFigures): Finding[] {
  const down = members.filter((member) => !online.includes(member));
  if (state === "running" && down.length === 0) return [];
  return [
    {
      trouble: "broker",
      place: `rabbitmq/${name}`,
      found:
        down.length > 0 ? `${down.length} of ${members.length} copies are down (${down.join(", ")})` : `it is ${state}`,
      cause: "A node that has a copy of it is down or was taken out of the cluster for good.",
      mend: "Start the node; of one that is gone for good, have its copies made elsewhere by rabbitmq-queues grow, and forget the node.",
    },
  ];
}

/** What it holds is said nowhere else then: no figure is not 0. One that was made a moment ago has no figures yet. */
function uncounted(before: QueueFigures | undefined, { name, unknown, stale }: QueueFigures): Finding[] {
  const why = stale ?? (before?.unknown && unknown);
  if (why === undefined) return [];
  return [
    {
      trouble: "broker",
      place: `rabbitmq/${name}`,
      found: `what it holds cannot be known: ${why.split(";")[0]}`,
      cause: "Its leader, or most of its copies, do not answer, or the broker counts nothing.",
      mend: `Until then it counts as not empty, and npx pulumi up does not delete it. ${upper(why.split("; ").slice(1).join("; "))}.`,
    },
  ];
}

const upper = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

/** Messages whose time is over and that their queue does not take. */
function tier(before: QueueFigures | undefined, { name, deadLettering, ready }: QueueFigures): Finding[] {
  if (!/^messaging\.retry\.\d+ms$/.test(name) || deadLettering === 0 || !before?.deadLettering) return [];
  return [
    {
      trouble: "lag",
      place: `rabbitmq/${name}`,
      found: `${counted(deadLettering, "message")} whose delay is over cannot return${ready > 0 ? `, and ${counted(ready, "other")} wait behind or beside them` : ""}`,
      cause:
        "The queue that they return to is full or gone. RabbitMQ passes on 32 at a time, so they can hold up others of the same delay.",
      mend: "Let that queue's consumers catch up, or raise its maxLength and run npx pulumi up. Nothing is lost meanwhile.",
    },
  ];
}

function workQueue(place: string, before: QueueFigures, queue: QueueFigures, exchange: string): Finding[] {
  return [
    ...policies(place, queue, exchange),
    ...fill(place, queue),
    ...consumers(place, before, queue),
    ...repeats(place, queue),
  ];
}

function policies(place: string, { policy, operatorPolicy, definition }: QueueFigures, exchange: string): Finding[] {
  const by =
    [policy && `policy ${policy}`, operatorPolicy && `operator policy ${operatorPolicy}`]
      .filter(Boolean)
      .join(" and ") || "no policy";
  const wrong = [
    ...(definition["dead-letter-exchange"] === exchange ? [] : ["what fails is not kept as a dead letter but dropped"]),
    ...(definition.overflow === "reject-publish" ? [] : ["when it is full the oldest messages are dropped"]),
    ...(definition["message-ttl"] === undefined
      ? []
      : [`messages end after ${definition["message-ttl"]} ms, consumed or not`]),
    ...(definition.expires === undefined ? [] : [`unused for ${definition.expires} ms it is deleted`]),
  ];
  if (wrong.length === 0) return [];
  return [
    {
      trouble: "message loss",
      place,
      found: `by ${by}, ${wrong.join(", and ")}`,
      cause:
        "Only one policy applies to a queue, and one that is not ours stands above ours, limits it, or ours is gone.",
      mend: "Take that policy away, or give it a pattern that leaves this queue out; then look at what else was changed, and bring ours back.",
      command: "npx messaging drift",
    },
  ];
}

function fill(place: string, { ready, unacknowledged, definition }: QueueFigures): Finding[] {
  const most = Number(definition["max-length"] ?? Number.POSITIVE_INFINITY);
  if (ready < NEARLY_FULL * most) return [];
  const full = ready + unacknowledged >= most;
  return [
    {
      trouble: full ? "refused" : "backlog",
      place,
      found: `${counted(ready, "message")} of at most ${most.toLocaleString("en-US")}${full ? ": publishing is refused" : ""}`,
      cause: "Its consumers are slower than its producers, or away.",
      mend: "Start more instances of the consumer, or raise maxLength and run npx pulumi up: nothing is replaced.",
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
        cause: "Nobody consumes it: the app is down, or was never started.",
        mend: "Start the consumer. Nothing is lost meanwhile.",
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
            mend: "Consume with manual acknowledgement, after the work is done: docs/contract.md.",
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
            mend: "Set the prefetch that the apps output tells for this queue (basic.qos), before consuming.",
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
            mend: "Look at what the consumer waits for. If it is only slow, start more instances; after 30 minutes RabbitMQ takes messages back from one that hangs.",
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
      mend: "Let failures wait in the delay tier instead of giving them back, and look for crashes of the consumer: docs/contract.md. Handle x-message-id idempotently.",
    },
  ];
}
