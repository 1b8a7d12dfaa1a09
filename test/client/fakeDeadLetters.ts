import type { DeadLetter, DeadLetters, Verdict } from "../../client/deadLetters.ts";

/** A dead letter of these headers. */
export const letter = (id: string, headers: Record<string, string> = {}, body = "{}"): DeadLetter => ({
  id,
  headers,
  body: Buffer.from(body),
});

/** Dead letters in memory, for what is above the brokers. `onSettle` may add some, as a consumer that still fails does. */
export class FakeDeadLetters implements DeadLetters {
  readonly flow = "rabbitmq/orders";
  readonly name = "orders.dlq";
  readonly target = "orders";
  readonly redriven: { id: string; headers: Record<string, string>; to?: string }[] = [];
  readonly batches: number[] = [];
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
    for (const [at, verdict] of verdicts.entries()) {
      const taken = this.#taken[at]!;
      if (verdict.kind === "redrive")
        this.redriven.push({ id: taken.id, headers: verdict.headers, ...(verdict.to && { to: verdict.to }) });
      if (verdict.kind !== "keep") this.letters = this.letters.filter((one) => one !== taken);
    }
    this.#onSettle(this);
  }

  async collect() {
    return [];
  }

  async mark() {}

  async close() {}
}
