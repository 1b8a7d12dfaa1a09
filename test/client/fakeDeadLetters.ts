import type { DeadLetter, DeadLetters, Verdict } from "../../client/deadLetters.ts";
import type { Treated } from "../../client/redrive.ts";

/** A dead letter of these headers. */
export const letter = (id: string, headers: Record<string, string> = {}, body = "{}"): DeadLetter => ({
  id,
  headers,
  body: Buffer.from(body),
});

/** The report of a run that found nothing. */
export const nothing: Treated = {
  treated: 0,
  unsure: 0,
  left: 0,
  quarantined: 0,
  refused: [],
  canaries: 0,
  removedCanaries: 0,
  missed: 0,
  ended: "all",
  cameBack: 0,
};

/** Dead letters in memory, for what is above the brokers. `onSettle` may add some, as a consumer that still fails does. */
export class FakeDeadLetters implements DeadLetters {
  readonly flow = "rabbitmq/orders";
  readonly name = "orders.dlq";
  readonly target = "orders";
  readonly redriven: { id: string; headers: Record<string, string>; to?: string }[] = [];
  readonly batches: number[] = [];
  /** Ids of those that may not be redriven. */
  readonly refuses = new Set<string>();
  letters: DeadLetter[];
  #taken: DeadLetter[] = [];
  readonly #onSettle: (fake: FakeDeadLetters) => void;

  constructor(letters: DeadLetter[], onSettle: (fake: FakeDeadLetters) => void = () => {}) {
    this.letters = letters;
    this.#onSettle = onSettle;
  }

  get ids() {
    return this.letters.map(({ id }) => id);
  }

  async count() {
    return { messages: this.letters.length };
  }

  async peek(limit: number) {
    return this.letters.slice(0, limit);
  }

  async *take(size: number) {
    const there = [...this.letters];
    for (let at = 0; at < there.length; at += size) {
      this.#taken = there.slice(at, at + size);
      this.batches.push(this.#taken.length);
      yield this.#taken;
    }
  }

  async settle(verdicts: readonly Verdict[]) {
    if (verdicts.length !== this.#taken.length) throw new Error("one verdict for each");
    const refused = this.#taken.filter(({ id }, at) => verdicts[at]!.kind === "redrive" && this.refuses.has(id));
    for (const [at, verdict] of verdicts.entries()) {
      const taken = this.#taken[at]!;
      if (refused.includes(taken)) continue;
      if (verdict.kind === "redrive")
        this.redriven.push({ id: taken.id, headers: verdict.headers, ...(verdict.to && { to: verdict.to }) });
      if (verdict.kind !== "keep") this.letters = this.letters.filter((one) => one !== taken);
    }
    this.#onSettle(this);
    return refused.map(({ id }) => ({ id, reason: "too large" }));
  }

  async collect() {
    return [];
  }

  async mark() {}

  async close() {}
}
