import { describe, expect, it } from "vitest";
import { inWords, placesOf } from "../../cli/dlq/redrive.ts";
import { isWhole } from "../../cli/dlq/run.ts";
import { EnvironmentError, parseOutputs, workedOn } from "../../cli/outputs.ts";
import { age, table } from "../../cli/table.ts";
import { asText } from "../../cli/verify.ts";
import { RefusedError } from "../../client/message.ts";
import { FakeDeadLetters, nothing } from "../client/fakeDeadLetters.ts";

describe("what messaging dlq says", () => {
  const report = {
    flow: "rabbitmq/orders",
    target: "orders",
    found: 1200,
    dryRun: false,
    ...nothing,
    treated: 1000,
  };

  it("tells what was redriven, what stays and why", () => {
    expect(inWords(report)).toBe("rabbitmq/orders: redrove 1,000 of 1,200 dead letters to orders");
    expect(inWords({ ...report, dryRun: true })).toBe(
      "rabbitmq/orders: would redrive 1,000 of 1,200 dead letters to orders",
    );
    const reason = "SQS, payments.fifo: Message must be shorter than 262144 bytes.";
    const refused = [{ id: "m\u001b[2J7", reason, tooLarge: true as const }];
    expect(
      inWords({ ...report, left: 150, quarantined: 49, refused, ended: "guard", cameBack: 12 }),
    ).toMatchInlineSnapshot(`
      "rabbitmq/orders: redrove 1,000 of 1,200 dead letters to orders
        150 did not match and stay
        49 stay in quarantine: redriven 3 times, they failed each time (--quarantined takes them too)
        m\\u001b[2J7 stays: the broker refused it: SQS, payments.fifo: Message must be shorter than 262144 bytes.
        what is too large there is refused again: make room there, publish it again smaller, or drop it: npx messaging dlq drop rabbitmq/orders --filter 'x-message-id=ID'
        stopped: 12 came in while it ran, so the consumer still fails: fix that first"
    `);
  });

  it("tells what others have in hand, what is no dead letter, and what is not known where it failed", () => {
    expect(inWords({ ...report, canaries: 1, removedCanaries: 2, missed: 44 })).toMatchInlineSnapshot(`
      "rabbitmq/orders: redrove 1,000 of 1,200 dead letters to orders
        not counted: 1 canary, left where a run of messaging verify may still look for it
        not counted: 2 canaries, removed, which no run of messaging verify looks for any more
        44 stay because somebody else has them in hand: run this again when that has ended"
    `);
    expect(inWords({ ...report, treated: 15, unsure: 3, ended: "failed" })).toMatchInlineSnapshot(`
      "rabbitmq/orders: redrove 15 of 1,200 dead letters to orders
        3 more may be done, but the broker did not say; redriven ones may be delivered twice
        failed on the way; the rest stays, and the same command goes on from here"
    `);
    expect([report, { ...report, missed: 1 }].map(isWhole)).toEqual([true, false]);
  });

  it("lines up its columns, numbers to the right", () => {
    expect(
      table(
        ["FLOW", "COUNT"],
        [
          ["a", "1,000"],
          ["bbbbbb", "7"],
        ],
      ),
    ).toBe("FLOW    COUNT\na       1,000\nbbbbbb      7");
  });

  it.each([
    [0, "0s"],
    [59_999, "59s"],
    [61_000, "1m 1s"],
    [3 * 86_400_000 + 4 * 3_600_000 + 5_000, "3d 4h"],
  ])("says %i ms as %s", (milliseconds, text) => {
    expect(age(new Date(0), new Date(milliseconds))).toBe(text);
  });
});

describe("where messaging dlq redrive puts dead letters", () => {
  const why = "Kafka, orders: must not be compacted to be redriven to, as an old value would be its last";
  const refusing = Object.assign(new FakeDeadLetters([]), { flow: "kafka/orders/a", refusal: async () => why });
  const other = Object.assign(new FakeDeadLetters([]), { flow: "kafka/other/b", refusal: async () => undefined });
  const operator = { deadLetters: () => [refusing, other], state: async () => ({ waiting: 0 }), close: async () => {} };
  const live = { brokers: [{ broker: "kafka", operator }], patiently: <T>(ask: () => Promise<T>) => ask() };

  it("is refused where that would harm others, dry or not, and another flow is asked for itself", async () => {
    await expect(placesOf(live, "kafka/orders/a", {})).rejects.toThrow(new RefusedError(why));
    await expect(placesOf(live, "kafka/other/b", { to: "kafka/orders/a" })).rejects.toThrow(new RefusedError(why));
    expect(await placesOf(live, "kafka/orders/a", { to: "kafka/other/b" })).toEqual({
      letters: refusing,
      target: "kafka/other/b",
    });
    expect(await placesOf(live, "kafka/other/b", {})).toEqual({ letters: other, target: "orders" });
  });

  it("is told to go to others, too, by the broker of where it goes", async () => {
    const redriveNote = (from: string) => `from ${from}`;
    const shared = Object.assign(new FakeDeadLetters([]), { flow: "kafka/shared/c", redriveNote });
    const brokers = [{ broker: "kafka", operator: { ...operator, deadLetters: () => [other, shared] } }];
    const note = async (flow: string, to?: string) => (await placesOf({ ...live, brokers }, flow, { to })).note;
    expect(await note("kafka/shared/c")).toBe("from kafka/shared/c");
    expect(await note("kafka/other/b", "kafka/shared/c")).toBe("from kafka/other/b");
    expect(await note("kafka/shared/c", "kafka/other/b")).toBeUndefined();
  });

  it("is a flow of the same broker", async () => {
    await expect(placesOf(live, "kafka/orders/a", { to: "sqs/orders" })).rejects.toThrow(
      new EnvironmentError('--to: must be a flow of kafka, as messages do not cross brokers, got "sqs/orders"'),
    );
  });
});

describe("what messaging verify says", () => {
  it("shows each flow in a line, and what is broken or was skipped beneath", () => {
    const kept = {
      flow: "rabbitmq/orders",
      consumer: "worker",
      verdict: "kept",
      by: "own",
      good: { consumed: 1 },
      poison: { deliveries: 3, delays: [1020, 2010], deadLetters: 1 },
      reasons: [],
    } as const;
    const broken = {
      ...kept,
      flow: "sqs/payments",
      verdict: "broken",
      poison: { deliveries: 2, delays: [30_100], deadLetters: 0 },
      reasons: ["poison must be delivered 3 times, and was 2 times"],
    } as const;
    const skipped = {
      flow: "rabbitmq/log",
      consumer: "worker",
      verdict: "skipped",
      reasons: ["a stream keeps what failed where it is"],
    } as const;
    expect(
      asText([
        { ...kept, reasons: [] },
        { ...broken, reasons: [...broken.reasons] },
        { ...skipped, reasons: [...skipped.reasons] },
      ] as never),
    ).toMatchInlineSnapshot(`
      "FLOW             CONSUMER  VERDICT  GOOD  POISON  RETRIES AFTER   DEAD LETTER
      rabbitmq/orders  worker    kept     1 x   3 x     1.02 s, 2.01 s  1 x
      sqs/payments     worker    broken   1 x   2 x     30.10 s         0 x
      rabbitmq/log     worker    skipped

      broken: sqs/payments by worker: poison must be delivered 3 times, and was 2 times
      skipped: rabbitmq/log by worker: a stream keeps what failed where it is

      1 kept, 1 broken, 1 skipped"
    `);
  });

  it("says once what does not answer, whatever flows are on it", () => {
    const away = { consumer: "worker", verdict: "away" as const, reasons: ["Kafka does not answer: ECONNREFUSED"] };
    expect(
      asText([
        { ...away, flow: "kafka/a/g" },
        { ...away, flow: "kafka/b/g" },
      ]),
    ).toMatchInlineSnapshot(`
      "FLOW       CONSUMER  VERDICT  GOOD  POISON  RETRIES AFTER  DEAD LETTER
      kafka/a/g  worker    away
      kafka/b/g  worker    away

      away: Kafka does not answer: ECONNREFUSED

      0 kept, 0 broken, 0 skipped, 2 away"
    `);
  });
});

describe("the outputs of an environment", () => {
  it("must be what Pulumi prints", () => {
    expect(() => parseOutputs("nonsense", "out.json")).toThrow(EnvironmentError);
    expect(() => parseOutputs("{}", "environment local")).toThrow(
      "environment local: must have been brought up by this version",
    );
    expect(parseOutputs('{"apps":{},"operator":{"retry":{}}}', "x")).toEqual({ apps: {}, operator: { retry: {} } });
  });

  it("say which environment was worked on, whatever the default is", () => {
    const retry = { maxAttempts: 1, delays: [] };
    const [named, silent] = [{ operator: { retry, environment: "staging" } }, { operator: { retry } }];
    const outputs = "/tmp/outputs.json";
    expect(workedOn({ outputs }, named)).toEqual({ environment: "staging", outputs });
    expect(workedOn({ outputs, environment: "staging" }, named)).toEqual({ environment: "staging", outputs });
    expect(workedOn({ outputs }, silent)).toEqual({ outputs });
    expect(workedOn({ outputs, environment: "prod" }, silent)).toEqual({ environment: "prod", outputs });
    expect(workedOn({ environment: "prod" }, named)).toEqual({ environment: "prod" });
    expect(() => workedOn({ outputs, environment: "prod" }, named)).toThrow(
      new EnvironmentError('--environment: must be the environment that --outputs is of (staging), got "prod"'),
    );
  });
});
