import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareIds, nextId } from "../../../client/redis/entryId.ts";
import type { Reply, Server, Words } from "../../../client/redis/server.ts";
import { safeId, trim } from "../../../client/redis/trim.ts";

describe("the id before which every group has acknowledged everything", () => {
  it.each([
    ["of no group is none", [], undefined],
    ["is the first entry where a group has read nothing", [{ lastDelivered: "0-0" }, { lastDelivered: "9-9" }], "0-1"],
    ["is what a group has in hand", [{ lastDelivered: "9-0", firstPending: "3-2" }], "3-2"],
    ["is after the last one where nothing is in hand", [{ lastDelivered: "9-0" }], "9-1"],
    [
      "is the earliest of all groups, as numbers go",
      [{ lastDelivered: "10-0" }, { lastDelivered: "9-10", firstPending: "9-10" }, { lastDelivered: "9-9" }],
      "9-10",
    ],
  ])("%s", (_, groups, safe) => {
    expect(safeId(groups)).toBe(safe);
  });

  it("follows the largest number of a millisecond", () => {
    expect(nextId("7-18446744073709551615")).toBe("8-0");
  });
});

/** A stream of entries `1-0`, `2-0` and so on, with groups that read and acknowledge in between the commands. */
class Model {
  entries: number[];
  readonly groups: { read: number; pending: Set<number> }[];
  readonly size: number;

  constructor(size: number, groups: number) {
    this.size = size;
    this.entries = Array.from({ length: size }, (_, index) => index + 1);
    this.groups = Array.from({ length: groups }, () => ({ read: 0, pending: new Set<number>() }));
  }

  /** One group reads the next entry, or acknowledges one of those that it has in hand. */
  step(choice: number): void {
    const group = this.groups[choice % this.groups.length]!;
    const rest = Math.floor(choice / this.groups.length);
    const held = [...group.pending];
    if (rest % 3 === 0 && group.read < this.size) group.pending.add(++group.read);
    else if (held.length > 0) group.pending.delete(held[rest % held.length]!);
  }

  /** Entries that some group has not acknowledged. */
  needed(): number[] {
    const all = Array.from({ length: this.size }, (_, index) => index + 1);
    return all.filter((id) => this.groups.some(({ read, pending }) => id > read || pending.has(id)));
  }

  answer([command, , ...words]: Words): Reply {
    if (command === "XINFO") {
      return this.groups.map(({ read, pending }, index) => [
        ...["name", `g${index}`, "pending", pending.size, "last-delivered-id", `${read}-0`],
      ]);
    }
    if (command === "XPENDING") {
      const { pending } = this.groups[Number(String(words[0]).slice(1))]!;
      return pending.size === 0 ? [0, null, null, null] : [pending.size, `${Math.min(...pending)}-0`, "", []];
    }
    const before = this.entries.length;
    this.entries = this.entries.filter((id) => compareIds(`${id}-0`, String(words[1])) >= 0);
    return before - this.entries.length;
  }
}

describe("trimming", () => {
  it("never removes what a group has not acknowledged, whatever groups do meanwhile", async () => {
    const model = fc.record({
      size: fc.integer({ min: 1, max: 12 }),
      groups: fc.integer({ min: 1, max: 4 }),
      before: fc.array(fc.nat(1000), { maxLength: 80 }),
      between: fc.array(fc.array(fc.nat(1000), { maxLength: 8 }), { maxLength: 6 }),
    });
    let removed = 0;
    await fc.assert(
      fc.asyncProperty(model, async ({ size, groups, before, between }) => {
        const stream = new Model(size, groups);
        for (const choice of before) stream.step(choice);
        const couldGo = size - stream.needed().length;
        const quiet = between.flat().length === 0;
        const pauses = [...between];
        const server = {
          ask: async (words: Words) => {
            for (const choice of pauses.shift() ?? []) stream.step(choice);
            return stream.answer(words);
          },
        } as unknown as Server;
        removed += await trim(server, "s");
        expect(stream.needed().filter((id) => !stream.entries.includes(id))).toEqual([]);
        // The first entries go together: one in the middle that is still needed keeps those after it.
        const first = stream.needed()[0] ?? size + 1;
        if (quiet) expect(size - stream.entries.length).toBe(Math.min(couldGo, first - 1));
      }),
      { numRuns: 3_000 },
    );
    expect(removed).toBeGreaterThan(1_000);
  });

  it("stops for ten minutes where a group has vanished that may be created again", async () => {
    const trimming = (vanishedFor: number) => {
      const stream = new Model(3, 1);
      for (let step = 0; step < 6; step++) stream.step(step % 2 === 0 ? 0 : 1);
      const server = { name: "redis s", ask: async (words: Words) => stream.answer(words) } as unknown as Server;
      return trim(server, "s", new Map([["gone", Date.now() - vanishedFor]]));
    };
    await expect(trimming(599_000)).rejects.toThrow(
      "redis s: nothing of stream s is trimmed for 10 min, as its consumer group gone was deleted and may be created again",
    );
    expect(await trimming(600_000)).toBe(3);
  });
});
