import type { RedisFigures } from "../../live/health/redis.ts";
import { mebibytes } from "../../skill/index.ts";
import { counted, type Finding, lasting, NEARLY_FULL, RESTORE, those } from "./finding.ts";

/** Ages, delays and locks are told by two clocks: a few seconds are the network and NTP, more is a clock that is wrong. */
const CLOCKS_APART_MS = 5_000;

/** The troubles of the server itself. */
export function serverFindings(figures: RedisFigures): Finding[] {
  const { instance, usedMemory, maxMemory, policy, evicted, clockAhead, untold, replicas } = figures;
  const place = `redis/${instance}`;
  const full = usedMemory >= maxMemory;
  const back = { fix: `Bring the setting back: ${RESTORE}.`, command: "npx messaging drift" };
  return [
    ...those(
      maxMemory > 0 &&
        usedMemory >= NEARLY_FULL * maxMemory && {
          trouble: full ? "refused" : "backlog",
          place,
          found: `${mebibytes(usedMemory)} of ${mebibytes(maxMemory)} are used${full ? ": writes are refused" : ""}`,
          cause: "Streams that nobody reads or trims, keys without an expiry, or a maxMemory that is too small.",
          fix: "Raise maxMemory in skill.yaml and run npx pulumi up: it is set in place, on a full server too. Consumers that succeed free memory meanwhile; a retry, a dead letter and a redrive need some.",
        },
      policy !== "noeviction" && {
        trouble: "message loss",
        place,
        found: `maxmemory-policy is ${policy}${evicted > 0 ? `, and ${counted(evicted, "key")} ${evicted === 1 ? "was" : "were"} evicted` : ""}`,
        cause: "Somebody changed it: a full server throws away streams with all their messages.",
        ...back,
      },
      !figures.appendOnly && {
        trouble: "message loss",
        place,
        found: "the append-only file is off",
        cause: "Somebody turned it off: a restart loses all that came since the last snapshot.",
        ...back,
      },
      untold !== undefined && untoldServer(place, untold),
      !figures.snapshotWritten && {
        trouble: "refused",
        place,
        found: "the last snapshot could not be written",
        cause:
          "The disk is full or fails, or memory for the copy is short: the server may refuse writes until a snapshot works.",
        fix: "Make room on the server's disk, then BGSAVE, or wait: it tries again by itself as its save points say.",
      },
      !figures.appendOnlyWritten && {
        trouble: "refused",
        place,
        found: "the append-only file could not be written",
        cause: "The disk is full or fails: the server refuses writes until it can.",
        fix: "Make room on the server's disk; it writes again by itself.",
      },
      replicas !== undefined &&
        replicas.following < replicas.least && {
          trouble: "refused",
          place,
          found: `${counted(replicas.following, "replica")} of at least ${replicas.least} follow: writes are refused (NOREPLICAS)`,
          cause: "Replicas are down, cut off or too far behind, or min-replicas-to-write is more than there are.",
          fix: "Start the replicas, or lower min-replicas-to-write (CONFIG SET works meanwhile): writes are taken again at once.",
        },
      figures.paused && {
        trouble: "refused",
        place,
        found: "it answers reads, and lets writes wait: its clients are paused (CLIENT PAUSE ... WRITE)",
        cause: "Somebody paused them, or a tool for failovers left it so. It ends by itself when its time is over.",
        fix: "CLIENT UNPAUSE, unless a failover is under way, which ends it by itself: writes are taken at once. What could not be published meanwhile failed there, so that it can be published again.",
      },
      Math.abs(clockAhead) > CLOCKS_APART_MS && {
        trouble: "broker",
        place,
        found: `its clock is ${lasting(Math.abs(clockAhead))} ${clockAhead > 0 ? "ahead of" : "behind"} this machine's`,
        cause: "One of the two clocks is wrong.",
        fix: "Have both keep time by NTP: ages, and AWS's signatures, depend on it.",
      },
    ),
    ...refusals(figures, place),
  ];
}

/** Of a server that does not tell what its streams hold. */
export const untoldServer = (place: string, why: string): Finding => ({
  trouble: "broker",
  place,
  found: `what its streams hold cannot be known: ${why}`,
  cause:
    "The address leads to another server than the primary, somebody made it a replica (REPLICAOF), or it has just started.",
  fix: "Give the primary's address; where it is the primary itself, REPLICAOF NO ONE makes it one again, with what it has then; where it loads, look again when it has. Nothing else is said of its streams until then.",
});

/** What client/ tries on purpose as a group is gone, though no app may: only `up` makes groups. */
const TRIED = "xgroup|create";

function refusals({ refusals: logged }: RedisFigures, place: string): Finding[] {
  const all = logged.filter(({ object }) => object !== TRIED);
  const users = [...new Set(all.map(({ username }) => username))];
  return users.map((username) => {
    const own = all.filter((one) => one.username === username);
    const logins = own.filter(({ reason }) => reason === "auth").reduce((sum, { count }) => sum + count, 0);
    const denied = [...new Set(own.filter(({ reason }) => reason !== "auth").map(({ object }) => object))];
    const what = [
      logins > 0 && counted(logins, "login"),
      denied.length > 0 && `what it may not do (${denied.join(", ")})`,
    ].filter(Boolean);
    return {
      trouble: "refused",
      place,
      found: `${username} was refused in the last minute: ${what.join(", ")}`,
      cause:
        "An app runs with outputs from before a rotation or an up that took a right away: it reads or hears nothing there.",
      fix: "Deploy that app with the current `apps` output. ACL LOG on the server shows its address. This is told for a minute after the last refusal.",
    };
  });
}
