/** One trouble of a live environment. */
export interface Finding {
  trouble: "message loss" | "lag" | "duplicates" | "backlog" | "refused" | "dead letters" | "broker";
  /** `rabbitmq/orders`, `kafka/user-events/mailer`, or a broker's node. */
  place: string;
  /** What was seen, with figures. */
  found: string;
  cause: string;
  /** What to do; it can be done in the state that was found. */
  fix: string;
  /** The command that shows more or does it. */
  command?: string;
  /** The broker at `place` does not answer, so of its flows nothing else is known. */
  away?: true;
  /** The broker at `place` answers, and says the same no to every question: it is asked no more. */
  closed?: true;
}

/** What is told first. */
export const WORST: readonly Finding["trouble"][] = [
  "message loss",
  "refused",
  "broker",
  "lag",
  "backlog",
  "duplicates",
  "dead letters",
];

/** Where the thresholds of time come from the user. */
export interface Limits {
  /** Milliseconds that a message may stand still before it counts. */
  after: number;
}

/** A share of a limit above which little is left: the usual alarm level of queues, disks and memory. */
export const NEARLY_FULL = 0.85;

/** Those that were found. */
export const those = (...some: (Finding | false | undefined)[]): Finding[] => some.filter((one) => !!one);

/** What puts the environment back as the skill says, whatever was changed or deleted by hand: the refresh finds that, the `up` makes it again. */
export const RESTORE = "npx pulumi up --refresh";

/** In what a broker refuses: the place is not there. */
export const GONE = /NOT_FOUND|UNKNOWN_TOPIC_OR_PARTITION|queue does not exist/;

/** A place of a flow that is not on its broker. */
export const gone = (place: string, what: string, consequence: string): Finding => ({
  trouble: "message loss",
  place,
  found: `${what} is not on the broker`,
  cause: `Somebody deleted it: what it held is gone, and ${consequence}.`,
  fix: `Make it again: ${RESTORE}. What was lost with it must be sent again.`,
  command: "npx messaging drift",
});

/** A flow of which the broker, which answers, does not tell. */
export const untold = (place: string, what: string, why: string): Finding => ({
  trouble: "broker",
  place,
  found: `${what} cannot be known: ${why}`,
  cause: "The part of the broker that has it is down or without a majority, or refuses to tell.",
  fix: "Do what is said of its broker here, if anything is, and look again: nothing counts as empty until then.",
});

/** `1 message`, `2 messages`, `2 entries`. */
export function counted(count: number, what: string): string {
  const plural = /[^aeiou]y$/.test(what) ? `${what.slice(0, -1)}ies` : `${what}s`;
  return `${count.toLocaleString("en-US")} ${count === 1 ? what : plural}`;
}

/** A time of milliseconds in its largest unit: `3 min`. */
export function lasting(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`;
}
