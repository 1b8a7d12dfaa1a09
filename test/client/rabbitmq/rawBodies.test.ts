import { describe, expect, it } from "vitest";
import { tableOf } from "../../../client/rabbitmq/content.ts";
import { received } from "../../../client/rabbitmq/rawBodies.ts";
import { delivered } from "./message.ts";

const bytes = (text: string) => Buffer.from(text, "latin1");

describe("a message as it came", () => {
  it.each([
    ["basic.deliver", "\0\x3c\0\x3c\x03tag\0\0\0\0\0\0\0\x01\0\x04jobs\x08import.\xff"],
    ["basic.get-ok", "\0\x3c\0\x47\0\0\0\0\0\0\0\x01\0\x04jobs\x08import.\xff\0\0\0\0"],
    ["basic.return", "\0\x3c\0\x32\x01\x38\x08NO_ROUTE\x04jobs\x08import.\xff"],
  ])("by %s has a routing key that is no UTF-8 as the base64 of its bytes", async (_, method) => {
    expect((await delivered({ method: bytes(method) })).routingKey).toBe("base64:aW1wb3J0Lv8=");
  });

  it("has a header of the contract where it is text alone, and any other of each type", async () => {
    const number = ["\x09x-attemptI\0\0\0\x02", "\x0cx-expirationI\0\0\0\x05", "\x01nI\0\0\0\x02"];
    const entries = [...number, "\x05x-keyS\0\0\0\x01k"].map((entry) => ({ entry: bytes(entry) }));
    expect(received(await delivered({ table: tableOf(entries) })).headers).toEqual({ n: 2, "x-key": "k" });
  });
});
