import { describe, expect, it } from "vitest";
import { deadLettersOf } from "../../../client/redis/deadLetters.ts";
import type { Server } from "../../../client/redis/server.ts";

describe("a redrive to a stream that other groups read, too", () => {
  const placeOf = (stream: string, group: string) => ({
    flow: `redis/main/${stream}/${group}`,
    stream,
    group,
    deadLetterStream: `${stream}.${group}.dlq`,
  });
  const known = [placeOf("plain", "bill"), placeOf("plain", "ord"), placeOf("alone", "bill")];
  const noteOf = (at: number, from: string) =>
    deadLettersOf({} as Server, "main", known[at]!, known).redriveNote?.(from);

  it("names them, and none where nobody else reads it", () => {
    expect(noteOf(0, "redis/main/plain/bill")).toMatchInlineSnapshot(
      `"what is redriven goes to stream plain, which group ord reads too: consumers that keep the contract skip it (x-redrive-group), others handle it again"`,
    );
    expect(noteOf(2, "redis/main/alone/bill")).toBeUndefined();
  });

  it("names all of its groups where it comes from another flow, as each gets it", () => {
    expect(noteOf(0, "redis/main/alone/bill")).toMatchInlineSnapshot(
      `"what is redriven goes to stream plain, for all its groups: bill, ord"`,
    );
    expect(noteOf(2, "redis/main/plain/bill")).toBeUndefined();
  });
});
