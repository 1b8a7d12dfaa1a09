import type { Count, DeadLetters } from "../../client/deadLetters.ts";
import { ConnectionError, RefusedError, UntoldError } from "../../client/message.ts";
import { allDeadLetters } from "../../client/operate.ts";
import type { Live } from "../live.ts";
import { type Addresses, answered, away, brokerOf, isAway } from "./away.ts";
import { counted, type Finding, GONE, gone, lasting, untold } from "./finding.ts";
import { goneVhost } from "./rabbitmqServer.ts";
import { overwritten } from "./redis.ts";
import { untoldServer } from "./redisServer.ts";

/** The flows that have dead letters. */
export async function deadLetterFindings(
  { brokers, patiently }: Pick<Live, "brokers" | "patiently">,
  addresses: Addresses,
  now = new Date(),
): Promise<Finding[]> {
  const found = await Promise.all(
    allDeadLetters(brokers).map(async (letters) => {
      try {
        return among(letters, await patiently(() => letters.count()), now);
      } catch (error) {
        return [without(letters, error, addresses)];
      }
    }),
  );
  return found.flat();
}

function without({ flow, name }: DeadLetters, error: unknown, addresses: Addresses): Finding {
  const place = brokerOf(flow);
  const [, vhost] = (error instanceof RefusedError && /vhost (.+) not found/.exec(error.message)) || [];
  if (vhost !== undefined) return goneVhost(vhost);
  // A server of Redis tells of all its streams or of none.
  if (error instanceof UntoldError && place.startsWith("redis/"))
    return untoldServer(place, error.message.replace(/^redis \S+ as \S+: /, ""));
  const answer = answered(place, addresses, error);
  if (answer) return answer;
  if (error instanceof RefusedError && /: WRONGTYPE /.test(error.message)) return overwritten(place, name);
  if (isAway(place, addresses, error)) return away(place, addresses, error);
  if (error instanceof RefusedError && GONE.test(error.message))
    return gone(flow, `the place of its dead letters, ${name},`, "what fails now has nowhere to end");
  if (error instanceof ConnectionError || error instanceof RefusedError) {
    const finding = untold(flow, `how many dead letters ${name} has`, error.message);
    return error instanceof RefusedError ? { ...finding, cause: REFUSED } : finding;
  }
  throw error;
}

const REFUSED = "The broker works, but refuses the administrator this question: it says why itself.";

function among({ flow, name }: DeadLetters, { messages, oldest }: Count, now: Date): Finding[] {
  if (messages === 0) return [];
  const age = oldest === undefined ? "" : `, the oldest for ${lasting(Math.max(0, now.getTime() - oldest.getTime()))}`;
  return [
    {
      trouble: "dead letters",
      place: flow,
      found: `${counted(messages, "message")} in ${name}${age}`,
      cause: "They failed on every attempt, or their broker gave them up: their headers say why.",
      fix: "Look at what they say and fix that, then put them back: npx messaging dlq redrive, with --dry-run first.",
      command: `npx messaging dlq show ${flow}`,
    },
  ];
}
