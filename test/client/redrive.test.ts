import { afterEach, describe, expect, it, vi } from "vitest";
import { type Fate, SettleError } from "../../client/deadLetters.ts";
import { HEADERS } from "../../client/headers.ts";
import { ConnectionError, RefusedError } from "../../client/message.ts";
import { type Treated, type TreatOptions, treat } from "../../client/redrive.ts";
import { FakeDeadLetters, letter, nothing } from "./fakeDeadLetters.ts";

const redrive = (letters: FakeDeadLetters, more: Partial<TreatOptions> = {}) =>
  treat(letters, { id: "run", action: "redrive", ...more });
const many = (count: number) => Array.from({ length: count }, (_, at) => letter(`m${at}`));

describe("treat", () => {
  it("redrives all, the oldest first, in batches of at most a hundred", async () => {
    const letters = new FakeDeadLetters(many(250));
    expect(await redrive(letters)).toEqual({ ...nothing, treated: 250 });
    expect(letters.redriven.map(({ id }) => id)).toEqual(many(250).map(({ id }) => id));
    expect([letters.batches, letters.ids]).toEqual([[100, 100, 50], []]);
  });

  it("counts the redrive in the headers, for the group that gave it up", async () => {
    const letters = new FakeDeadLetters([letter("a", { [HEADERS.error]: "e" })]);
    await redrive(letters, { group: "mailer" });
    expect(letters.redriven).toEqual([
      { id: "a", headers: { "x-redrive-count": "1", "x-redrive-id": "run", "x-redrive-group": "mailer" } },
    ]);
  });

  it("redrives to another flow for whoever reads that", async () => {
    const letters = new FakeDeadLetters([letter("a")]);
    await redrive(letters, { group: "mailer", to: "rabbitmq/other" });
    expect(letters.redriven).toEqual([
      { id: "a", headers: { "x-redrive-count": "1", "x-redrive-id": "run" }, to: "rabbitmq/other" },
    ]);
  });

  it("stops at the limit, and leaves the rest", async () => {
    const letters = new FakeDeadLetters(many(5));
    expect(await redrive(letters, { limit: 2 })).toEqual({ ...nothing, treated: 2, ended: "limit" });
    expect(letters.ids).toEqual(["m2", "m3", "m4"]);
  });

  it("leaves what does not match, and counts only what does against the limit", async () => {
    const letters = new FakeDeadLetters(many(6));
    const matches = ({ id }: { id: string }) => Number(id.slice(1)) % 2 === 1;
    expect(await redrive(letters, { matches, limit: 2 })).toMatchObject({ treated: 2, ended: "limit" });
    expect(letters.ids).toEqual(["m0", "m2", "m4", "m5"]);
  });

  it("quarantines what was redriven three times, unless it is asked for", async () => {
    const worn = [letter("two", { "x-redrive-count": "2" }), letter("three", { "x-redrive-count": "3" })];
    const letters = new FakeDeadLetters(worn);
    expect(await treat(letters, { id: "r", action: "count" })).toEqual({ ...nothing, treated: 1, quarantined: 1 });
    expect(await redrive(letters)).toEqual({ ...nothing, treated: 1, quarantined: 1 });
    expect(letters.ids).toEqual(["three"]);
    expect(await redrive(letters, { quarantined: true })).toEqual({ ...nothing, treated: 1 });
  });

  it("names what the broker refuses, leaves it, and goes on with the rest", async () => {
    const letters = new FakeDeadLetters(many(250));
    letters.refuses.add("m7").add("m120");
    const refused = ["m7", "m120"].map((id) => ({ id, reason: "too large" }));
    expect(await redrive(letters)).toEqual({ ...nothing, treated: 248, refused });
    expect(letters.ids).toEqual(["m7", "m120"]);
  });

  it("ends a loop: what fails each time is redriven three times and no more", async () => {
    const letters = new FakeDeadLetters(many(5), (fake) => {
      for (const { id, headers } of fake.redriven.splice(0)) fake.letters.push(letter(id, headers));
    });
    const reports = [];
    for (const id of ["a", "b", "c", "d"]) reports.push(await redrive(letters, { id }));
    expect(reports.map(({ treated, quarantined }) => [treated, quarantined])).toEqual([
      [5, 0],
      [5, 0],
      [5, 0],
      [0, 5],
    ]);
  });

  it("stops when it meets what it put back itself, and puts none of it back again", async () => {
    const back = Array.from({ length: 100 }, (_, at) =>
      letter(`b${at}`, { "x-redrive-id": "run", "x-redrive-count": "1" }),
    );
    const letters = new FakeDeadLetters([...many(100), ...back, ...many(100)]);
    expect(await redrive(letters)).toMatchObject({ treated: 100, ended: "guard", cameBack: 100 });
    expect(letters.ids).toHaveLength(200);
  });

  describe("into a consumer that still fails", () => {
    afterEach(() => void vi.restoreAllMocks());
    /** A thousand dead letters, every tenth of the kind x; each that is redriven is there again at once, and every look at the clock finds it 3 s later. */
    const failing = () => {
      let now = 0;
      vi.spyOn(performance, "now").mockImplementation(() => (now += 3_000));
      const some = many(1000).map((one, at) => ({ ...one, headers: { kind: at % 10 === 0 ? "x" : "y" } }));
      return new FakeDeadLetters(some, (fake) => {
        for (const { id, headers } of fake.redriven.splice(0)) fake.letters.push(letter(id, headers));
      });
    };
    const matches = ({ headers }: { headers: Record<string, string> }) => headers.kind === "x";

    it("counts once what came in and is met again", async () => {
      let now = 0;
      vi.spyOn(performance, "now").mockImplementation(() => (now += 3_000));
      let left = 8;
      const letters = new FakeDeadLetters(many(30), (fake) => {
        for (const { id, headers } of fake.redriven.splice(0)) if (left-- > 0) fake.letters.push(letter(id, headers));
      });
      expect(await redrive(letters, { rate: 10 })).toMatchObject({ treated: 30, ended: "all", cameBack: 8 });
    });

    it("stops as soon as more than half came in again", async () => {
      expect(await redrive(failing())).toEqual({ ...nothing, treated: 300, ended: "guard", cameBack: 200 });
    });

    it("stops with a filter, whose run keeps most of what it takes", async () => {
      const letters = failing();
      expect(await redrive(letters, { matches })).toEqual({
        ...nothing,
        treated: 30,
        left: 270,
        ended: "guard",
        cameBack: 20,
      });
      expect(await letters.count()).toEqual({ messages: 1000 });
    });

    it("does not take what others give up for its own where it redrives to another flow", async () => {
      const letters = failing();
      expect(await redrive(letters, { matches, to: "rabbitmq/other" })).toMatchObject({ treated: 100, ended: "all" });
      expect(await redrive(failing(), { matches, to: "rabbitmq/orders" })).toMatchObject({ ended: "guard" });
    });
  });

  it("drops what it is told to, and only counts where it is told to", async () => {
    const letters = new FakeDeadLetters(many(3));
    expect(await treat(letters, { id: "r", action: "count" })).toEqual({ ...nothing, treated: 3 });
    expect(letters.ids).toHaveLength(3);
    expect(await treat(letters, { id: "r", action: "drop", limit: 2 })).toMatchObject({ treated: 2 });
    expect([letters.ids, letters.redriven]).toEqual([["m2"], []]);
  });

  it("never takes a canary of verify for a dead letter", async () => {
    const canary = (id: string, at: Date) =>
      letter(id, { "x-verify": "r poison rabbitmq/orders", "x-published-at": at.toISOString() });
    const letters = new FakeDeadLetters([canary("now", new Date()), letter("a"), canary("long ago", new Date(0))]);
    expect(await redrive(letters)).toEqual({ ...nothing, treated: 1, canaries: 1, removedCanaries: 1 });
    expect([letters.ids, letters.redriven.map(({ id }) => id)]).toEqual([["now"], ["a"]]);
  });

  it("removes a canary that no run can wait for, as it has no time that can be", async () => {
    const canary = (id: string, more: object = {}) => letter(id, { "x-verify": "a good b", ...more });
    const ahead = new Date(Date.now() + 86_400_000).toISOString();
    const forged = [canary("none"), canary("no date", { "x-published-at": "soon" })];
    const letters = new FakeDeadLetters([...forged, canary("ahead", { "x-published-at": ahead }), letter("a")]);
    expect(await treat(letters, { id: "r", action: "drop" })).toEqual({ ...nothing, treated: 1, removedCanaries: 3 });
    expect(letters.ids).toEqual([]);
  });

  it("says how many somebody else had in hand to the end", async () => {
    const letters = Object.assign(new FakeDeadLetters(many(3)), { missed: () => 44 });
    expect(await redrive(letters)).toEqual({ ...nothing, treated: 3, missed: 44 });
    expect(await redrive(Object.assign(letters, { letters: many(3) }), { limit: 2 })).toMatchObject({ missed: 0 });
  });

  it("does not take for new what others gave back before it had a batch in hand", async () => {
    let now = 0;
    vi.spyOn(performance, "now").mockImplementation(() => (now += 3_000));
    const letters = new FakeDeadLetters(many(300));
    const { count, take } = letters;
    const kept = letters.letters.splice(0, 100);
    const asGivenBack = async function* (this: FakeDeadLetters, size: number) {
      letters.letters.unshift(...kept);
      yield* take.call(letters, size);
    };
    Object.assign(letters, { count: count.bind(letters), take: asGivenBack });
    expect(await redrive(letters)).toEqual({ ...nothing, treated: 300 });
    vi.restoreAllMocks();
  });

  describe("that fails on the way", () => {
    const last = async (failing: (fake: FakeDeadLetters) => Error, more: Partial<TreatOptions> = {}) => {
      const canary = letter("c", { "x-verify": "a good b" });
      const letters = new FakeDeadLetters([...many(100), canary, ...many(50)], (fake) => {
        if (fake.batches.length === 2) throw failing(fake);
      });
      const told: Treated[] = [];
      const error = await redrive(letters, { ...more, onProgress: (report) => told.push({ ...report }) }).catch(
        (e) => e,
      );
      return { error, report: told.at(-1) };
    };

    it("counts exactly what was done where the broker told, and tells it before it throws what the broker said", async () => {
      const full = new RefusedError("its queue is full", { full: true });
      const fates: Fate[] = Array.from({ length: 51 }, (_, at) => (at < 16 ? "done" : at < 18 ? "unsure" : "open"));
      expect(await last(() => new SettleError(full, fates))).toEqual({
        error: full,
        // Of the sixteen one was a canary.
        report: { ...nothing, treated: 115, unsure: 2, removedCanaries: 1, ended: "failed" },
      });
    });

    it("calls a whole batch unsure where nothing is told of it", async () => {
      const away = new ConnectionError("the broker does not answer");
      expect(await last(() => away)).toEqual({
        error: away,
        report: { ...nothing, treated: 100, unsure: 50, removedCanaries: 1, ended: "failed" },
      });
    });
  });

  it("ends after the batch in hand when it is told to", async () => {
    const stop = new AbortController();
    const letters = new FakeDeadLetters(many(250), () => stop.abort());
    expect(await redrive(letters, { signal: stop.signal })).toMatchObject({ treated: 100, ended: "stopped" });
    expect(letters.ids).toHaveLength(150);
  });

  it("keeps to a rate", async () => {
    const started = performance.now();
    const letters = new FakeDeadLetters(many(6));
    expect(await redrive(letters, { rate: 20 })).toMatchObject({ treated: 6 });
    expect(performance.now() - started).toBeGreaterThanOrEqual(250);
  });
});
