import { describe, expect, it } from "vitest";
import { asJson, asText } from "../../cli/dlq/show.ts";
import { letter } from "../client/fakeDeadLetters.ts";

const at = new Date("2026-01-31T12:30:00Z");
const shown = (headers: Record<string, string>, flow = "rabbitmq/orders") =>
  asText({ ...letter("m-1", headers), at }, flow);
const errorOf = (headers: Record<string, string>, flow?: string) => /^error +(.*)$/m.exec(shown(headers, flow))?.[1];

describe("messaging dlq show", () => {
  it("tells a reject, an expiry, the delivery limit and a full queue apart", () => {
    const reasons = ["rejected", "expired", "delivery_limit", "maxlen", "unheard-of"];
    expect(reasons.map((reason) => errorOf({ "x-death-reason": reason }))).toMatchInlineSnapshot(`
      [
        "none: its consumer rejected it (reject, or nack without requeue) and gave no reason",
        "none: it expired in its queue before a consumer was done with it",
        "none: the broker gave it up at its delivery limit: consumers took it again and again, and ended or gave it back",
        "none: its queue was full, and dropped its oldest message",
        "none: the broker gave it up: unheard-of",
      ]
    `);
    expect(asJson(letter("m-1", { "x-death-reason": "expired" }), "rabbitmq/orders")).toMatchObject({
      error: null,
      errorName: null,
      reason: "expired",
    });
  });

  it("shows counts alone where counts are told, whatever is in the headers", () => {
    const told = (headers: Record<string, string>) => shown(headers).match(/^(?:failed|redriven) .*$/gm);
    expect(told({ "x-redrive-count": "3", "x-attempt": "4" })).toEqual([
      "failed    2026-01-31T12:30:00.000Z on attempt 4",
      "redriven  3 times",
    ]);
    expect(told({ "x-redrive-count": "abc", "x-attempt": "-1" })).toEqual([
      "failed  2026-01-31T12:30:00.000Z on attempt 1",
    ]);
  });

  it("takes a header of that name for the app's own on other brokers", () => {
    const headers = { "x-death-reason": "expired" };
    expect(asJson(letter("m-1", headers), "kafka/orders/notify")).toMatchObject({ reason: null, headers });
    expect(shown(headers, "redis/main/orders/notify")).toMatchInlineSnapshot(`
      "id                     m-1
      failed                 2026-01-31T12:30:00.000Z
      error                  unknown: whoever put it here wrote no error that is known: look in the consumer's log at the time when it failed
      header x-death-reason  expired
      body                   {}"
    `);
  });

  it("says what is not known where nobody wrote an error", () => {
    expect(errorOf({}, "kafka/orders/notify")).toMatchInlineSnapshot(
      `"unknown: whoever put it here wrote no error that is known: look in the consumer's log at the time when it failed"`,
    );
    expect(errorOf({}, "sqs/orders")).toMatchInlineSnapshot(
      `"unknown: SQS moved it, as it was received as often as its queue allows (maxReceiveCount) and never deleted; or its consumer put it here without a word"`,
    );
    expect(errorOf({ "x-verify": "r poison rabbitmq/orders" })).toMatchInlineSnapshot(
      `"none: a canary of messaging verify"`,
    );
  });

  it("shows the error first, and what the broker did after it", () => {
    const headers = {
      "x-error": "no",
      "x-error-name": "TypeError",
      "x-error-stack": "TypeError: no\n    at handle (a.js:1)",
      "x-attempt": "2",
      "x-consumer": "worker",
      "x-origin": "rabbitmq/orders",
      "x-origin-position": "order-events/order.new",
      "x-redrive-count": "1",
      "x-death-reason": "delivery_limit",
      tenant: "a",
    };
    expect(shown(headers)).toMatchInlineSnapshot(`
      "id             m-1
      failed         2026-01-31T12:30:00.000Z on attempt 2 of worker
      error          TypeError: no
      ended          the broker gave it up at its delivery limit: consumers took it again and again, and ended or gave it back; the error may be of an attempt before
      stack          at handle (a.js:1)
      from           rabbitmq/orders, order-events/order.new
      redriven       1 times
      header tenant  a
      body           {}"
    `);
  });

  it("shows a producer's headers so that none passes for a line of ours", () => {
    expect(shown({ id: "of Celery", error: "none", body: "another", "body\nerror": "x" })).toMatchInlineSnapshot(`
      "id                      m-1
      failed                  2026-01-31T12:30:00.000Z
      error                   unknown: whoever put it here wrote no error that is known: look in the consumer's log at the time when it failed
      header id               of Celery
      header error            none
      header body             another
      header body\\u000aerror  x
      body                    {}"
    `);
  });

  it("shows the error that Spring Kafka wrote, and bytes as bytes", () => {
    const headers = {
      "kafka_dlt-exception-fqcn": "org.springframework.kafka.listener.ListenerExecutionFailedException",
      "kafka_dlt-exception-cause-fqcn": "com.shop.NoSuchOrderException",
      "kafka_dlt-exception-message": "no order 7",
      "kafka_dlt-exception-stacktrace":
        "org.spring.Failed: Listener failed\n\tat org.spring.Adapter.invoke(Adapter.java:1)\nCaused by: com.shop.NoSuchOrderException: no order 7\n\tat com.shop.Orders.handle(Orders.java:42)",
      "kafka_dlt-original-topic": "orders",
      "kafka_dlt-original-partition": "base64:AAAAAw==",
      "kafka_dlt-original-offset": "base64:AAAAAAAAAAw=",
      "kafka_dlt-original-timestamp": "base64:AAABnBQ0Iuk=",
      trace: "base64:/wA=",
    };
    expect(shown(headers, "kafka/orders/notify")).toMatchInlineSnapshot(`
      "id                                   m-1
      failed                               2026-01-31T12:30:00.000Z
      error                                com.shop.NoSuchOrderException: no order 7
      stack                                at com.shop.Orders.handle(Orders.java:42)
      from                                 orders, partition 3 offset 12
      header kafka_dlt-exception-fqcn      org.springframework.kafka.listener.ListenerExecutionFailedException
      header kafka_dlt-original-timestamp  base64:AAABnBQ0Iuk=
      header trace                         base64:/wA=
      body                                 {}"
    `);
    expect(asJson(letter("m-1", headers), "kafka/orders/notify")).toMatchObject({
      error: "no order 7",
      errorName: "com.shop.NoSuchOrderException",
      reason: null,
      headers,
    });
  });
});
