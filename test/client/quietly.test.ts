import { describe, expect, it } from "vitest";
import { told as kafka, refusedWith } from "../../client/kafka/wire.ts";
import { AWAY, ConnectionError, UntoldError } from "../../client/message.ts";
import { quietly, type Trouble, troubleOf } from "../../client/quietly.ts";
import { toClientError } from "../../client/rabbitmq/errors.ts";
import { toError as redis } from "../../client/redis/server.ts";

const NOT_LEADER = 6;

/** What is told of errors, and of being well (undefined), at these seconds and places; each place has its own troubles. */
function told(...events: (readonly [seconds: number, event: string | Error | undefined, place?: string])[]): string[] {
  const heard: string[] = [];
  let now = 0;
  const telling = quietly(
    ({ message }) => heard.push(`${now / 1000} ${message}`),
    () => now,
  );
  const troubles = new Map<string, Trouble>();
  for (const [seconds, event, place = ""] of events) {
    now = seconds * 1_000;
    const trouble = troubles.get(place) ?? troubleOf(telling);
    troubles.set(place, trouble);
    if (event === undefined) trouble.over();
    else trouble.tell(typeof event === "string" ? new Error(event) : event);
  }
  return heard;
}

describe("an error that is told", () => {
  it("is told once for as long as it stays so, and again after it has not come for two minutes", () => {
    expect(told([0, "away"], [100, "away"], [101, "full"], [210, "away"], [331, "away"])).toEqual([
      "0 away",
      "101 full",
      "331 away",
    ]);
  });

  it("is told again after it was over", () => {
    expect(told([0, "away"], [10, "away"], [20, undefined], [30, "away"], [31, "away"])).toEqual(["0 away", "30 away"]);
  });

  it("was not over where that lasted less than five seconds", () => {
    expect(told([0, "away"], [1, undefined], [2, "away"], [3, undefined], [7, "away"])).toEqual(["0 away"]);
  });

  it("is not over where another one is", () => {
    expect(
      told([0, "unread", "a"], [30, "away", "b"], [31, undefined, "b"], [60, "unread", "a"], [61, "away", "b"]),
    ).toEqual(["0 unread", "30 away", "61 away"]);
  });

  it("is one state while a broker cannot be reached, whatever was asked of it and however each try ended", () => {
    const rabbitmq = (reason: object, place = "rabbitmq / at amqp://a:5672") => toClientError(reason, place);
    const lost = new ConnectionError("rabbitmq / at amqp://a:5672: the channel is closed", { state: AWAY });
    expect(
      told([0, lost], [1, rabbitmq({ code: "ECONNRESET" })], [2, rabbitmq({ message: "timeout" }, "default exchange")]),
    ).toEqual(["0 rabbitmq / at amqp://a:5672: the channel is closed"]);
    const [reset, refused] = ["read ECONNRESET", "connect ECONNREFUSED a:9092"].map((reason) => new Error(reason));
    expect(
      told(
        [0, kafka(reset, "reading")],
        [1, kafka(refused, "staying in group g")],
        [2, kafka(refused, "leaving group g")],
      ),
    ).toEqual(["0 Kafka does not answer while reading: read ECONNRESET"]);
    expect(told([0, redis("redis h:1 as u, XREADGROUP s g", reset)], [1, redis("redis h:1 as u", refused)])).toEqual([
      "0 redis h:1 as u, XREADGROUP s g: read ECONNRESET",
    ]);
  });

  it("is another state where the broker answers that one of its places cannot", () => {
    const inaccessible = toClientError(
      { code: "NOT_FOUND", message: "queue 'q' is down or inaccessible" },
      "rabbitmq/q",
    );
    expect(
      told(
        [0, kafka(new Error("read ECONNRESET"), "reading")],
        [1, kafka(refusedWith(NOT_LEADER), "reading t")],
        [2, inaccessible],
        [3, new UntoldError("q has no leader")],
      ),
    ).toEqual([
      "0 Kafka does not answer while reading: read ECONNRESET",
      "1 Kafka does not answer while reading t: NOT_LEADER_OR_FOLLOWER",
      "2 rabbitmq/q: the broker does not answer: queue 'q' is down or inaccessible",
      "3 q has no leader",
    ]);
  });

  it("is one state while an alarm is on, whatever it holds up", () => {
    const state = "the broker takes no messages (an alarm)";
    const late = new ConnectionError(`exchange e: did not confirm within 30 s: ${state}`, { state });
    expect(told([0, new ConnectionError(`rabbitmq /: ${state}`, { state })], [30, late])).toEqual([
      "0 rabbitmq /: the broker takes no messages (an alarm)",
    ]);
  });
});
