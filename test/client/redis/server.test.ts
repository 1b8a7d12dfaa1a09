import { ErrorReply } from "@redis/client";
import { expect, it } from "vitest";
import { ConnectionError, RefusedError } from "../../../client/message.ts";
import { toError } from "../../../client/redis/server.ts";

it("A fault of code is no refusal and no silence of Redis", () => {
  const fault = new TypeError("Cannot destructure property 'a' of undefined");
  expect(toError("redis", fault)).toBe(fault);
  expect(toError("redis", new Error("closed"))).toEqual(new ConnectionError("redis: closed"));
  expect(toError("redis", new ErrorReply("NOPERM no"))).toEqual(new RefusedError("redis: NOPERM no"));
});
