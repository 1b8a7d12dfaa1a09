import { randomUUID } from "node:crypto";
import type { AppAccess } from "../access.ts";
import { type Client, connect } from "../client.ts";
import { ConnectionError, UntoldError } from "../message.ts";
import type { OpenedBroker } from "../operate.ts";
import { checkChannel } from "./channel.ts";
import { type Judgement, judge } from "./judge.ts";
import { type ChannelCheck, type Check, planOf } from "./plan.ts";
import { chooseConsumer, gather, type Tools, Untouchable } from "./run.ts";

export interface VerifyOptions {
  apps: Record<string, AppAccess>;
  brokers: readonly OpenedBroker[];
  /** The flows to verify, as `messaging dlq` names them. Default: all. */
  flows?: readonly string[];
  /** Sends canaries through consumers that may not know them, too. */
  anyConsumer?: boolean;
  /** Told of each result as it comes. */
  onResult?: (result: Result) => void;
  /** Asks a broker again while it does not answer, before anything is sent to its flows. Default: it is asked once. */
  patiently?: <T>(ask: () => Promise<T>) => Promise<T>;
}

/** What verify says of one consumer of one flow. */
export interface Result {
  flow: string;
  consumer: string;
  /** `away`: its broker does not answer, so nothing is known of it. */
  verdict: "kept" | "broken" | "skipped" | "away";
  /** Who consumed the canaries. */
  by?: "own" | "live";
  good?: Judgement["good"];
  poison?: Judgement["poison"];
  /** What was promised of it. */
  promise?: { maxAttempts: number | null; delays: number[] };
  /** Why it was skipped, which promises are broken, or what does not answer. */
  reasons: string[];
}

/** Walks a good and a poison message through every flow, as the apps themselves. Where a broker is away, the flows of the others are walked. */
export async function verify(options: VerifyOptions): Promise<Result[]> {
  const run = randomUUID().slice(0, 8);
  const plan = planOf(options.apps);
  const chosen = <T extends { flow: string }>(entries: T[]) =>
    options.flows === undefined ? entries : entries.filter(({ flow }) => options.flows!.includes(flow));
  const clients = new Map<string, Client>();
  const clientOf = (app: string) => {
    const client = clients.get(app) ?? connect(options.apps[app]!);
    clients.set(app, client);
    return client;
  };
  const told = (result: Result) => {
    options.onResult?.(result);
    return result;
  };
  try {
    const results: Result[] = chosen(plan.unchecked).map(({ reason, ...entry }) => told(skipped(entry, reason)));
    for (const round of rounds(chosen(plan.checks))) {
      results.push(
        ...(await Promise.all(
          round.map(async (check) => told(await checked(toolsFor(options, run, clientOf, check.flow), check, options))),
        )),
      );
    }
    for (const channel of chosen(plan.channels)) {
      results.push(told(await channelChecked(toolsFor(options, run, clientOf, channel.flow), channel)));
    }
    return results;
  } finally {
    await Promise.allSettled([...clients.values()].map((client) => client.close()));
  }
}

/** Consumers of one flow would take each other's canaries, so they come one after the other; flows go side by side. */
function rounds(checks: Check[]): Check[][] {
  const places = checks.map((check, at) => checks.slice(0, at).filter(({ flow }) => flow === check.flow).length);
  return Array.from({ length: Math.max(0, ...places.map((place) => place + 1)) }, (_, round) =>
    checks.filter((_, at) => places[at] === round),
  );
}

function toolsFor({ brokers }: VerifyOptions, run: string, clientOf: Tools["clientOf"], flow: string): Tools {
  const { operator } = brokers.find(({ broker }) => broker === flow.split("/", 1)[0])!;
  const letters = operator.deadLetters().find((candidate) => candidate.flow === flow);
  return { run, clientOf, operator, ...(letters && { letters }) };
}

async function checked(
  tools: Tools,
  check: Check,
  { anyConsumer = false, patiently = (ask) => ask() }: VerifyOptions,
): Promise<Result> {
  const { flow, consumer, maxAttempts, delays, producer } = check;
  if (producer === undefined) return skipped(check, "no app of the skill publishes to it");
  try {
    // Where poison has nowhere to end, or nobody tells where, no canary is sent.
    await patiently(async () => tools.letters?.count());
    const by = await chooseConsumer(tools, check, anyConsumer);
    if (by === "live" && !tools.letters)
      return skipped(check, "it has consumers and no dead letters, so nothing would tell what they did");
    const { broken, ...found } = judge(check, await gather(tools, check, by));
    const promise = { maxAttempts: Number.isFinite(maxAttempts) ? maxAttempts : null, delays };
    return { flow, consumer, verdict: broken.length > 0 ? "broken" : "kept", by, ...found, promise, reasons: broken };
  } catch (error) {
    return failed({ flow, consumer }, error);
  }
}

/** What a check threw says something of its own flow alone. */
function failed(entry: { flow: string; consumer: string }, error: unknown): Result {
  if (error instanceof ConnectionError && !(error instanceof UntoldError))
    return { ...entry, verdict: "away", reasons: [error.message] };
  if (error instanceof Untouchable) return skipped(entry, error.message);
  return { ...entry, verdict: "broken", reasons: [error instanceof Error ? error.message : String(error)] };
}

async function channelChecked(tools: Tools, channel: ChannelCheck): Promise<Result> {
  const { flow, subscriber } = channel;
  try {
    const reasons = await checkChannel(tools, channel);
    return { flow, consumer: subscriber, verdict: reasons.length > 0 ? "broken" : "kept", by: "own", reasons };
  } catch (error) {
    return failed({ flow, consumer: subscriber }, error);
  }
}

const skipped = ({ flow, consumer }: { flow: string; consumer: string }, reason: string): Result => ({
  flow,
  consumer,
  verdict: "skipped",
  reasons: [reason],
});
