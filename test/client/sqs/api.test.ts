import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { GetQueueUrlCommand } from "@aws-sdk/client-sqs";
import { describe, expect, it, vi } from "vitest";
import { ConnectionError, GONE_ADVICE, RefusedError } from "../../../client/message.ts";
import { call, isOfAccess, namedConnectionTo, translated } from "../../../client/sqs/api.ts";
import { receiveSome } from "../../../client/sqs/batches.ts";
import { refusal } from "./fakeSqs.ts";

const credentials = { accessKeyId: "a", secretAccessKey: "s" };

const failure = (name: string, status?: number) =>
  Object.assign(new Error("why"), { name, $metadata: { httpStatusCode: status } });

describe("a failed call of SQS", () => {
  it.each([
    ["AccessDenied", 403],
    ["InvalidParameterValue", 400],
    ["CredentialsProviderError", undefined],
    ["KMS.DisabledException", 400],
    ["KmsDisabled", 400],
    ["ExpiredTokenException", 403],
  ])("is refused: %s %s", (name, status) => {
    expect(translated(failure(name, status))).toEqual(new RefusedError("SQS: why"));
  });

  it("tells what helps where its queue is gone", () => {
    expect(translated(failure("QueueDoesNotExist", 400))).toEqual(
      new RefusedError("SQS: why", { advice: GONE_ADVICE }),
    );
  });

  it.each([
    ["Error", undefined],
    ["TimeoutError", undefined],
    ["InternalFailure", 500],
    ["ServiceUnavailable", 503],
    ["ThrottlingException", 400],
    ["RequestThrottled", 403],
    ["KMS.ThrottlingException", 400],
  ])("may work later: %s %s", (name, status) => {
    expect(translated(failure(name, status))).toEqual(new ConnectionError("SQS: why"));
  });

  it("is a fault of code, which is neither a refusal nor a silence, but for an answer that cannot be read", () => {
    const fault = new TypeError("Cannot destructure property 'a' of undefined");
    expect(translated(fault)).toBe(fault);
    const unreadable = Object.assign(new SyntaxError("Unexpected token"), { $metadata: { httpStatusCode: 502 } });
    expect(translated(unreadable)).toEqual(new ConnectionError("SQS: Unexpected token"));
    const url = Object.assign(new TypeError("Invalid URL"), { code: "ERR_INVALID_URL" });
    expect(translated(url)).toEqual(new RefusedError("SQS: Invalid URL"));
  });

  it("has a name where it has no words", () => {
    expect(translated(Object.assign(new Error(""), { name: "AggregateError" })).message).toBe("SQS: AggregateError");
  });
});

describe("a refusal of SQS", () => {
  it.each([
    ["AccessDenied", true],
    ["QueueDoesNotExist", true],
    ["KmsDisabled", true],
    ["KMS.InvalidStateException", true],
    ["ExpiredToken", true],
    ["InvalidParameterValue", false],
  ])("%s is of the access: %s", (name, expected) => {
    expect(isOfAccess(translated(failure(name, 400)) as RefusedError)).toBe(expected);
  });

  it.each([
    [
      "InvalidParameterValue",
      "One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes.",
    ],
    ["InvalidParameterValueException", "Message must be shorter than 262144 bytes."],
    ["AWS.SimpleQueueService.BatchRequestTooLong", "Batch requests cannot be longer than 1048576 bytes."],
    ["MessageTooLong", "too long"],
  ])("is of a message that is too large: %s, %s", (name, message) => {
    expect(translated(Object.assign(failure(name, 400), { message }))).toMatchObject({ tooLarge: true });
  });

  it("is the same text each time that it is the same", () => {
    const texts = ["1-a", "2-b"].map((id) => {
      const message = `arn:aws:kms:1:key/2 is disabled. (Service: AWSKMS; Status Code: 400; Error Code: DisabledException; Request ID: ${id}; Proxy: null)`;
      return translated(Object.assign(failure("KmsDisabled", 400), { message })).message;
    });
    expect(new Set(texts)).toEqual(
      new Set([
        "SQS: arn:aws:kms:1:key/2 is disabled. (Service: AWSKMS; Status Code: 400; Error Code: DisabledException; Proxy: null)",
      ]),
    );
  });
});

describe("a named connection", () => {
  it("says which SQS does not answer", async () => {
    const sqs = namedConnectionTo({
      region: "eu-central-1",
      endpoint: "http://127.0.0.1:1",
      credentials,
    });
    const asked = call(() => sqs.send(new GetQueueUrlCommand({ QueueName: "q" })), 0);
    await expect(asked).rejects.toEqual(new ConnectionError("SQS at http://127.0.0.1:1 does not answer"));
    sqs.destroy();
  });
});

describe("a message that was received", () => {
  it("has all of its attributes, one called __proto__ too, whatever its body is", async () => {
    const attributes = Object.fromEntries([
      ["a", { DataType: "String", StringValue: '"__proto__":' }],
      ["__proto__", { DataType: "Binary", BinaryValue: "AP8=" }],
      ["z", { DataType: "Number", StringValue: "1" }],
    ]);
    const Body = '\\"__proto__": {"__proto__":1}, \u00e9';
    const MD5OfBody = createHash("md5").update(Body).digest("hex");
    const answer = {
      Messages: [{ MessageId: "m", ReceiptHandle: "h", Body, MD5OfBody, MessageAttributes: attributes }],
    };
    const server = createServer((_, response) => response.end(JSON.stringify(answer))).listen(0);
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const sqs = namedConnectionTo({ region: "us-east-1", endpoint, credentials });
    const [message] = await receiveSome(sqs, `${endpoint}/q`, { most: 1, hold: 1, wait: 0 });
    sqs.destroy();
    server.close();
    expect(message!.body.toString()).toBe(Body);
    expect(Object.entries(message!.raw.attributes)).toEqual([
      ["a", { DataType: "String", StringValue: '"__proto__":' }],
      ["__proto__", { DataType: "Binary", BinaryValue: new Uint8Array([0, 255]) }],
      ["z", { DataType: "Number", StringValue: "1" }],
    ]);
    expect(Object.entries(message!.headers)).toEqual([
      ["a", '"__proto__":'],
      ["__proto__", "base64:AP8="],
      ["z", "1"],
    ]);
  });
});

describe("SQS that went away", () => {
  const said = (message: string) =>
    translated(Object.assign(new Error(message), { broker: "SQS in eu-central-1", queue: "payments.fifo" })).message;

  it("is told in the same words, whatever it was asked when it went", () => {
    const words = [
      "socket hang up",
      "connect ECONNREFUSED 127.0.0.1:1",
      "read ECONNRESET",
      "a request has exceeded the configured 10000 ms requestTimeout.",
    ];
    expect([...new Set(words.map(said))]).toEqual(["SQS in eu-central-1 does not answer"]);
  });

  it("is told with the reason where that is another", () => {
    expect(said("self-signed certificate")).toBe("SQS in eu-central-1 does not answer: self-signed certificate");
  });
});

describe("a call of SQS", () => {
  it("is made again while SQS does not answer, for as long as it may take", async () => {
    const attempt = vi.fn().mockRejectedValue(failure("Error"));
    await expect(call(attempt, 500)).rejects.toEqual(new ConnectionError("SQS: why"));
    // At once, and after 100, 200 and 400 ms more.
    expect(attempt).toHaveBeenCalledTimes(4);
  });

  it("ends with the first answer, whether it is yes or no", async () => {
    const attempt = vi.fn().mockRejectedValueOnce(failure("Error")).mockResolvedValueOnce("yes");
    expect(await call(attempt)).toBe("yes");
    await expect(call(() => Promise.reject(refusal("AccessDenied", "no")))).rejects.toEqual(
      new RefusedError("SQS: no"),
    );
  });
});
