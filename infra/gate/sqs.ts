import * as pulumi from "@pulumi/pulumi";
import { allHeld, type Holding, type SqsLook } from "../../live/index.ts";
import type { Guarded, Properties } from "./guarded.ts";
import { inWords, lowered, wouldDelete } from "./limits.ts";
import { asking as askingBroker, type Run } from "./run.ts";

const UNKNOWN = "nothing says how SQS is reached: keep messaging:aws until all of it is gone";

const asking = <T>(run: Run, ask: (sqs: SqsLook) => Promise<T>): Promise<T> =>
  askingBroker(run, (look) => look.sqs(), UNKNOWN, ask);

/** AWS: the counts are right about a minute after the last message was sent. In milliseconds. */
const SETTLED_MS = 60_000;

/** `payments.fifo` as the skill and people call it. */
const nameOf = (queue: unknown): string => `sqs/${String(queue).replace(/\.fifo$/, "")}`;

/** What a queue holds. A preview does not wait for AWS's counts to settle; what is really deleted is watched until they have. */
function holdingOf(name: string, { url, id }: Properties, run: Run): Promise<Holding | undefined> {
  const watched = pulumi.runtime.isDryRun() || run.allows(name) ? undefined : SETTLED_MS;
  return asking(run, (sqs) => sqs.queue(url ?? id, watched));
}

const queue: Guarded = {
  kind: "queue",
  name: ({ inputs, outputs }) => nameOf(inputs.name ?? outputs.name),
  holding: ({ inputs, outputs }, run) => holdingOf(nameOf(inputs.name ?? outputs.name), outputs, run),
  fixed: (before, after) =>
    Boolean(before.fifoQueue) === Boolean(after.fifoQueue)
      ? []
      : [`fifoQueue, ${Boolean(before.fifoQueue)}, got ${Boolean(after.fifoQueue)}`],
  instead: () =>
    "declare the new queue beside it under another name, move producers there, and take this one out of the skill when its consumers have emptied it",
  async change(before, after, run, { outputs }) {
    const lower = lowered(["messageRetentionSeconds"], before, after);
    if (lower.length === 0) return undefined;
    const name = nameOf(after.name ?? outputs.name);
    const held = await holdingOf(name, outputs, run);
    if (!held || held.messages === 0) return undefined;
    return wouldDelete(name, lower.map(inWords), held, run.stack);
  },
  exists: async ({ name }, run) => name !== undefined && asking(run, (sqs) => sqs.exists(name)),
};

/** What stands before each type of SQS's resources. */
export const guarded: Record<string, Guarded> = { "aws:sqs/queue:Queue": queue };

/** All that the emulator holds but for what goes by itself. */
export async function everything(run: Run): Promise<Holding> {
  const all = await asking(run, (sqs) => sqs.all());
  return allHeld(all.filter(({ name }) => !run.leaving.has(nameOf(name))));
}
