import { afterEach, describe, expect, it, vi } from "vitest";
import { ConnectionError, RefusedError } from "../../../client/message.ts";
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

describe("dead letters on a Redis server", () => {
  afterEach(() => void vi.useRealTimers());
  const place = { flow: "redis/main/plain/bill", stream: "plain", group: "bill", deadLetterStream: "plain.bill.dlq" };
  const on = (answer: (...words: string[]) => unknown) => {
    const ask = async (words: readonly (string | Buffer)[]) => answer(...words.map(String));
    return deadLettersOf({ name: "redis here", ask } as unknown as Server, "main", place, [place]);
  };

  it("are refused to a second run while another has them in hand: the server answers well", async () => {
    vi.useFakeTimers();
    const taking = on(() => null)
      .take(1)
      .next();
    const told = expect(taking).rejects.toThrow(
      new RefusedError(
        "redis here: another redrive or drop has the dead letters of redis/main/plain/bill in hand: run this again when it has ended",
      ),
    );
    await vi.advanceTimersByTimeAsync(11_000);
    await told;
    await expect(taking).rejects.toBeInstanceOf(RefusedError);
  });

  it("are told apart where the server fails on the way, when none is underway any more", async () => {
    const entry = (id: string) =>
      [id, ["body", id]].map((part) => (typeof part === "string" ? Buffer.from(part) : part));
    const fate: Record<string, Error | number> = {
      "2-0": new RefusedError("OOM", { full: true }),
      "3-0": new ConnectionError("no answer"),
    };
    let underway = 0;
    const letters = on(async (command, script, ...words) => {
      if (command === "XREVRANGE") return [entry("4-0")];
      if (command === "XRANGE") return ["1-0", "2-0", "3-0", "4-0"].map(entry);
      if (command === "XDEL" || !script!.includes("XADD")) return 1;
      underway++;
      await Promise.resolve();
      const answer = fate[words[3]!] ?? 1;
      if (answer === 1) await new Promise((resolve) => setTimeout(resolve, 20));
      underway--;
      if (typeof answer === "number") return answer;
      throw answer;
    });
    const taking = letters.take(4);
    const { value: batch } = await taking.next();
    const kinds = ["redrive", "redrive", "redrive", "drop"] as const;
    const settling = letters.settle(batch!.map(({ headers }, at) => ({ kind: kinds[at]!, headers })));
    await expect(settling).rejects.toMatchObject({
      fates: ["done", "open", "unsure", "done"],
      message: "OOM: a redrive adds before it removes; `dlq drop` needs no memory",
    });
    expect(underway).toBe(0);
    await taking.return();
  });
});
