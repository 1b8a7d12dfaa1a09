import { setTimeout as wait } from "node:timers/promises";
import type { DeadLetter, DeadLetters } from "../../client/deadLetters.ts";
import { connect } from "../../client/index.ts";
import type { Delivery } from "../../client/message.ts";
import { allDeadLetters, operate } from "../../client/operate.ts";
import type { OperatorAccess } from "../../client/operator.ts";

// biome-ignore lint/suspicious/noExplicitAny: the access of one app
export type Apps = Record<string, any>;

/** A flow, who publishes to it and who consumes it. */
export interface Flow {
  flow: string;
  producer: string;
  consumer: string;
  group?: string;
}

/** Who consumes it, as dead letters name it. */
const nameOf = ({ flow, group }: Flow): string => (group ? `${flow}/${group}` : flow);

/** One message in so many fails for ever, one in so many fails once. */
const BAD = 10;
const SHAKY = 4;
/** Milliseconds between two messages of a flow. */
const PAUSE = 100;

/** What became of a run's messages. */
export interface Account {
  confirmed: number;
  /** Neither handled nor among the dead letters. */
  lost: number;
  /** Among the dead letters though they never failed for good. */
  wronglyEnded: number;
  duplicates: number;
  /** The longest time without any progress while something was left to do, in milliseconds. */
  standstill: number;
  /** What publishing or consuming reported, each once. */
  errors: string[];
}

/** All of them. A look at SQS shows ten of a message group at most, so these are taken out. */
async function bodiesOf(letters: DeadLetters): Promise<string[]> {
  const text = ({ body }: DeadLetter) => body.toString();
  if (!letters.flow.startsWith("sqs/")) return (await letters.peek(100_000)).map(text);
  const bodies: string[] = [];
  for await (const batch of letters.take(100)) {
    bodies.push(...batch.map(text));
    await letters.settle(batch.map(() => ({ kind: "drop" })));
  }
  return bodies;
}

/** Apps that run with the outputs that they were given, and go on whatever is changed beneath them. */
export async function traffic(apps: Apps, flows: readonly Flow[], run: string) {
  const confirmed = new Map<string, Set<string>>(flows.map(({ flow }) => [flow, new Set()]));
  const ended = new Map<string, Map<string, number>>(flows.map((one) => [nameOf(one), new Map()]));
  const failedOnce = new Set<string>();
  const errors = new Set<string>();
  const last = new Map(flows.map((one) => [nameOf(one), Date.now()]));
  const clients = new Map(
    [...new Set(flows.flatMap(({ producer, consumer }) => [`p ${producer}`, `c ${consumer}`]))].map((name) => [
      name,
      connect(apps[name.slice(2)]),
    ]),
  );
  let standstill = 0;
  let stopping = false;

  const progress = (flow: string) => {
    standstill = Math.max(standstill, Date.now() - last.get(flow)!);
    last.set(flow, Date.now());
  };
  const note = (flow: string, error: unknown) => errors.add(`${flow}: ${(error as Error).message}`);

  for (const one of flows) {
    const { flow, consumer, group } = one;
    const name = nameOf(one);
    const take = async ({ body }: Delivery) => {
      const text = body.toString();
      if (!text.startsWith(run)) return;
      progress(name);
      const number = Number(text.split("-").at(-1));
      if (number % BAD === 0) throw new Error("bad");
      if (number % SHAKY === 0 && !failedOnce.has(`${name} ${text}`)) {
        failedOnce.add(`${name} ${text}`);
        throw new Error("not yet");
      }
      const times = ended.get(name)!;
      times.set(text, (times.get(text) ?? 0) + 1);
    };
    const options = { ...(group && { group }), onError: (error: Error) => note(name, error) };
    await clients.get(`c ${consumer}`)!.consume(flow, take, options);
  }
  const published = [...new Map(flows.map((one) => [one.flow, one])).values()];
  const publishing = published.map(async ({ flow, producer }) => {
    // The key that the output of before the change says.
    const [destination] = apps[producer].rabbitmq?.publishes[flow.slice("rabbitmq/".length)] ?? [];
    const key = destination?.routingKeys[0]?.replace("*", "x");
    for (let number = 1; !stopping; number++) {
      const body = `${run}-${number}`;
      const keyed = flow.startsWith("kafka/") || flow.startsWith("sqs/") ? `k${number % 7}` : key;
      // What is not confirmed is sent again, as an app would do.
      for (let sent = false; !sent && !stopping; ) {
        try {
          await clients.get(`p ${producer}`)!.publish(flow, { body, ...(keyed && { key: keyed }) });
          confirmed.get(flow)!.add(body);
          sent = true;
        } catch (error) {
          note(`publishing to ${flow}`, error);
          await wait(500);
        }
      }
      await wait(PAUSE);
    }
  });

  const found = new Map<string, Set<string>>();
  async function deadLetters(operator: OperatorAccess): Promise<Map<string, Set<string>>> {
    const opened = await operate(operator);
    try {
      for (const letters of allDeadLetters(opened)) {
        const bodies = await bodiesOf(letters);
        const before = found.get(letters.flow) ?? [];
        found.set(letters.flow, new Set([...before, ...bodies.filter((body) => body.startsWith(run))]));
      }
      return found;
    } finally {
      await Promise.all(opened.map(({ operator: one }) => one.close()));
    }
  }

  return {
    /** Stops publishing, and waits until every message has ended, or nothing has moved for so many milliseconds. */
    async settle(operator: OperatorAccess, patience: number): Promise<Account> {
      stopping = true;
      await Promise.all(publishing);
      let letters = new Map<string, Set<string>>();
      const lettersOf = (one: Flow) => letters.get(nameOf(one)) ?? new Set<string>();
      const open = (one: Flow) =>
        [...confirmed.get(one.flow)!].filter((body) => !ended.get(nameOf(one))!.has(body) && !lettersOf(one).has(body));
      const moving = () => flows.some((one) => Date.now() - last.get(nameOf(one))! < patience);
      do {
        await wait(1_000);
        letters = await deadLetters(operator);
      } while (flows.some((one) => open(one).length > 0) && moving());
      for (const one of flows) if (open(one).length > 0) progress(nameOf(one));
      await Promise.all([...clients.values()].map((client) => client.close()));
      const sum = (of: (one: Flow) => number) => flows.reduce((total, one) => total + of(one), 0);
      return {
        confirmed: sum(({ flow }) => confirmed.get(flow)!.size),
        lost: sum((one) => open(one).length),
        wronglyEnded: sum((one) => [...lettersOf(one)].filter((body) => Number(body.split("-").at(-1)) % BAD).length),
        duplicates: sum((one) => [...ended.get(nameOf(one))!.values()].reduce((more, times) => more + times - 1, 0)),
        standstill,
        errors: [...errors],
      };
    },
  };
}
