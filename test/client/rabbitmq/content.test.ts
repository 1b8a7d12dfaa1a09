import { describe, expect, it } from "vitest";
import { bytesOfText } from "../../../client/headerText.ts";
import {
  headerFrame,
  headersIn,
  payloadSize,
  readHeaders,
  readProperties,
  shortText,
  tableOf,
  textHeader,
} from "../../../client/rabbitmq/content.ts";
import { newProperties } from "../../../client/rabbitmq/rawBodies.ts";
import { nestedTable } from "./message.ts";

const bytes = (text: string) => Buffer.from(text, "latin1");
/** A table of one header `h` with these bytes as type and value. */
const only = (typeAndValue: string) => tableOf([{ entry: bytes(`\x01h${typeAndValue}`) }]);

describe("the header frame of a message on RabbitMQ", () => {
  it("is written as the library writes it", () => {
    const properties = newProperties({ contentType: "a", headers: { n: 1, s: "ü" }, messageId: "m", timestamp: 5 });
    const frame = headerFrame(7, 300, properties);
    expect(frame.toString("hex")).toBe(
      "0200070000002c003c0000000000000000012cb0c001610000000d016e620101735300000002c3bc02016d0000000000000005ce",
    );
    expect(payloadSize(frame)).toBe(frame.length - 8);
    expect(readProperties(frame.subarray(7))).toEqual(properties);
  });

  it("has every property that it had, and none that it had not", () => {
    const all = newProperties({
      contentType: "1",
      contentEncoding: "2",
      headers: {},
      priority: 4,
      correlationId: "5",
      replyTo: "6",
      expiration: "7",
      messageId: "8",
      timestamp: 9,
      type: "10",
      userId: "11",
      appId: "12",
    });
    for (const name of all.keys()) {
      const others = new Map([...all].filter(([one]) => one !== name));
      expect(readProperties(headerFrame(1, 0, others).subarray(7))).toEqual(others);
    }
  });
});

describe("a header of RabbitMQ", () => {
  it.each([
    ["t\x01", true],
    ["t\x00", false],
    ["b\xff", -1],
    ["B\xff", 255],
    ["s\xff\xfe", -2],
    ["u\xff\xfe", 65_534],
    ["I\xff\xff\xff\xfe", -2],
    ["i\xff\xff\xff\xfe", 4_294_967_294],
    ["l\0\x20\0\0\0\0\0\x01", 9_007_199_254_740_993n],
    ["L\0\0\0\0\0\0\0\x05", 5],
    ["T\0\0\0\0\x65\x53\xf1\0", 1_700_000_000],
    ["T\xff\xff\xff\xff\xff\xff\xff\xff", 18_446_744_073_709_551_615n],
    ["f?\xc0\0\0", 1.5],
    ["d?\xf0\0\0\0\0\0\0", 1],
    ["D\x02\0\0\x04\xd2", "12.34"],
    ["D\x03\xff\xff\xff\xff", "-0.001"],
    ["D\0\0\0\0\x07", "7"],
    ["V", null],
    ["S\0\0\0\x02\xc3\xbc", "ü"],
    ["S\0\0\0\x01\xff", "base64:/w=="],
    ["x\0\0\0\x02\0\xff", "base64:AP8="],
    ["A\0\0\0\x06I\0\0\0\x01V", [1, null]],
    ["F\0\0\0\x04\x01kt\x01", { k: true }],
  ])("%j is read, and found in one piece", (written, value) => {
    const table = only(written);
    expect(readHeaders(headersIn(table))).toEqual({ h: value });
    expect(headersIn(table).map(({ entry }) => entry.toString("latin1"))).toEqual([`\x01h${written}`]);
  });

  it.each(["F", "A"] as const)("that nests 20,000 levels of %s is read down to the hundredth", (type) => {
    let levels = 0;
    let value: unknown = readHeaders(headersIn(nestedTable(20_000, type))).h;
    for (; typeof value === "object"; levels++) value = Object.values(value as object)[0];
    expect(levels).toBe(100);
    expect(bytesOfText(value as string).length).toBe((20_000 - 101) * (type === "F" ? 7 : 5));
    const [open, close] = type === "F" ? ['{"k":', "}"] : ["[", "]"];
    const all = `{"h":${open.repeat(99)}${type === "F" ? "{}" : "[]"}${close.repeat(99)}}`;
    expect(JSON.stringify(readHeaders(headersIn(nestedTable(100, type))))).toBe(all);
  });

  it("named __proto__ is a header as any other", () => {
    const table = tableOf([{ entry: bytes("\x09__proto__F\0\0\0\x04\x01kt\x01") }]);
    expect(Object.entries(readHeaders(headersIn(table)))).toEqual([["__proto__", { k: true }]]);
  });

  it("of the contract is written as text", () => {
    expect(textHeader("x-key", "ü").entry.toString("latin1")).toBe("\x05x-keyS\0\0\0\x02\xc3\xbc");
    expect(shortText("ü").toString("latin1")).toBe("\x02\xc3\xbc");
  });

  it("is not written where its length does not fit into the byte for it", () => {
    expect(shortText("ü".repeat(127)).readUInt8()).toBe(254);
    expect(() => shortText("ü".repeat(128))).toThrow(
      new RangeError("short text must be at most 255 bytes long, got 256"),
    );
    expect(() => textHeader("n".repeat(300), "")).toThrow(RangeError);
  });
});
