import type { Count, DeadLetters } from "../../client/deadLetters.ts";
import { RefusedError, UntoldError } from "../../client/message.ts";
import { allDeadLetters } from "../../client/operate.ts";
import type { Live } from "../live.ts";
import { counted, type Finding, lasting } from "./finding.ts";

/** The flows that have dead letters. */
export async function deadLetterFindings({ brokers }: Pick<Live, "brokers">, now = new Date()): Promise<Finding[]> {
  const found = await Promise.all(allDeadLetters(brokers).map((letters) => findingOf(letters, now)));
  return found.flat();
}

async function findingOf(letters: DeadLetters, now: Date): Promise<Finding[]> {
  let count: Count;
  try {
    count = await letters.count();
  } catch (error) {
    // Where a whole broker is away the other looks say so; one of its places that does not tell keeps nothing else from being told.
    if (!(error instanceof UntoldError || error instanceof RefusedError)) throw error;
    return [
      {
        trouble: "broker",
        place: letters.flow,
        found: `how many dead letters ${letters.name} has cannot be known: ${error.message}`,
        cause: "The broker that has them is away, or refuses to tell.",
        mend: "Bring it back: until then nobody knows whether there are any.",
      },
    ];
  }
  const { messages, oldest } = count;
  if (messages === 0) return [];
  const age = oldest === undefined ? "" : `, the oldest for ${lasting(Math.max(0, now.getTime() - oldest.getTime()))}`;
  return [
    {
      trouble: "dead letters",
      place: letters.flow,
      found: `${counted(messages, "message")} in ${letters.name}${age}`,
      cause:
        "They failed on every attempt: the error in their headers says why. Without an error the broker gave them up, as the consumer died or was slower than it may be.",
      mend: "Mend what the error says, then put them back: npx messaging dlq redrive, with --dry-run first.",
      command: `npx messaging dlq show ${letters.flow}`,
    },
  ];
}
