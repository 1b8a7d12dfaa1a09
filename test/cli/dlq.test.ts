import { describe, expect, it } from "vitest";
import { inWords } from "../../cli/dlq/redrive.ts";
import { EnvironmentError, parseOutputs } from "../../cli/outputs.ts";
import { age, table } from "../../cli/table.ts";
import { asText } from "../../cli/verify.ts";

describe("what messaging dlq says", () => {
  const report = {
    flow: "rabbitmq/orders",
    target: "orders",
    found: 1200,
    dryRun: false,
    treated: 1000,
    left: 0,
    quarantined: 0,
    ended: "all",
    cameBack: 0,
  } as const;

  it("tells what was redriven, what stays and why", () => {
    expect(inWords(report)).toBe("rabbitmq/orders: redrove 1,000 of 1,200 dead letters to orders");
    expect(inWords({ ...report, dryRun: true })).toBe(
      "rabbitmq/orders: would redrive 1,000 of 1,200 dead letters to orders",
    );
    expect(inWords({ ...report, left: 150, quarantined: 50, ended: "guard", cameBack: 12 })).toMatchInlineSnapshot(`
      "rabbitmq/orders: redrove 1,000 of 1,200 dead letters to orders
        150 did not match and stay
        50 stay in quarantine: redriven 3 times, they failed each time (--quarantined takes them too)
        stopped: 12 came in while it ran, so the consumer still fails: fix that first"
    `);
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
});

describe("the outputs of an environment", () => {
  it("must be what Pulumi prints", () => {
    expect(() => parseOutputs("nonsense", "out.json")).toThrow(EnvironmentError);
    expect(() => parseOutputs("{}", "environment local")).toThrow(
      "environment local: must have been brought up by this version",
    );
    expect(parseOutputs('{"apps":{},"operator":{"retry":{}}}', "x")).toEqual({ apps: {}, operator: { retry: {} } });
  });
});
