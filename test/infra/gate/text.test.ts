import { describe, expect, it } from "vitest";
import {
  cannotAsk,
  cannotChange,
  describe as described,
  existsAlready,
  holds,
  namesNothing,
} from "../../../infra/gate/text.ts";

const now = Date.parse("2026-01-02T03:04:05Z");
const place = { stack: "prod", allowed: [] };
const holding = {
  messages: 12,
  waiting: 12,
  detail: "10 ready, 2 unacknowledged",
  oldest: new Date(now - 3 * 3_600_000),
};

describe("the sentences of the gate", () => {
  it("say what is held, since when, and the lines to add", () => {
    expect(holds("rabbitmq/orders", holding, place, now)).toMatchInlineSnapshot(`
      "rabbitmq/orders holds 12 messages (10 ready, 2 unacknowledged; the oldest came 3 h ago): deleting it would lose them.
        Keep it in the skill until it is empty.
        Or lose it on purpose, once: add to Pulumi.prod.yaml below config:
          messaging:allowDataLoss: [rabbitmq/orders]"
    `);
  });

  it("keep what is allowed already in the line to add", () => {
    const text = holds("kafka/a b", { ...holding, messages: 1 }, { stack: "prod", allowed: ["sqs/payments"] }, now);
    expect(text).toMatchInlineSnapshot(`
      "kafka/a b holds 1 message (10 ready, 2 unacknowledged; the oldest came 3 h ago): deleting it would lose it.
        Keep it in the skill until it is empty.
        Or lose it on purpose, once: add to Pulumi.prod.yaml below config:
          messaging:allowDataLoss: [sqs/payments, kafka/a b]"
    `);
  });

  it("say what would happen and the steps where something cannot be changed", () => {
    const what = {
      name: "rabbitmq/orders",
      kind: "queue",
      changes: ["type, quorum, got classic"],
      instead: "make another",
    };
    expect(cannotChange(what, place)).toMatchInlineSnapshot(`
      "rabbitmq/orders: must keep its type, quorum, got classic: the broker cannot change that in place, so the queue would be deleted with all that it holds and made anew.
        To change it without loss: make another
        Where nothing of it is needed, lose it on purpose, once: add to Pulumi.prod.yaml below config:
          messaging:allowDataLoss: [rabbitmq/orders]"
    `);
  });

  it("count what cannot be asked as not empty", () => {
    expect(cannotAsk("sqs/payments", "sqs at http://127.0.0.1:1: no answer within 10 s", place)).toMatchInlineSnapshot(`
      "sqs/payments cannot be looked at, and so counts as not empty (sqs at http://127.0.0.1:1: no answer within 10 s).
        Try again when it can be.
        Or lose it on purpose, once: add to Pulumi.prod.yaml below config:
          messaging:allowDataLoss: [sqs/payments]"
    `);
  });

  it("name the ways out where something exists already", () => {
    expect(existsAlready("kafka/user-events", "topic")).toMatchInlineSnapshot(`
      "kafka/user-events: must not exist yet, got a topic that this environment did not make: making it would take it over, and later delete it.
        After an up that was interrupted: npx messaging recover. To take it over on purpose: npx messaging adopt. Else give it another name."
    `);
  });

  it("name the entries that let nothing go", () => {
    expect(namesNothing(["rabbitmq/orders"])).toMatchInlineSnapshot(
      `"messaging:allowDataLoss: must name what this change would delete, got rabbitmq/orders: take it out. (An entry is for one change: it goes once that is made.)"`,
    );
  });

  it.each([
    [{ messages: 1, waiting: 1, detail: "1 ready" }, "1 message (1 ready)"],
    [{ messages: 2, waiting: 0, unit: "record", detail: "all read" }, "2 records (all read)"],
    [
      { ...holding, oldest: new Date(now - 59_000), lastWrite: new Date(now) },
      "12 messages (10 ready, 2 unacknowledged; the oldest came 59 s ago; the last 0 s ago)",
    ],
  ])("describe %j", (held, text) => {
    expect(described(held, now)).toBe(text);
  });
});
