import type { RedisFigures, RedisGroupFigures, RedisStreamFigures } from "../../live/health/redis.ts";
import { counted, type Finding, gone, type Limits, lasting, RESTORE, those } from "./finding.ts";
import { serverFindings } from "./redisServer.ts";

/** Consumers that keep the contract trim about once a second, so this many entries that every group has acknowledged are a stream that nobody trims. */
const UNTRIMMED = 10_000;

/** The troubles of one Redis instance. */
export function redisFindings(figures: RedisFigures, limits: Limits): Finding[] {
  const missing = figures.groups.filter(({ exists }) => !exists);
  return [
    ...serverFindings(figures),
    ...(missing.length > 0 && !figures.marked
      ? [emptied(figures, missing)]
      : missing.map(({ flow }) => gone(flow, "its stream or its consumer group", LOST))),
    ...figures.groups
      .filter(({ exists }) => exists)
      .flatMap((group) => [...removed(group), ...removedPending(group), ...groupFindings(group, limits)]),
    ...figures.streams.flatMap((one) => [...ofKey(figures, one), ...untrimmed(figures, one)]),
  ];
}

const LOST =
  "what the group had in hand or had not read is forgotten, unless the stream is still there: then it is read again from its first entry on";

/** Without its mark the environment does not know the server any more, and refuses to make anything there. */
function emptied({ instance }: RedisFigures, missing: readonly RedisGroupFigures[]): Finding {
  const place = `redis/${instance}`;
  return {
    trouble: "message loss",
    place,
    found: `the mark of this environment and the consumer groups of ${missing.map(({ flow }) => flow).join(", ")} are not on the server`,
    cause: "Somebody emptied the server (FLUSHALL), its disk was lost, or its address leads to another one.",
    fix: `Where the address is wrong, put it right. Else restore a backup, or take the server as it is: npx pulumi config set --path 'messaging:acceptCluster[0]' ${place}; npx pulumi up; npx pulumi config rm messaging:acceptCluster; npx pulumi up --refresh. What was lost must be sent again.`,
  };
}

/** Consumers that keep the contract trim only what every group has acknowledged. */
const TRIMMED = "Somebody trimmed the stream (XTRIM, or XADD with MAXLEN or MINID) or deleted entries (XDEL).";
const UNTRIM = "take the trimming away: client/ trims what every group has acknowledged";

function removed({ flow: place, stream, removed: entries }: RedisGroupFigures): Finding[] {
  if (entries === 0) return [];
  return [
    {
      trouble: "message loss",
      place,
      found: `${wereRemoved(entries, stream)} before the group read ${entries === 1 ? "it" : "them"}`,
      cause: TRIMMED,
      fix: `They are gone here: have the producer send them again, and ${UNTRIM}. This is told until the group has read its next entries.`,
    },
  ];
}

/** What is not in the stream any more can be acknowledged, and not be given to anybody again. */
function removedPending({ flow: place, stream, group, removedPending: { inHand, waiting } }: RedisGroupFigures) {
  const finding = (entries: number, what: string, fix: string): Finding | false =>
    entries > 0 && {
      trouble: "message loss",
      place,
      found: `${wereRemoved(entries, stream)} while ${what}`,
      cause: TRIMMED,
      fix: `${fix}, and ${UNTRIM}. This is told until a consumer tries to take them, or XACK ${stream} ${group} with their ids (XPENDING ${stream} ${group} - + 100).`,
    };
  return those(
    finding(
      inHand,
      `a consumer had ${inHand === 1 ? "it" : "them"} in hand`,
      "A consumer that is still at work on them loses nothing by success; what it fails, or left behind as it ended, is gone here: have the producer send that again",
    ),
    finding(
      waiting,
      `${waiting === 1 ? "it" : "they"} waited for a retry`,
      "They are gone here: have the producer send them again",
    ),
  );
}

const wereRemoved = (entries: number, stream: string): string =>
  `${counted(entries, "entry")} of ${stream} ${entries === 1 ? "was" : "were"} removed`;

function groupFindings(group: RedisGroupFigures, { after }: Limits): Finding[] {
  const { flow: place, unread, pending, connected, holding } = group;
  const retrying = group.retrying.reduce((sum, one) => sum + one.pending, 0);
  if (connected === 0 && unread + pending + retrying > 0)
    return [
      {
        trouble: "backlog",
        place,
        found: `${counted(unread, "entry")} not read, ${pending} not acknowledged${retrying > 0 ? `, ${retrying} waiting for a retry` : ""}, and no consumer`,
        cause:
          "No instance of the group's app has asked for anything for a minute: it is down, or not let in (its log says so).",
        fix: "Start the consumer, with the current `apps` output. Nothing is lost meanwhile, and the stream is not trimmed.",
      },
    ];
  const [worst] = holding.filter(({ idle }) => idle >= after).sort((a, b) => b.idle - a.idle);
  const [late] = group.retrying.filter(({ due }) => due >= after).sort((a, b) => b.due - a.due);
  return those(
    worst && {
      trouble: "lag",
      place,
      found: `${worst.consumer} has held ${worst.pending} of its entries for ${lasting(worst.idle)}`,
      cause: "It died or hangs, and no other instance has claimed what it had.",
      fix: "Look at the consumer's log. client/ claims what others left; another client must call XAUTOCLAIM.",
    },
    late && {
      trouble: "lag",
      place,
      found: `${counted(late.pending, "entry")} in messaging.retry.${late.delay} not taken, the oldest is due for ${lasting(late.due)}`,
      cause: "The group has consumers, and they do not take what waits for a retry: they hang, or are not client/.",
      fix: `Consume with client/, or have your client claim what waits there and is idle for ${late.delay} ms (XPENDING, XCLAIM): docs/contract.md.`,
    },
  );
}

/** `place`: `redis/<instance>`. The stream may be one of dead letters. */
export const overwritten = (place: string, stream: string): Finding => ({
  trouble: "message loss",
  place: `${place}/${stream}`,
  found: "a key of another type stands in place of the stream",
  cause:
    "Somebody set it (SET, RENAME): what the stream held is gone, adding to it and reading it are refused (WRONGTYPE), and consumers that need it end.",
  fix: `Take that key away (RENAME, where somebody needs it, or DEL), then ${RESTORE}, and start the consumers that ended. What was lost must be sent again.`,
});

function ofKey({ instance }: RedisFigures, { stream, entries, expiresIn }: RedisStreamFigures): Finding[] {
  const place = `redis/${instance}`;
  return those(
    entries === undefined && overwritten(place, stream),
    expiresIn !== undefined && {
      trouble: "message loss",
      place: `${place}/${stream}`,
      found: `the stream is deleted in ${lasting(expiresIn)}, and holds ${counted(entries ?? 0, "entry")} now`,
      cause:
        "Somebody gave its key a time to live (EXPIRE): when that is over, Redis deletes it with all that it holds.",
      fix: `PERSIST ${stream} takes the time away, and nothing is lost. Where it is over by then: ${RESTORE}, and what was lost must be sent again.`,
    },
  );
}

function untrimmed({ instance, groups }: RedisFigures, { stream, entries = 0 }: RedisStreamFigures): Finding[] {
  const open = groups.filter((group) => group.stream === stream).map(({ unread, pending }) => unread + pending);
  const done = entries - Math.max(0, ...open);
  return those(
    // Dead letters have no group.
    open.length > 0 &&
      done >= UNTRIMMED && {
        trouble: "backlog",
        place: `redis/${instance}/${stream}`,
        found: `${counted(done, "entry")} that every group has acknowledged`,
        cause: "Its consumers do not trim, or a group that nobody runs keeps them from it.",
        fix: "Consume with client/, which trims; or call XTRIM with MINID of the oldest entry that a group still needs.",
      },
  );
}
