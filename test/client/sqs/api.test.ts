import { describe, expect, it, vi } from "vitest";
import { ConnectionError, RefusedError } from "../../../client/message.ts";
import { call, translated } from "../../../client/sqs/api.ts";
import { refusal } from "./fakeSqs.ts";

const failure = (name: string, status?: number) =>
  Object.assign(new Error("why"), { name, $metadata: { httpStatusCode: status } });

describe("a failed call of SQS", () => {
  it.each([
    ["AccessDenied", 403],
    ["QueueDoesNotExist", 400],
    ["InvalidParameterValue", 400],
    ["CredentialsProviderError", undefined],
  ])("is refused: %s %s", (name, status) => {
    expect(translated(failure(name, status))).toEqual(new RefusedError("SQS: why"));
  });

  it.each([
    ["Error", undefined],
    ["TimeoutError", undefined],
    ["InternalFailure", 500],
    ["ServiceUnavailable", 503],
    ["ThrottlingException", 400],
    ["RequestThrottled", 403],
  ])("may work later: %s %s", (name, status) => {
    expect(translated(failure(name, status))).toEqual(new ConnectionError("SQS: why"));
  });

  it("has a name where it has no words", () => {
    expect(translated(Object.assign(new Error(""), { name: "AggregateError" })).message).toBe("SQS: AggregateError");
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
