import { type Holding, type Look, type SqsLook, together } from "../../live/index.ts";
import type { Guarded } from "./guarded.ts";
import { type Run, Unreachable } from "./run.ts";

async function sqsOf(look: Look): Promise<SqsLook> {
  const sqs = await look.sqs();
  if (sqs) return sqs;
  throw new Unreachable("nothing says how SQS is reached: keep messaging:aws until all of it is gone");
}

const asking = <T>(run: Run, ask: (sqs: SqsLook) => Promise<T>): Promise<T> =>
  run.asking(async (look) => ask(await sqsOf(look)));

/** `payments.fifo` as the skill and people call it. */
const nameOf = (queue: unknown): string => `sqs/${String(queue).replace(/\.fifo$/, "")}`;

const queue: Guarded = {
  kind: "queue",
  name: ({ inputs, outputs }) => nameOf(inputs.name ?? outputs.name),
  holding: ({ outputs }, run) => asking(run, (sqs) => sqs.queue(outputs.url ?? outputs.id)),
  fixed: (before, after) =>
    Boolean(before.fifoQueue) === Boolean(after.fifoQueue)
      ? []
      : [`fifoQueue, ${Boolean(before.fifoQueue)}, got ${Boolean(after.fifoQueue)}`],
  instead: () =>
    "declare the new queue beside it under another name, move producers there, and take this one out of the skill when its consumers have emptied it",
  exists: async ({ name }, run) => name !== undefined && asking(run, (sqs) => sqs.exists(name)),
};

/** What stands before each type of SQS's resources. */
export const guarded: Record<string, Guarded> = { "aws:sqs/queue:Queue": queue };

/** All that the emulator holds but for what goes by itself. */
export async function everything(look: Look, run: Run): Promise<Holding | undefined> {
  const all = await (await sqsOf(look)).all();
  const filled = all.filter(({ name, holding }) => holding.messages > 0 && !run.leaving.has(nameOf(name)));
  return together(
    filled.map(({ holding }) => holding),
    filled.map(({ name, holding }) => `${name}: ${holding.detail}`).join("; "),
  );
}
