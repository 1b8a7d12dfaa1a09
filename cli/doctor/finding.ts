/** One trouble of a live environment. */
export interface Finding {
  trouble: "message loss" | "lag" | "duplicates" | "backlog" | "refused" | "dead letters" | "broker";
  /** `rabbitmq/orders`, `kafka/user-events/mailer`, or a broker's node. */
  place: string;
  /** What was seen, with figures. */
  found: string;
  cause: string;
  mend: string;
  /** The command that shows more or mends it. */
  command?: string;
}

/** Where the thresholds of time come from the user. */
export interface Limits {
  /** Milliseconds that a message may stand still before it counts. */
  after: number;
}

/** A share of a limit above which little is left: the usual alarm level of queues, disks and memory. */
export const NEARLY_FULL = 0.85;

/** `1 message`, `2 messages`. */
export const counted = (count: number, what: string): string =>
  `${count.toLocaleString("en-US")} ${what}${count === 1 ? "" : "s"}`;

/** A time of milliseconds in its largest unit: `3 min`. */
export function lasting(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`;
}
