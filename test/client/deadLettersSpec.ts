import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { DeadLetter, DeadLetters, Verdict } from "../../client/deadLetters.ts";
import { HEADERS, redrivenHeaders } from "../../client/headers.ts";

/** Dead letters to be tried, and what stands around them. */
export interface Subject {
  letters: DeadLetters;
  /** Makes a dead letter of each of these ids, and returns when all of them are. There is no other yet. */
  fill(ids: readonly string[]): Promise<void>;
  /** What has been redriven so far, in any order. */
  redriven(): Promise<{ id: string; headers: Record<string, string> }[]>;
  close?(): Promise<void>;
}

// Of this run alone: SQS takes an id once in five minutes.
const IDS = [0, 1, 2, 3, 4].map((at) => `m${at}-${randomUUID()}`);
const [FIRST, DROPPED, REDRIVEN, ...OTHERS] = IDS;
const KEEP: Verdict = { kind: "keep" };

/** What dead letters do, in memory and on every broker. Leaves none. */
export function itKeepsDeadLetters(open: () => Promise<Subject>): void {
  let subject: Subject;
  beforeAll(async () => {
    subject = await open();
    await subject.fill(IDS);
  }, 60_000);
  afterAll(() => subject.close?.());

  const there = async () => {
    const { letters } = subject;
    const seen = await letters.peek(10);
    return { count: (await letters.count()).messages, ids: seen.map(({ id }) => id).sort() };
  };
  const all = { count: 5, ids: IDS };
  /** A broker takes a moment to have again what a take gave back. */
  const soon = (expected: typeof all) => expect.poll(there, { timeout: 5_000 }).toEqual(expected);

  it("counts them and shows them, and changes nothing by it", async () => {
    expect(await there()).toEqual(all);
    expect(await subject.letters.peek(2)).toHaveLength(2);
    expect(await there()).toEqual(all);
  });

  it("gives back what is not settled when a take is ended early", async () => {
    for await (const batch of subject.letters.take(2)) {
      expect(batch).toHaveLength(2);
      break;
    }
    await soon(all);
  });

  it("keeps counting those that a take has in hand or keeps, until they are settled as gone", async () => {
    const { letters } = subject;
    const counts = [];
    const seen: string[] = [];
    const sizes: number[] = [];
    const verdictOn = (letter: DeadLetter): Verdict => {
      if (letter.id === DROPPED) return { kind: "drop" };
      if (letter.id !== REDRIVEN) return KEEP;
      return { kind: "redrive", headers: redrivenHeaders(letter.headers, "run", letters.group) };
    };
    let gone = 0;
    for await (const batch of letters.take(2)) {
      sizes.push(batch.length);
      seen.push(...batch.map(({ id }) => id));
      counts.push([(await letters.count()).messages, IDS.length - gone]);
      const verdicts = batch.map(verdictOn);
      await letters.settle(verdicts);
      gone += verdicts.filter(({ kind }) => kind !== "keep").length;
      counts.push([(await letters.count()).messages, IDS.length - gone]);
    }
    expect(seen.sort()).toEqual(IDS);
    expect(Math.max(...sizes)).toBe(2);
    expect(counts.map(([counted]) => counted)).toEqual(counts.map(([, expected]) => expected));
    await soon({ count: 3, ids: [FIRST!, ...OTHERS] });
  });

  it("has put back what was redriven, with the redrive in its headers, and it alone", async () => {
    const back = await subject.redriven();
    expect(back.map(({ id, headers }) => [id, headers[HEADERS.redriveId], headers[HEADERS.redriveCount]])).toEqual([
      [REDRIVEN, "run", "1"],
    ]);
  });

  it("drops all of them, and has none then", async () => {
    const { letters } = subject;
    for await (const batch of letters.take(100)) await letters.settle(batch.map(() => ({ kind: "drop" })));
    expect(await there()).toEqual({ count: 0, ids: [] });
    for await (const batch of letters.take(100)) expect(batch).toEqual([]);
  });
}
