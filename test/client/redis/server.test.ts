import { ErrorReply } from "@redis/client";
import { expect, it } from "vitest";
import { ConnectionError, OutdatedAccessError, RefusedError } from "../../../client/message.ts";
import { toError } from "../../../client/redis/server.ts";

it("A fault of code is no refusal and no silence of Redis", () => {
  const fault = new TypeError("Cannot destructure property 'a' of undefined");
  expect(toError("redis", fault)).toBe(fault);
  expect(toError("redis", new Error("closed"))).toEqual(new ConnectionError("redis: closed"));
  expect(toError("redis", new ErrorReply("NOPERM no"))).toEqual(new RefusedError("redis: NOPERM no"));
});

it("A script that runs for long is named as what keeps Redis busy, and tried again", () => {
  const reply = "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.";
  expect(toError("redis, XADD s", new ErrorReply(reply))).toEqual(
    new ConnectionError(
      `redis, XADD s: ${reply} (a script or function has been running for seconds, and it answers nothing else before that ends or is killed)`,
    ),
  );
});

it("What is no matter of an access is not said to end a consumer for it", () => {
  const endedBy = (reply: string) => new OutdatedAccessError("f", toError("redis", new ErrorReply(reply))).message;
  expect(["WRONGTYPE no", "DENIED no", "NOPERM no"].map(endedBy)).toMatchInlineSnapshot(`
    [
      "f: the consumer ended, as a key of another type stands in place of one of its streams: take that away, as messaging doctor says, and start it again: redis: WRONGTYPE no",
      "f: the consumer ended, as the server lets in nobody from another machine: see what messaging doctor says, and start it again: redis: DENIED no",
      "f: the consumer ended, its access may be out of date: read the stack's \`apps\` output again and restart it; where it ends again, messaging doctor says why: redis: NOPERM no",
    ]
  `);
});
