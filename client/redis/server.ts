import { createClient, ErrorReply, RESP_TYPES } from "@redis/client";
import type { RedisAccess } from "../access.ts";
import { CLIENT_NAME } from "../deadLetters.ts";
import { AWAY, ConnectionError, isFault, RefusedError } from "../message.ts";
import { waiting } from "../waiting.ts";
import { within } from "../within.ts";

/** How one server is reached, and as whom. */
export type Login = Pick<RedisAccess, "host" | "port" | "tls" | "username" | "password" | "ca">;

/** What the server answers, in RESP 2. */
export type Reply = null | number | string | Buffer | Reply[];

/** The words of a command. */
export type Words = readonly (string | Buffer)[];

/** One connection to one server: made when it is first used, and again when it was lost. */
export interface Server {
  /** `redis host:port as user`, for errors. */
  readonly name: string;
  /** How often the connection was lost so far. */
  losses(): number;
  /**
   * Sends the command once. Throws a ConnectionError where the server cannot be reached, does not answer within `timeout`
   * milliseconds (10,000 by default) or asks to come back later, and a RefusedError where it answers no.
   */
  send(words: Words, timeout?: number): Promise<Reply>;
  /** Sends the command again after a ConnectionError, with growing waits, for `patience` milliseconds (10,000 by default). */
  ask(words: Words, patience?: number): Promise<Reply>;
  close(): void;
}

const CONNECT_TIMEOUT_MS = 5_000;
const ANSWER_TIMEOUT_MS = 10_000;
/** What a last try gets, however little patience is left. */
const SHORTEST_TIMEOUT_MS = 1_000;
const PATIENCE_MS = 10_000;

/** Replies that ask to come back later: it is starting, busy or about to be replaced. */
const PASSING = /^(LOADING|BUSY|MASTERDOWN|TRYAGAIN|READONLY|CLUSTERDOWN|UNBLOCKED|ERR max number of clients)( |$)/;

/** Replies that say that the server takes nothing more for now. */
const FULL = /^(OOM|MISCONF|NOREPLICAS)( |$)/;

/** Replies that say that it is this entry that is too large. */
const TOO_LARGE = /^ERR (Elements are too large to be stored|Protocol error: invalid bulk length)/;

/** What the first word of a reply means for its server, and until when it stays so. */
const MEANINGS: Record<string, string> = {
  OOM: "it has used up its maxmemory, and takes no message before some are acknowledged or dropped, or the limit is raised",
  MISCONF: "it cannot write to its disk, and takes no write before it can",
  NOREPLICAS: "fewer of its replicas follow than it must have to write (min-replicas-to-write)",
  READONLY: "it is a replica now, and takes no write",
  BUSY: "a script or function has been running for seconds, and it answers nothing else before that ends or is killed",
  MASTERDOWN: "it is a replica that has lost its primary",
  LOADING: "it has started and still loads its data",
  WRONGPASS: "its administrator has taken the user or the password away",
};

type RawClient = ReturnType<typeof createRawClient>;

/** The server of a login; nothing is sent yet. */
export function serverOf(login: Login): Server {
  const name = nameOf(login);
  let client: Promise<RawClient> | undefined;
  let losses = 0;
  let closed = false;

  const connected = (): Promise<RawClient> => {
    if (closed) return Promise.reject(new ConnectionError(`${name}: must be open, is closed`));
    if (client) return client;
    const raw = createRawClient(login, false);
    const made = within(CONNECT_TIMEOUT_MS, raw.connect()).then(() => raw);
    const forget = () => {
      if (raw.isOpen) raw.destroy();
      if (client !== made) return;
      client = undefined;
      losses += 1;
    };
    raw.on("error", forget);
    raw.on("end", forget);
    made.catch(forget);
    client = made;
    return made;
  };

  const send = async (words: Words, timeout = ANSWER_TIMEOUT_MS): Promise<Reply> => {
    let raw: RawClient | undefined;
    try {
      raw = await connected();
      return await within(timeout, raw.sendCommand<Reply>(words as (string | Buffer)[]));
    } catch (error) {
      const answered = error instanceof ErrorReply;
      // A server that is replaced (READONLY) is another one by the same name.
      if (raw?.isOpen && (!answered || error.message.startsWith("READONLY"))) raw.destroy();
      // That there is no connection is one thing, whatever was to be sent over it.
      throw toError(raw ? `${name}, ${subjectOf(words)}` : name, error);
    }
  };

  return {
    name,
    losses: () => losses,
    send,
    async ask(words, patience = PATIENCE_MS) {
      const end = Date.now() + patience;
      for (const again = waiting(50); ; ) {
        try {
          return await send(words, Math.min(ANSWER_TIMEOUT_MS, Math.max(SHORTEST_TIMEOUT_MS, end - Date.now())));
        } catch (error) {
          if (!(error instanceof ConnectionError) || closed || Date.now() > end) throw error;
          await again.next();
        }
      }
    },
    close() {
      closed = true;
      client?.then((raw) => raw.isOpen && raw.destroy()).catch(() => {});
    },
  };
}

/** What is to be done about a no that is no matter of the access. */
const ADVICE: Record<string, string> = {
  WRONGTYPE:
    "as a key of another type stands in place of one of its streams: take that away, as messaging doctor says, and start it again",
  DENIED: "as the server lets in nobody from another machine: see what messaging doctor says, and start it again",
};

/** The first word of the server's no, such as `OOM`; undefined for any other error. */
export const refusalOf = (error: unknown): string | undefined =>
  error instanceof RefusedError && typeof error.cause === "string" ? error.cause.split(" ", 1)[0] : undefined;

/** `redis host:port as user` */
export const nameOf = ({ host, port, username }: Login): string => `redis ${host}:${port} as ${username}`;

/** What went wrong at a place, in the words of the contract; a fault stays itself. */
export function toError(where: string, error: unknown): Error {
  if (error instanceof ConnectionError || isFault(error)) return error;
  const reason = reasonOf(error);
  const first = error instanceof ErrorReply ? reason.split(" ", 1)[0]! : "";
  const meaning = MEANINGS[first];
  const sentence = `${where}: ${reason}${meaning ? ` (${meaning})` : ""}`;
  if (!isRefusal(error))
    return new ConnectionError(sentence, { state: error instanceof ErrorReply ? undefined : AWAY });
  const kind = { full: FULL.test(reason), tooLarge: TOO_LARGE.test(reason) };
  return new RefusedError(sentence, { cause: reason, ...kind, ...(ADVICE[first] && { advice: ADVICE[first] }) });
}

/** A command and what it is about, for errors: `XADD emails`, `XREADGROUP emails mailer`. */
function subjectOf(words: Words): string {
  const [command, ...rest] = words.map(String);
  if (command === "XREADGROUP") return `${command} ${rest[rest.indexOf("STREAMS") + 1]} ${rest[1]}`;
  // A script and how many keys it has come before its first key.
  if (command === "EVAL") return `${command} ${rest[2]}`;
  return [command, ...rest.slice(0, SUBCOMMANDS.has(command!) ? 2 : 1)].join(" ");
}

/** Commands whose second word says what they do. */
const SUBCOMMANDS = new Set(["XINFO", "XGROUP", "PUBSUB"]);

/** Whether the server answered no, and not only that it is busy for a moment. */
export const isRefusal = (error: unknown): error is ErrorReply =>
  error instanceof ErrorReply && !PASSING.test(error.message);

/**
 * The library's client, not yet connected. `reconnect` says after how many milliseconds it connects again by itself; `ping`, after how
 * many of silence it asks whether the server is still there: after three times as many without an answer the connection counts as lost.
 */
export function createRawClient(
  { host, port, tls, username, password, ca }: Login,
  reconnect: false | ((tries: number, cause: Error) => number | false),
  ping?: number,
) {
  return createClient({
    username,
    password,
    name: CLIENT_NAME,
    RESP: 2,
    disableOfflineQueue: true,
    disableClientInfo: true,
    ...(ping !== undefined && { pingInterval: ping }),
    commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } },
    socket: {
      host,
      port,
      ...(tls && { tls: true as const, ca }),
      connectTimeout: CONNECT_TIMEOUT_MS,
      reconnectStrategy: reconnect,
      ...(ping !== undefined && { socketTimeout: 3 * ping }),
    },
  });
}

function reasonOf(error: unknown): string {
  const first = error instanceof AggregateError ? error.errors[0] : error;
  const message = first instanceof Error ? first.message : String(first);
  // What a script was refused is told with the script's digest.
  return message.replace(/ script: \w+, on @user_script:\d+\.$/, "");
}
