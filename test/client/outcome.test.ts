import { describe, expect, it } from "vitest";
import { canaryHeader, HEADERS, type Headers } from "../../client/headers.ts";
import { type Delivery, RefusedError } from "../../client/message.ts";
import { outcomeOf, sendFitting } from "../../client/outcome.ts";

const rule = { maxAttempts: 3, delays: [1000, 2000] };
const place = { consumer: "mailer", position: "7", isShared: true };
const delivery = (attempt = 1, headers: Headers = {}): Delivery => ({
  id: "1",
  body: Buffer.from("{}"),
  key: "k",
  headers,
  attempt,
  flow: "redis/cache/emails/mailer",
});
const succeed = () => {};
const fail = () => {
  throw new RangeError("too far");
};

describe("outcomeOf", () => {
  it("is done with what the handler returns from", async () => {
    expect(await outcomeOf(delivery(), succeed, rule, place)).toEqual({ kind: "done" });
  });

  it.each([
    [1, 1000, "2"],
    [2, 2000, "3"],
  ])("brings attempt %i back after %i ms as attempt %s", async (attempt, delay, next) => {
    const outcome = await outcomeOf(delivery(attempt, { tenant: "a" }), fail, rule, place);
    expect(outcome).toMatchObject({
      kind: "retry",
      delay,
      headers: {
        [HEADERS.attempt]: next,
        [HEADERS.error]: "too far",
        [HEADERS.errorName]: "RangeError",
        [HEADERS.origin]: "redis/cache/emails/mailer",
        [HEADERS.originPosition]: "7",
        [HEADERS.consumer]: "mailer",
      },
    });
    expect(Object.keys((outcome as { headers: Headers }).headers)).not.toContain("tenant");
  });

  it.each([3, 4])("ends attempt %i in the dead letters", async (attempt) => {
    const outcome = await outcomeOf(delivery(attempt), async () => fail(), rule, place);
    expect(outcome).toMatchObject({ kind: "deadLetter", headers: { [HEADERS.attempt]: String(attempt) } });
  });

  it("sends a failure without any attempt left straight to the dead letters", async () => {
    expect((await outcomeOf(delivery(), fail, { maxAttempts: 1, delays: [] }, place)).kind).toBe("deadLetter");
  });

  it("retries for ever, after the last delay, where poison blocks", async () => {
    const blocking = { maxAttempts: Number.POSITIVE_INFINITY, delays: [30] };
    expect(await outcomeOf(delivery(900), fail, blocking, place)).toMatchObject({ kind: "retry", delay: 30 });
  });

  it("keeps where a message failed first", async () => {
    const { flow } = delivery();
    const headers = { [HEADERS.origin]: flow, [HEADERS.originPosition]: "first", [HEADERS.failures]: "t1" };
    const outcome = await outcomeOf(delivery(2, headers), fail, rule, { ...place, position: "retry topic" });
    expect(outcome).toMatchObject({ headers: { [HEADERS.originPosition]: "first" } });
  });

  it("says who failed here, whoever failed before it came from another flow", async () => {
    const headers = { [HEADERS.origin]: "kafka/t/g", [HEADERS.originPosition]: "1/2", [HEADERS.consumer]: "g" };
    expect(await outcomeOf(delivery(1, headers), fail, rule, place)).toMatchObject({
      headers: {
        [HEADERS.origin]: "redis/cache/emails/mailer",
        [HEADERS.originPosition]: "7",
        [HEADERS.consumer]: "mailer",
      },
    });
  });

  it("acknowledges unseen what is redriven for another group", async () => {
    const other = { [HEADERS.redriveGroup]: "archive" };
    const own = { [HEADERS.redriveGroup]: "mailer" };
    expect(await outcomeOf(delivery(1, other), fail, rule, place)).toEqual({ kind: "done" });
    expect((await outcomeOf(delivery(1, own), fail, rule, place)).kind).toBe("retry");
  });

  it("handles it all the same where a broker has no groups: somebody passed on what he was delivered", async () => {
    const other = { [HEADERS.redriveGroup]: "archive" };
    expect((await outcomeOf(delivery(1, other), fail, rule, { ...place, isShared: false })).kind).toBe("retry");
  });
});

describe("outcomeOf a canary", () => {
  const canary = (kind: "good" | "poison", flow = "redis/cache/emails/mailer") =>
    canaryHeader({ run: "r", kind, flow });
  const never = () => {
    throw new Error("the handler saw a canary");
  };

  it("tells by a dead letter without an error that a good one was consumed", async () => {
    const outcome = await outcomeOf(delivery(1, canary("good")), never, rule, place);
    expect(outcome).toMatchObject({ kind: "deadLetter", headers: canary("good") });
    expect((outcome as { headers: Headers }).headers[HEADERS.error]).toBeUndefined();
  });

  it("fails a poison one on every attempt, without the handler", async () => {
    expect(await outcomeOf(delivery(1, canary("poison")), never, rule, place)).toMatchObject({
      kind: "retry",
      headers: { [HEADERS.errorName]: "CanaryError" },
    });
    expect((await outcomeOf(delivery(3, canary("poison")), never, rule, place)).kind).toBe("deadLetter");
  });

  it("lets a poison one go after its third delivery where poison blocks", async () => {
    const blocking = { maxAttempts: Number.POSITIVE_INFINITY, delays: [30] };
    const kinds = [1, 2, 3].map(
      async (attempt) => (await outcomeOf(delivery(attempt, canary("poison")), never, blocking, place)).kind,
    );
    expect(await Promise.all(kinds)).toEqual(["retry", "retry", "done"]);
  });

  it("acknowledges unseen one of another flow", async () => {
    const other = canary("poison", "redis/cache/emails/archive");
    expect(await outcomeOf(delivery(1, other), never, rule, place)).toEqual({ kind: "done" });
  });

  it("shows it to the verifier, which gives every other message back", async () => {
    const shown: string[] = [];
    const options = { canariesOnly: ({ id }: Delivery) => void shown.push(id) };
    expect(await outcomeOf(delivery(1, canary("good")), never, rule, place, options)).toEqual({ kind: "done" });
    expect(await outcomeOf(delivery(1), never, rule, place, options)).toEqual({ kind: "giveBack" });
    expect(shown).toEqual(["1"]);
  });
});

describe("sendFitting", () => {
  const headers = { "x-message-id": "1", "x-attempt": "2", "x-error": "e", "x-error-stack": "s" };
  const sending = (takes: (headers: Headers) => boolean, isEnd: boolean, refusal?: string) => {
    const tried: string[] = [];
    const send = async (some: Headers) => {
      tried.push(Object.keys(some).join(" "));
      if (!takes(some)) throw new RefusedError("too large", { tooLarge: true });
      return "sent";
    };
    return { tried, sent: sendFitting({ headers, isEnd }, refusal, send) };
  };

  it("sends a message whole where it is taken so, with why it lies there", async () => {
    const { tried, sent } = sending(() => true, true, "no right");
    expect([await sent, tried]).toEqual(["sent", ["x-message-id x-attempt x-error x-error-stack x-refusal"]]);
  });

  it("leaves out ever more of the contract's headers while the message is too large, and all of them where it ends", async () => {
    const { tried, sent } = sending((some) => Object.keys(some).length === 0, true);
    expect([await sent, tried]).toEqual([
      "sent",
      [
        "x-message-id x-attempt x-error x-error-stack",
        "x-message-id x-attempt x-error",
        "x-message-id x-attempt x-error",
        "x-message-id x-attempt",
        "",
      ],
    ]);
  });

  it("never brings a message back that nobody could count", async () => {
    const { tried, sent } = sending(() => false, false);
    await expect(sent).rejects.toMatchObject({ tooLarge: true });
    expect(tried.at(-1)).toBe("x-message-id x-attempt");
  });

  it("passes every other refusal on at once", async () => {
    const refused = new RefusedError("no right");
    let tries = 0;
    const send = () => {
      tries++;
      return Promise.reject(refused);
    };
    await expect(sendFitting({ headers, isEnd: true }, undefined, send)).rejects.toBe(refused);
    expect(tries).toBe(1);
  });
});
