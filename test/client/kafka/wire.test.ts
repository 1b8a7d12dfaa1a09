import {
  AuthenticationError,
  Connection,
  NetworkError,
  ResponseError,
  TimeoutError,
  UnsupportedCompressionError,
} from "@platformatic/kafka";
import { describe, expect, it } from "vitest";
import type { Cluster } from "../../../client/kafka/cluster.ts";
import { patiently } from "../../../client/kafka/patience.ts";
import { errorIds, is, isPassing, metadataV10, told } from "../../../client/kafka/wire.ts";
import { ConnectionError, GONE_ADVICE, RefusedError } from "../../../client/message.ts";

// As the library makes them: the answer of a produce request with these codes.
const answered = (...codes: number[]) =>
  new ResponseError(0, 9, Object.fromEntries(codes.map((code, at) => [`/responses/${at}`, [code, null]])), {});

describe("what went wrong", () => {
  it("is found by Kafka's names, however deep", () => {
    const refused = new NetworkError("failed", { cause: new AuthenticationError("no", { cause: answered(58) }) });
    expect(errorIds(refused)).toEqual(["SASL_AUTHENTICATION_FAILED"]);
    expect(is(answered(16, 6), "NOT_COORDINATOR")).toBe(true);
    expect(is(answered(6), "NOT_COORDINATOR")).toBe(false);
  });

  it.each([
    ["a connection that broke", new NetworkError("closed")],
    ["no answer", new TimeoutError("late")],
    ["a leader that moved", answered(6)],
    ["a coordinator that loads", answered(14)],
    ["too few replicas", answered(19)],
    ["a topic that is not known yet", answered(3)],
  ])("passes: %s", (_, error) => {
    expect(isPassing(error)).toBe(true);
    expect(told(error, "publishing to t")).toBeInstanceOf(ConnectionError);
  });

  it.each([
    ["a right that is missing", answered(29), "TOPIC_AUTHORIZATION_FAILED"],
    ["a record that is too large", answered(10), "MESSAGE_TOO_LARGE"],
    ["a wrong password", answered(58), "SASL_AUTHENTICATION_FAILED"],
    ["one of several", answered(6, 29), "NOT_LEADER_OR_FOLLOWER, TOPIC_AUTHORIZATION_FAILED"],
  ])("does not pass: %s", (_, error, because) => {
    const failure = told(error, "publishing to t");
    expect(failure).toBeInstanceOf(RefusedError);
    expect(failure.message).toBe(`Kafka refuses publishing to t: ${because}`);
  });

  it("is a batch that cannot be decompressed", () => {
    const failure = told(new UnsupportedCompressionError("snappy is not there"), "reading t");
    expect(failure).toBeInstanceOf(RefusedError);
    expect(failure.message).toBe("Kafka: reading t: a batch of records cannot be decompressed (snappy is not there)");
  });

  it("is a fault of code, which is neither a refusal nor a silence", () => {
    const fault = new TypeError("Cannot destructure property 'a' of undefined");
    expect(isPassing(fault)).toBe(false);
    expect(told(fault, "publishing to t")).toBe(fault);
  });

  it("is told by its innermost cause where Kafka said nothing", () => {
    const error = new NetworkError("failed", { cause: new Error("connect ECONNREFUSED") });
    expect(told(error, "publishing to t").message).toBe(
      "Kafka does not answer while publishing to t: connect ECONNREFUSED",
    );
  });
});

it("A topic that is missing to the end is refused, a broker that is silent to the end is away", async () => {
  const asking = (error: Error) =>
    patiently({ forget: () => {} } as unknown as Cluster, "reading t", () => Promise.reject(error), 0);
  await expect(asking(answered(3))).rejects.toEqual(
    new RefusedError("Kafka refuses reading t: UNKNOWN_TOPIC_OR_PARTITION", { advice: GONE_ADVICE }),
  );
  await expect(asking(new NetworkError("closed"))).rejects.toBeInstanceOf(ConnectionError);
});

describe("the metadata of topics", () => {
  const answer = { topics: [{ name: "t", partitions: [{ partitionIndex: 0, leaderId: -1 }] }] };
  const asked = (errors: Record<string, [number, null]>) => {
    const send = (...args: unknown[]) =>
      (args.at(-1) as (error: Error) => void)(new ResponseError(3, 10, errors, answer));
    return metadataV10.api.async(Object.assign(new Connection("test"), { send }), ["t"], false, false);
  };

  it("are told where a partition has no leader, and not where a topic is not known", async () => {
    expect(await asked({ "/topics/0/partitions/0": [5, null] })).toBe(answer);
    const unknown = { "/topics/0": [3, null], "/topics/1/partitions/0": [5, null] } satisfies Record<
      string,
      [number, null]
    >;
    await expect(asked(unknown)).rejects.toThrow("Received response with error");
  });
});
