import type { Holding } from "./holding.ts";

/** What is seen of an old queue or topic that another one replaces. */
export interface SeenOld {
  /** Whether anything of it is there. */
  exists: boolean;
  /** What still holds it, for people; empty where it may go. */
  holds: string[];
}

/** `orders.dlq: 3 messages (3 ready)`; nothing where it is empty or not there. */
export const heldIn = (name: string, holding: Holding | undefined): string[] =>
  holding && holding.messages > 0
    ? [`${name}: ${holding.messages} message${holding.messages === 1 ? "" : "s"} (${holding.detail})`]
    : [];
