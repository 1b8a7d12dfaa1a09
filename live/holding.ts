/** What a queue, topic, stream or server holds, looked at without changing it. */
export interface Holding {
  /** Messages, records or keys that would go with it. */
  messages: number;
  /** Those of `messages` that nobody has handled yet: the same number but for Kafka, where what was consumed stays. */
  waiting: number;
  /** What is counted, as one of it. Default: `message`. */
  unit?: string;
  /** The same in the broker's words: `10 ready, 2 unacknowledged`. */
  detail: string;
  /** When the oldest of them came, where the broker tells. */
  oldest?: Date;
  /** When something was written last, where the broker tells. */
  lastWrite?: Date;
  /** How many consume it now; only of a RabbitMQ queue. */
  consumers?: number;
  /** What is in it and holds nothing, by name; only of what holds several things. */
  empty?: string[];
}

/** Something on a broker and what it holds. */
export interface Held {
  /** As `messaging:allowDataLoss` names it: `rabbitmq/orders`, `kafka/user-events`, `sqs/payments-dlq`, `redis/notifications`. */
  name: string;
  /** What is known of it: where `unknown` says why that is not all, at least this. */
  holding: Holding;
  unknown?: UnknownHolding;
}

/** The holdings of several things as one. */
export function together(holdings: readonly Holding[], detail: string): Holding {
  const sum = (key: "messages" | "waiting") => holdings.reduce((total, holding) => total + holding[key], 0);
  const times = (key: "oldest" | "lastWrite") => holdings.flatMap((holding) => holding[key]?.getTime() ?? []);
  const [oldest, lastWrite] = [times("oldest"), times("lastWrite")];
  return {
    messages: sum("messages"),
    waiting: sum("waiting"),
    detail,
    ...(oldest.length > 0 && { oldest: new Date(Math.min(...oldest)) }),
    ...(lastWrite.length > 0 && { lastWrite: new Date(Math.max(...lastWrite)) }),
  };
}

/** What several things hold as one, in words that name those that hold something, and the others apart. Throws an UnknownHolding where that of one is not known. */
export function allHeld(held: readonly Held[], detailOf = ({ holding }: Held): string => holding.detail): Holding {
  for (const { unknown } of held) if (unknown) throw unknown;
  const filled = held.filter(({ holding }) => holding.messages > 0);
  const detail = filled.map((one) => `${one.name}: ${detailOf(one)}`).join("; ");
  const empty = held.filter((one) => !filled.includes(one)).map(({ name }) => name);
  const holdings = filled.map(({ holding }) => holding);
  return { ...together(holdings, detail), ...(empty.length > 0 && { empty }) };
}

/** What something holds cannot be known now, though its broker answers. Unknown is never empty: whoever asked must not go on as if it were. */
export class UnknownHolding extends Error {
  /** `why`: what stands in the way, and what makes it known again, such as `the queue has no leader; start the nodes that are down`. */
  constructor(place: string, why: string) {
    super(`what ${place} holds cannot be known: ${why}`);
  }
}
