import { setTimeout as wait } from "node:timers/promises";
import { GetQueueUrlCommand, ListQueuesCommand } from "@aws-sdk/client-sqs";
import { RefusedError } from "../client/message.ts";
import type { SqsOperator } from "../client/operator.ts";
import { call, connectionTo, isEmulator, isGone } from "../client/sqs/api.ts";
import { type Counts, countsOf } from "../client/sqs/counts.ts";
import type { Held, Holding } from "./holding.ts";
import { eachOf, inTime, withPlace } from "./inTime.ts";
import type { SqsLook } from "./look.ts";

/** The most that SQS lists at a time. */
const PAGE = 1_000;
/** For how long a queue must look empty, in milliseconds, where nobody says how long. */
const WATCHED_MS = 5_000;
/** How often it is asked meanwhile. */
const LOOKS = 10;

type Access = Omit<SqsOperator, "deadLetters">;

/** SQS as whoever runs the environment. */
export function sqsLook(access: Access): SqsLook & { close(): Promise<void> } {
  // Not of use to whoever looks at queues.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";
  const sqs = connectionTo(access);
  const place = access.endpoint ? `sqs at ${access.endpoint}` : `sqs in ${access.region}`;

  async function asking<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await inTime(place, ask());
    } catch (error) {
      throw withPlace(place, error as Error, reasonOf((error as Error).message));
    }
  }

  const counted = (url: string) => asking(() => ifThere(() => countsOf(sqs, url)));
  const holdingOf = (url: string, watched = WATCHED_MS): Promise<Holding | undefined> =>
    watching(() => counted(url), isEmulator(access.endpoint) ? 0 : watched);

  async function urls(): Promise<string[]> {
    const found: string[] = [];
    for (let NextToken: string | undefined; ; ) {
      const command = new ListQueuesCommand({ MaxResults: PAGE, NextToken });
      const page = await call(() => sqs.send(command));
      found.push(...(page.QueueUrls ?? []));
      NextToken = page.NextToken;
      if (!NextToken) return found;
    }
  }

  return {
    queue: holdingOf,
    exists: (QueueName) =>
      asking(async () => {
        const found = await ifThere(() => call(() => sqs.send(new GetQueueUrlCommand({ QueueName }))));
        return found !== undefined;
      }),
    async all() {
      const held = await eachOf(await asking(urls), async (url): Promise<Held | undefined> => {
        const holding = await holdingOf(url);
        return holding && { name: url.split("/").at(-1)!, holding };
      });
      return held.flatMap((one) => one ?? []);
    },
    identity: () => asking(() => identityOf(access)),
    close: async () => sqs.destroy(),
  };
}

/**
 * What a queue holds, by looks that go on while it looks empty: AWS counts on several machines, each a little late, and says that the
 * counts are right about a minute after the last change. One look that sees a message is enough, and so is a queue that is not there.
 */
export async function watching(
  look: () => Promise<Counts | undefined>,
  watched: number,
  pause: (milliseconds: number) => Promise<unknown> = wait,
): Promise<Holding | undefined> {
  for (let seen = 0; ; seen++) {
    const counts = await look();
    const holding = counts && toHolding(counts);
    if (!holding || holding.messages > 0 || watched === 0 || seen === LOOKS) return holding;
    await pause(watched / LOOKS);
  }
}

/** What a queue's counts say. */
export function toHolding({ visible, inFlight, delayed }: Omit<Counts, "at">): Holding {
  const messages = visible + inFlight + delayed;
  const others = [...(inFlight > 0 ? [`${inFlight} in flight`] : []), ...(delayed > 0 ? [`${delayed} delayed`] : [])];
  return { messages, waiting: messages, detail: [`${visible} visible`, ...others].join(", ") };
}

/** The account of the credentials, and the region: two accounts have queues of the same names. */
async function identityOf({ region, endpoint, credentials }: Access): Promise<string> {
  const { GetCallerIdentityCommand, STSClient } = await import("@aws-sdk/client-sts");
  const requestHandler = { connectionTimeout: 3_000, requestTimeout: 10_000, throwOnRequestTimeout: true };
  const own = credentials && { ...credentials };
  const sts = new STSClient({ region, endpoint, credentials: own, maxAttempts: 1, requestHandler });
  try {
    const { Account } = await call(() => sts.send(new GetCallerIdentityCommand()));
    if (Account) return `${Account} ${region}`;
    throw new RefusedError("the account is not told");
  } finally {
    sts.destroy();
  }
}

/** Undefined where there is no such queue. */
async function ifThere<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    const { cause } = error as RefusedError;
    if (error instanceof RefusedError && cause instanceof Error && isGone(cause.name)) return undefined;
    throw error;
  }
}

/** One sentence of what the SDK says. */
export function reasonOf(message: string): string {
  if (message.includes("Deserialization error")) return "it answers something else than JSON";
  return message.replace(/^SQS: /, "").replace(/^@smithy\/\S+ - \[ERROR\] /, "");
}
