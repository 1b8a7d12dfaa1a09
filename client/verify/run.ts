import { setTimeout as wait } from "node:timers/promises";
import type { Client } from "../client.ts";
import type { BrokerOperator, DeadLetter, DeadLetters } from "../deadLetters.ts";
import { canaryHeader, canaryOf } from "../headers.ts";
import type { Delivery } from "../message.ts";
import type { Evidence, Seen } from "./judge.ts";
import type { Check } from "./plan.ts";

/** What a check is made with. */
export interface Tools {
  /** Names the run in every canary. */
  run: string;
  /** The client of an app. */
  clientOf(app: string): Client;
  operator: BrokerOperator;
  /** The dead letters of the check's flow; absent where poison blocks. */
  letters?: DeadLetters;
}

/** How long after its last possible retry a canary is still waited for. */
const PATIENCE_MS = 15_000;
const POLL_MS = 200;
/** When all is seen: time in which a second copy would show itself. */
const AFTERMATH_MS = 500;

/** A flow whose consumers cannot be put to the proof without touching what is not ours; the message says why. */
export class Untouchable extends Error {}

/** Whose hands the canaries go through. Throws an Untouchable where neither way is safe. */
export async function chooseConsumer(
  { operator }: Tools,
  { flow }: Check,
  anyConsumer: boolean,
): Promise<Evidence["by"]> {
  const { consumers = 0, ours = consumers, waiting } = await operator.state(flow);
  if (consumers > ours && !anyConsumer) {
    throw new Untouchable(
      `${consumers - ours} of its consumers may not know canaries (--any-consumer sends them all the same)`,
    );
  }
  if (consumers > 0) return "live";
  if (waiting > 0)
    throw new Untouchable(`${waiting} messages wait and nobody consumes them: verify would have to read them`);
  return "own";
}

/** Sends a poison and a good canary, in this order, and gathers what becomes of them. All canaries are gone afterwards. */
export async function gather(tools: Tools, check: Check, by: Evidence["by"]): Promise<Evidence> {
  const seen: Seen[] = [];
  const consumer = by === "own" ? await attach(tools, check, seen) : undefined;
  try {
    const mark = await tools.letters?.mark();
    const published = { poison: await send(tools, check, "poison"), good: await send(tools, check, "good") };
    const deadLetters: DeadLetter[] = [];
    const collect = async () => {
      if (tools.letters) deadLetters.push(...(await tools.letters.collect(tools.run, mark)));
    };
    const deadline = Date.now() + patience(check);
    while (!allSeen(check, by, seen, deadLetters) && Date.now() < deadline) {
      await wait(POLL_MS);
      await collect();
    }
    await wait(AFTERMATH_MS);
    await collect();
    return { by, published, seen, deadLetters, waitingAfter: by === "own" ? await emptied(tools, check) : -1 };
  } finally {
    await consumer?.stop();
  }
}

const attach = ({ run, clientOf }: Tools, { path, group, consumer, flow }: Check, seen: Seen[]) =>
  clientOf(consumer).consume(path, () => {}, {
    ...(group !== undefined && { group }),
    // What is wrong shows in what comes.
    onError: () => {},
    canariesOnly: ({ headers, attempt }: Delivery) => {
      const canary = canaryOf(headers);
      if (canary?.run === run && canary.flow === flow) seen.push({ kind: canary.kind, attempt, at: Date.now() });
    },
  });

async function send(
  { run, clientOf }: Tools,
  { flow, path, producer, keyOf }: Check,
  kind: "good" | "poison",
): Promise<number> {
  const key = keyOf(run, kind);
  await clientOf(producer!).publish(path, {
    body: JSON.stringify({ verify: run, kind }),
    headers: canaryHeader({ run, kind, flow }),
    ...(key !== undefined && { key }),
  });
  return Date.now();
}

const patience = ({ delays }: Check): number => delays.reduce((sum, delay) => sum + delay, 0) + PATIENCE_MS;

function allSeen({ maxAttempts, delays }: Check, by: Evidence["by"], seen: Seen[], deadLetters: DeadLetter[]): boolean {
  const blocks = maxAttempts === Number.POSITIVE_INFINITY;
  const ended = deadLetters.filter(({ headers }) => canaryOf(headers)?.kind === "poison").length > 0;
  const poison = blocks ? seen.filter(({ kind }) => kind === "poison").length > delays.length : ended;
  const receipts = deadLetters.length - (ended ? 1 : 0);
  const good = by === "own" ? seen.some(({ kind }) => kind === "good") : receipts > 0;
  return poison && good;
}

/** How many messages wait when the broker has settled what was acknowledged: brokers count with some delay. */
async function emptied({ operator }: Tools, { flow }: Check): Promise<number> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const { waiting } = await operator.state(flow);
    if (waiting === 0 || Date.now() > deadline) return waiting;
    await wait(POLL_MS);
  }
}
