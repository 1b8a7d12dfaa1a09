import { setTimeout as wait } from "node:timers/promises";
import { GetQueueUrlCommand, ListQueuesCommand } from "@aws-sdk/client-sqs";
import { ConnectionError, RefusedError } from "../client/message.ts";
import type { SqsOperator } from "../client/operator.ts";
import { call, connectionTo } from "../client/sqs/api.ts";
import { type Counts, countsOf } from "../client/sqs/counts.ts";
import type { Held, Holding } from "./holding.ts";
import { eachOf, inTime } from "./inTime.ts";
import type { SqsLook } from "./look.ts";

/** The most that SQS lists at a time. */
const PAGE = 1_000;
/** AWS counts on several machines, each a little late: so often, and so many milliseconds apart, it is asked before none means none. */
const ASKED_AGAIN = 4;
const BETWEEN_MS = 400;

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
      throw withPlace(place, error as Error);
    }
  }

  async function counted(url: string): Promise<Counts> {
    for (let asked = 1; ; asked++) {
      const counts = await countsOf(sqs, url);
      if (access.endpoint || toHolding(counts).messages > 0 || asked > ASKED_AGAIN) return counts;
      await wait(BETWEEN_MS);
    }
  }

  const holdingOf = (url: string): Promise<Holding | undefined> => ifThere(async () => toHolding(await counted(url)));

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
    queue: (url) => asking(() => holdingOf(url)),
    exists: (QueueName) =>
      asking(async () => {
        const found = await ifThere(() => call(() => sqs.send(new GetQueueUrlCommand({ QueueName }))));
        return found !== undefined;
      }),
    all: () =>
      asking(async () => {
        const held = await eachOf(await urls(), async (url): Promise<Held | undefined> => {
          const holding = await holdingOf(url);
          return holding && { name: url.split("/").at(-1)!, holding };
        });
        return held.flatMap((one) => one ?? []);
      }),
    identity: () => asking(() => identityOf(access)),
    close: async () => sqs.destroy(),
  };
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

const ABSENT = /^(QueueDoesNotExist|AWS\.SimpleQueueService\.NonExistentQueue)$/;

/** Undefined where there is no such queue. */
async function ifThere<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    const { cause } = error as RefusedError;
    if (error instanceof RefusedError && cause instanceof Error && ABSENT.test(cause.name)) return undefined;
    throw error;
  }
}

function withPlace(place: string, error: Error): Error {
  if (error.message.startsWith(place)) return error;
  const sentence = `${place}: ${reasonOf(error.message)}`;
  return error instanceof ConnectionError
    ? new ConnectionError(sentence, { cause: error })
    : new RefusedError(sentence, { cause: error });
}

/** One sentence of what the SDK says. */
export function reasonOf(message: string): string {
  if (message.includes("Deserialization error")) return "it answers something else than JSON";
  return message.replace(/^SQS: /, "").replace(/^@smithy\/\S+ - \[ERROR\] /, "");
}
