import type { RedisFigures, RedisGroupFigures } from "../../live/health/redis.ts";
import { mebibytes } from "../../skill/index.ts";
import { counted, type Finding, type Limits, lasting, NEARLY_FULL } from "./finding.ts";

/** Consumers that keep the contract trim about once a second, so so many entries that everybody has are a stream that nobody trims. */
const UNTRIMMED = 10_000;
/** Ages, delays and locks are told by two clocks: a few seconds are the network and NTP, more is a clock that is wrong. */
const CLOCKS_APART_MS = 5_000;

/** The troubles of one Redis instance. */
export function redisFindings(figures: RedisFigures, limits: Limits): Finding[] {
  return [
    ...server(figures),
    ...figures.groups.flatMap((group) => groupFindings(group, limits)),
    ...untrimmed(figures),
  ];
}

function server(figures: RedisFigures): Finding[] {
  const { instance, usedMemory, maxMemory, policy, evicted, appendOnly, appendOnlyWritten, clockAhead } = figures;
  const place = `redis/${instance}`;
  const back = {
    mend: "Bring the setting back: npx pulumi refresh, then npx pulumi up.",
    command: "npx messaging drift",
  };
  const full = maxMemory > 0 && usedMemory >= maxMemory;
  return [
    ...(maxMemory > 0 && usedMemory >= NEARLY_FULL * maxMemory
      ? [
          {
            trouble: full ? ("refused" as const) : ("backlog" as const),
            place,
            found: `${mebibytes(usedMemory)} of ${mebibytes(maxMemory)} are used${full ? ": writes are refused" : ""}`,
            cause: "Streams that nobody reads or trims, keys without an expiry, or a maxMemory that is too small.",
            mend: "Start the consumers, drop dead letters, or raise maxMemory and run npx pulumi up: it is set in place.",
          },
        ]
      : []),
    ...(policy !== "noeviction"
      ? [
          {
            trouble: "message loss" as const,
            place,
            found: `maxmemory-policy is ${policy}${evicted > 0 ? `, and ${counted(evicted, "key")} were evicted` : ""}`,
            cause: "Somebody changed it: a full server throws away streams with all their messages.",
            ...back,
          },
        ]
      : []),
    ...(appendOnly
      ? []
      : [
          {
            trouble: "message loss" as const,
            place,
            found: "the append-only file is off",
            cause: "Somebody turned it off: a restart loses all that came since the last snapshot.",
            ...back,
          },
        ]),
    ...(figures.untold !== undefined
      ? [
          {
            trouble: "broker" as const,
            place,
            found: `what its streams hold cannot be known: ${figures.untold}`,
            cause: "The address leads to another server than the primary, or the server has just started.",
            mend: "Give the primary's address, or look again when it has loaded: nothing else is said of its streams until then.",
          },
        ]
      : []),
    ...(figures.snapshotWritten
      ? []
      : [
          {
            trouble: "refused" as const,
            place,
            found: "the last snapshot could not be written",
            cause:
              "The disk is full or fails, or memory for the copy is short: the server may refuse writes until a snapshot works.",
            mend: "Make room on the server's disk; it tries again by itself.",
          },
        ]),
    ...(appendOnlyWritten
      ? []
      : [
          {
            trouble: "message loss" as const,
            place,
            found: "the append-only file could not be written",
            cause: "The disk is full or fails.",
            mend: "Make room on the server's disk; it writes again by itself.",
          },
        ]),
    ...(Math.abs(clockAhead) > CLOCKS_APART_MS
      ? [
          {
            trouble: "broker" as const,
            place,
            found: `its clock is ${lasting(Math.abs(clockAhead))} ${clockAhead > 0 ? "ahead of" : "behind"} this machine's`,
            cause: "One of the two clocks is wrong.",
            mend: "Have both keep time by NTP: ages, and AWS's signatures, depend on it.",
          },
        ]
      : []),
  ];
}

function groupFindings(
  { flow: place, exists, unread, pending, connected, holding }: RedisGroupFigures,
  { after }: Limits,
): Finding[] {
  if (!exists)
    return [
      {
        trouble: "message loss",
        place,
        found: "its consumer group is not on the server",
        cause:
          "Somebody deleted the group or its stream, or emptied the server: what was in hand or not read is forgotten.",
        mend: "Make it again: npx pulumi refresh, then npx pulumi up. What was lost with the stream must be sent again.",
        command: "npx messaging drift",
      },
    ];
  if (connected === 0 && unread + pending > 0)
    return [
      {
        trouble: "backlog",
        place,
        found: `${counted(unread, "entry").replace("entrys", "entries")} not read, ${pending} not acknowledged, and no consumer`,
        cause: "No instance of the group's app has asked for anything for a minute.",
        mend: "Start the consumer. Nothing is lost meanwhile, and the stream is not trimmed.",
      },
    ];
  const stale = holding.filter(({ idle }) => idle >= after);
  if (stale.length === 0) return [];
  const [worst] = stale.sort((a, b) => b.idle - a.idle);
  return [
    {
      trouble: "lag",
      place,
      found: `${worst!.consumer} has held ${worst!.pending} of its entries for ${lasting(worst!.idle)}`,
      cause: "It died or hangs, and no other instance has claimed what it had.",
      mend: "Look at the consumer's log. client/ claims what others left; another client must call XAUTOCLAIM.",
    },
  ];
}

function untrimmed({ instance, streams, groups }: RedisFigures): Finding[] {
  return streams.flatMap(({ stream, entries }) => {
    const open = groups.filter((group) => group.stream === stream).map(({ unread, pending }) => unread + pending);
    const done = entries - Math.max(0, ...open);
    if (done < UNTRIMMED) return [];
    return [
      {
        trouble: "backlog" as const,
        place: `redis/${instance}/${stream}`,
        found: `${counted(done, "entry").replace("entrys", "entries")} that every group has acknowledged`,
        cause: "Its consumers do not trim, or a group that nobody runs keeps them from it.",
        mend: "Consume with client/, which trims; or call XTRIM with MINID of the oldest entry that a group still needs.",
      },
    ];
  });
}
