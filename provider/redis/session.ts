import type { createClient } from "@redis/client";
import { within } from "../../client/within.ts";
import type { Rule } from "../kind.ts";
import type { Properties } from "../wire.ts";

type Client = ReturnType<typeof createClient>;

/** A command's words in, the server's raw RESP 2 reply out. */
export type Send = (...words: string[]) => Promise<unknown>;

/** What the server itself replied in place of a result. */
export class Refusal extends Error {}

const CONNECT_TIMEOUT_MS = 6_000;
const COMMAND_TIMEOUT_MS = 6_000;
/** Waits before the second, third and fourth try: with every try timing out, 31 s in all. */
const RETRY_WAITS_MS = [1_000, 2_000, 4_000];
/** Replies that ask to come back later. */
const PASSING = /^(LOADING|BUSY|MASTERDOWN|TRYAGAIN) /;

/** The configuration of a `pulumi:providers:messaging-extras`. */
export const redisConfigRules: Record<string, Rule> = {
  url: (value) =>
    typeof value === "string" && /^rediss?:\/\/[^@/]+:\d+$/.test(value)
      ? undefined
      : "be redis://host:port or rediss://host:port",
  username: (value) => (typeof value === "string" && value !== "" ? undefined : "be a user name"),
  password: (value) => (typeof value === "string" && value !== "" ? undefined : "be a password"),
  ca: (value) => (value === undefined || typeof value === "string" ? undefined : "be a certificate, PEM"),
};

/** One Redis server as its administrator. It connects at the first command, for a plan needs no broker. */
export class RedisSession {
  readonly #config: Properties;
  readonly #retryWaits: number[];
  readonly #cancelled = new AbortController();
  #client: Promise<Client> | undefined;

  constructor(config: Properties, retryWaits = RETRY_WAITS_MS) {
    this.#config = config;
    this.#retryWaits = retryWaits;
  }

  /**
   * Runs the commands of one resource. Where the server cannot be reached or asks to come back later, they run again from
   * the start after 1, 2 and 4 seconds, so they must bear it.
   * @throws one sentence naming the server and the resource.
   */
  async run<T>(resource: string, commands: (send: Send) => Promise<T>): Promise<T> {
    const { url, username } = this.#config;
    if (url === undefined) throw new Error(`redis, ${resource}: must have a provider with url, username and password`);
    for (const wait of [...this.#retryWaits, undefined]) {
      try {
        const client = await this.#connected();
        return await commands((...words) => ask(client, words));
      } catch (error) {
        const final = error instanceof Refusal && !PASSING.test(error.message);
        if (final || wait === undefined || this.#cancelled.signal.aborted) {
          throw new Error(`redis ${url} as ${username}, ${resource}: ${reasonOf(error)}`);
        }
        await this.#pause(wait);
      }
    }
    throw new Error(`redis ${url}, ${resource}: not reached`);
  }

  /** Ends what is running; a cancelled session is not used again. */
  cancel(): void {
    this.#cancelled.abort();
    this.#client?.then((client) => client.destroy()).catch(() => {});
  }

  #connected(): Promise<Client> {
    this.#client ??= connect(this.#config, () => {
      this.#client = undefined;
    });
    return this.#client;
  }

  #pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#cancelled.signal.addEventListener("abort", () => resolve(clearTimeout(timer)), { once: true });
    });
  }
}

async function connect({ url, username, password, ca }: Properties, lost: () => void): Promise<Client> {
  // Loaded here: most calls of the plugin never speak to Redis, and its start counts in every preview.
  const { createClient } = await import("@redis/client");
  const client = createClient({
    url: String(url),
    username: String(username),
    password: String(password),
    RESP: 2,
    disableOfflineQueue: true,
    disableClientInfo: true,
    socket: { connectTimeout: CONNECT_TIMEOUT_MS, reconnectStrategy: false, ...(ca ? { ca: String(ca) } : {}) },
  });
  client.on("error", lost);
  client.on("end", lost);
  try {
    await within(CONNECT_TIMEOUT_MS, client.connect());
    return client as unknown as Client;
  } catch (error) {
    lost();
    destroy(client);
    throw await asRefusal(error);
  }
}

async function ask(client: Client, words: string[]): Promise<unknown> {
  try {
    return await within(COMMAND_TIMEOUT_MS, client.sendCommand(words));
  } catch (error) {
    const refusal = await asRefusal(error);
    if (!(refusal instanceof Refusal)) destroy(client);
    throw refusal;
  }
}

async function asRefusal(error: unknown): Promise<unknown> {
  const { ErrorReply } = await import("@redis/client");
  return error instanceof ErrorReply ? new Refusal(error.message) : error;
}

function destroy(client: { isOpen: boolean; destroy(): void }): void {
  if (client.isOpen) client.destroy();
}

function reasonOf(error: unknown): string {
  const first = error instanceof AggregateError ? error.errors[0] : error;
  return first instanceof Error ? first.message : String(first);
}
