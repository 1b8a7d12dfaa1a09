import { describe, expect, it } from "vitest";
import { toBytes, toMilliseconds, toSeconds } from "../../skill/index.ts";

describe("units", () => {
  it.each([
    ["500ms", 500],
    ["30s", 30_000],
    ["5m", 300_000],
    ["12h", 43_200_000],
    ["14d", 1_209_600_000],
    ["0s", 0],
  ])("reads %s as %i milliseconds", (duration, milliseconds) => {
    expect(toMilliseconds(duration)).toBe(milliseconds);
  });

  it("reads whole seconds, and nothing less", () => {
    expect(toSeconds("4d")).toBe(345_600);
    expect(toSeconds("2000ms")).toBe(2);
    expect(() => toSeconds("1500ms")).toThrowErrorMatchingInlineSnapshot(
      `[RangeError: 1500ms is not a whole number of seconds]`,
    );
  });

  it.each([
    ["512kb", 524_288],
    ["256mb", 268_435_456],
    ["2gb", 2_147_483_648],
  ])("reads %s as %i bytes, as Redis does", (size, bytes) => {
    expect(toBytes(size)).toBe(bytes);
  });

  it.each(["", "30", "s", "1.5s", "-1s", "+1s", " 1s", "1s ", "01s", "1 s", "1S", "1w", "1e3s", "Infinitys"])(
    "refuses %j as a duration",
    (duration) => {
      expect(() => toMilliseconds(duration)).toThrow(new RangeError(`${duration} is not a duration such as 30s`));
    },
  );

  it.each(["", "1", "0mb", "1MB", "1.5gb", "-1mb", "1m", "1tb"])("refuses %j as a size", (size) => {
    expect(() => toBytes(size)).toThrow(new RangeError(`${size} is not a size such as 256mb`));
  });
});
