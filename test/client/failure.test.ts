import { describe, expect, it } from "vitest";
import { failureIn } from "../../client/failure.ts";
import { textOfBytes } from "../../client/headerText.ts";

const int = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return textOfBytes(bytes);
};
const long = (value: bigint) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(value);
  return textOfBytes(bytes);
};
const JAVA = `org.springframework.amqp.rabbit.support.ListenerExecutionFailedException: Listener threw exception
\tat org.springframework.amqp.Adapter.invoke(Adapter.java:1)
Caused by: com.shop.NoSuchOrderException: no order 7
\tat com.shop.Orders.handle(Orders.java:42)`;
const SYMFONY = "X-Message-Stamp-Symfony\\Component\\Messenger\\Stamp\\ErrorDetailsStamp";
const nothing = { error: "", errorName: undefined, errorStack: undefined, at: undefined, from: undefined };

describe("what the headers of a dead letter say of its failure", () => {
  it.each([
    [
      "this client",
      {
        "x-error": "no",
        "x-error-name": "TypeError",
        "x-error-stack": "TypeError: no\n    at f",
        "x-failures": "2026-01-01T00:00:00.000Z,2026-01-01T00:00:01.000Z",
      },
      {
        error: "no",
        errorName: "TypeError",
        errorStack: "TypeError: no\n    at f",
        at: new Date("2026-01-01T00:00:01Z"),
      },
    ],
    [
      "Spring AMQP",
      {
        "x-exception-message": "no order 7",
        "x-exception-stacktrace": JAVA,
        "x-original-exchange": "order-events",
        "x-original-routingKey": "order.new",
      },
      {
        error: "no order 7",
        errorName: "com.shop.NoSuchOrderException",
        errorStack: JAVA,
        from: "order-events/order.new",
      },
    ],
    [
      "Spring Cloud Stream",
      {
        "x-exception-message": "no",
        "x-exception-fqcn": "a.B",
        "x-exception-stacktrace": "a.B: no",
        "x-original-topic": "orders",
        "x-original-partition": int(3),
        "x-original-offset": long(12n),
      },
      { error: "no", errorName: "a.B", errorStack: "a.B: no", from: "orders, partition 3 offset 12" },
    ],
    [
      "Spring Kafka",
      {
        "kafka_dlt-exception-fqcn": "org.springframework.kafka.listener.ListenerExecutionFailedException",
        "kafka_dlt-exception-cause-fqcn": "com.shop.NoSuchOrderException",
        "kafka_dlt-exception-message": "no order 7",
        "kafka_dlt-exception-stacktrace": JAVA,
        "kafka_dlt-original-topic": "orders",
        "kafka_dlt-original-partition": int(0),
        "kafka_dlt-original-offset": long(9_007_199_254_740_993n),
      },
      {
        error: "no order 7",
        errorName: "com.shop.NoSuchOrderException",
        errorStack: JAVA,
        from: "orders, partition 0 offset 9007199254740993",
      },
    ],
    [
      "Spring Kafka of an exception without a message",
      { "kafka_dlt-exception-fqcn": "java.lang.NullPointerException", "kafka_dlt-original-topic": "orders" },
      { errorName: "java.lang.NullPointerException", from: "orders" },
    ],
    [
      "a retry topic of Spring Kafka",
      { "kafka_exception-message": "no", "kafka_exception-fqcn": "a.B", "kafka_original-topic": "orders" },
      { error: "no", errorName: "a.B", from: "orders" },
    ],
    [
      "NServiceBus",
      {
        "NServiceBus.ExceptionInfo.ExceptionType": "System.InvalidOperationException",
        "NServiceBus.ExceptionInfo.Message": "no",
        "NServiceBus.ExceptionInfo.StackTrace": "System.InvalidOperationException: no\n   at Shop.Handle()",
        "NServiceBus.FailedQ": "orders",
        "NServiceBus.TimeOfFailure": "2026-01-31 12:30:00:123456 Z",
      },
      {
        error: "no",
        errorName: "System.InvalidOperationException",
        errorStack: "System.InvalidOperationException: no\n   at Shop.Handle()",
        at: new Date("2026-01-31T12:30:00.123Z"),
        from: "orders",
      },
    ],
    [
      "MassTransit",
      {
        "MT-Reason": "fault",
        "MT-Fault-Message": "no",
        "MT-Fault-ExceptionType": "System.TimeoutException",
        "MT-Fault-StackTrace": "   at Shop.Consume()",
        "MT-Fault-Timestamp": "2026-01-31T12:30:00.1234567Z",
        "MT-Fault-InputAddress": "rabbitmq://broker/orders",
      },
      {
        error: "no",
        errorName: "System.TimeoutException",
        errorStack: "   at Shop.Consume()",
        at: new Date("2026-01-31T12:30:00.123Z"),
        from: "rabbitmq://broker/orders",
      },
    ],
    [
      "Rebus",
      { "rbs2-error-details": "System.Exception: no\n   at Shop", "rbs2-source-queue": "orders" },
      { error: "System.Exception: no", errorStack: "System.Exception: no\n   at Shop", from: "orders" },
    ],
    [
      "Wolverine",
      { "exception-type": "System.Exception", "exception-message": "no", "failed-at": "1769862600123" },
      { error: "no", errorName: "System.Exception", at: new Date("2026-01-31T12:30:00.123Z") },
    ],
    [
      "Quarkus",
      {
        "dead-letter-reason": "no",
        "dead-letter-exception-class-name": "a.B",
        "dead-letter-topic": "orders",
        "dead-letter-partition": "1",
        "dead-letter-offset": "5",
      },
      { error: "no", errorName: "a.B", from: "orders, partition 1 offset 5" },
    ],
    [
      "Kafka Connect",
      {
        "__connect.errors.exception.class.name": "org.apache.kafka.connect.errors.DataException",
        "__connect.errors.exception.message": "no",
        "__connect.errors.topic": "orders",
        "__connect.errors.partition": "1",
        "__connect.errors.offset": "5",
      },
      { error: "no", errorName: "org.apache.kafka.connect.errors.DataException", from: "orders, partition 1 offset 5" },
    ],
    [
      "Kafka Streams",
      { "__streams.errors.exception": "a.B: no", "__streams.errors.message": "no", "__streams.errors.topic": "orders" },
      { error: "no", errorName: "a.B", from: "orders" },
    ],
    ["DotNetCore.CAP", { "cap-exception": "TimeoutException-->no" }, { error: "TimeoutException-->no" }],
    [
      "Spring AMQP of an exception without a message",
      { "x-exception-message": "", "x-exception-stacktrace": "java.lang.NullPointerException\n\tat Shop.handle" },
      {
        error: "",
        errorName: "java.lang.NullPointerException",
        errorStack: "java.lang.NullPointerException\n\tat Shop.handle",
      },
    ],
    ["Watermill", { reason_poisoned: "no", topic_poisoned: "orders" }, { error: "no", from: "orders" }],
    [
      "Symfony Messenger",
      {
        [SYMFONY]: JSON.stringify([
          { exceptionClass: "LogicException", exceptionCode: 0, exceptionMessage: "first" },
          {
            exceptionClass: "App\\NoSuchOrder",
            exceptionCode: 7,
            exceptionMessage: "no order 7",
            flattenException: {},
          },
        ]),
      },
      { error: "no order 7", errorName: "App\\NoSuchOrder" },
    ],
  ])("as %s writes it", (_, headers, failure) => {
    const { headers: read, ...told } = failureIn(headers as unknown as Record<string, string>)!;
    expect(told).toEqual({ ...nothing, ...failure });
    expect(read.filter((name) => name !== undefined && name in headers)).not.toEqual([]);
  });

  it.each(["attempt 5", "unit 7", "2026", "yesterday"])("has no time where somebody wrote %s for one", (at) => {
    expect(failureIn({ "exception-message": "no", "failed-at": at })?.at).toBeUndefined();
  });

  it.each(["", "[]", "no JSON", "null", "[null]"])("is nothing where Symfony's stamp is %j", (stamp) => {
    expect(failureIn({ [SYMFONY]: stamp })).toBeUndefined();
  });

  it("is nothing where nobody wrote an error", () => {
    expect(failureIn({ tenant: "a", "x-death-reason": "rejected" })).toBeUndefined();
  });
});
