import {
  type DeadLetter,
  type DeadLetters,
  fateAfter,
  harmTo,
  SettleError,
  sharedWith,
  type Verdict,
} from "../deadLetters.ts";
import { HEADERS, type Headers } from "../headers.ts";
import { AccessError, RefusedError, UntoldError } from "../message.ts";
import type { RedisDeadLetters } from "../operator.ts";
import { collectCanaries, type Mark } from "./canaries.ts";
import { toContent, withHeaders } from "./entry.ts";
import { timeOf } from "./entryId.ts";
import { othersOn } from "./group.ts";
import { acquire, type Lock } from "./lock.ts";
import { type Entry, toEntries } from "./replies.ts";
import type { Server } from "./server.ts";
import { untoldBy } from "./telling.ts";

/** Entries read at a time where all of many are looked at. */
const PAGE = 500;

/**
 * Moves one entry in one step: it is in one of the two streams at any time, whatever breaks, and two that try move it once. Answers 1,
 * 0 where the entry is gone, and -1 where the stream that it goes to does not exist.
 */
const MOVE = `if #redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1]) == 0 then return 0 end
if not redis.call('XADD', KEYS[2], 'NOMKSTREAM', '*', unpack(ARGV, 2)) then return -1 end
redis.call('XDEL', KEYS[1], ARGV[1])
return 1`;

/** Words that a script may give to a command; a message of more is added and removed in two steps, so a crash may duplicate it. */
const MOST_UNPACKED = 7_000;

/** The dead letters of a consumer group, as the administrator of its server. `known`: those of the whole instance. */
export function deadLettersOf(
  server: Server,
  instance: string,
  place: RedisDeadLetters,
  known: readonly RedisDeadLetters[],
): DeadLetters {
  const { flow, stream, group, deadLetterStream } = place;
  let lock: Lock | undefined;
  let batch: Entry[] = [];
  const range = async (from: string, to: string, count: number): Promise<Entry[]> =>
    toEntries(await server.ask(["XRANGE", deadLetterStream, from, to, "COUNT", String(count)]));
  const release = async () => {
    const held = lock;
    lock = undefined;
    batch = [];
    // Where the server is not there, the lock ends by itself.
    await held?.release().catch(() => {});
  };
  const move = (entry: Entry, fields: (string | Buffer)[], target: string) =>
    moveNow(entry, fields, target).catch((error) => {
      if (!(error instanceof RefusedError) || !error.full) throw error;
      throw new RefusedError(`${error.message}: a redrive adds before it removes; \`dlq drop\` needs no memory`, {
        cause: error.cause,
        full: true,
      });
    });
  const moveNow = async ({ id }: Entry, fields: (string | Buffer)[], target: string) => {
    const added =
      fields.length > MOST_UNPACKED
        ? await server.ask(["XADD", target, "NOMKSTREAM", "*", ...fields])
        : await server.ask(["EVAL", MOVE, "2", deadLetterStream, target, id, ...fields]);
    if (added === null || added === -1)
      throw new RefusedError(`${server.name}, ${target}: must be a stream that exists, is none`);
    if (fields.length > MOST_UNPACKED) await server.ask(["XDEL", deadLetterStream, id]);
  };

  return {
    flow,
    name: deadLetterStream,
    target: `redis/${instance}/${stream}`,
    group,
    redriveNote(from) {
      const groups = known.filter((one) => one.stream === stream).map((one) => one.group);
      const others = groups.filter((one) => one !== group);
      if (from === flow) return sharedWith(`stream ${stream}`, others);
      if (others.length === 0) return undefined;
      return `what is redriven goes to stream ${stream}, for all its groups: ${groups.join(", ")}`;
    },

    async refusal({ from, othersToo }) {
      // Those of another flow are meant for all.
      if (othersToo || from !== flow) return undefined;
      return harmTo(await othersOn({ server, stream, group }), `${server.name}: stream ${stream}`);
    },

    async count() {
      const why = await untoldBy(server);
      if (why) throw new UntoldError(`${server.name}: ${why}`);
      const [messages, [oldest]] = await Promise.all([server.ask(["XLEN", deadLetterStream]), range("-", "+", 1)]);
      return { messages: Number(messages), ...(oldest && { oldest: timeOf(oldest.id) }) };
    },

    async peek(limit) {
      const found: DeadLetter[] = [];
      for (let from = "-"; found.length < limit; from = `(${found.at(-1)!.position}`) {
        const entries = await range(from, "+", Math.min(PAGE, limit - found.length));
        found.push(...entries.map(toDeadLetter));
        if (entries.length === 0) break;
      }
      return found;
    },

    async *take(size) {
      const held = `another redrive or drop has the dead letters of ${flow} in hand: run this again when it has ended`;
      lock = await acquire(server, `messaging:redrive:${deadLetterStream}`, held);
      try {
        const end = await lastId(server, deadLetterStream);
        for (let from = "-"; ; ) {
          const entries = await range(from, end, size);
          if (entries.length === 0) return;
          batch = entries;
          yield entries.map(toDeadLetter);
          from = `(${entries.at(-1)!.id}`;
        }
      } finally {
        await release();
      }
    },

    async settle(verdicts) {
      try {
        lock?.mustHold();
      } catch (error) {
        throw new SettleError(
          error,
          verdicts.map(() => "open"),
        );
      }
      // All of them: what is still underway must not go on without the lock.
      const settled = await Promise.allSettled(
        batch.map(async (entry, index) => {
          const verdict = verdicts[index];
          if (verdict?.kind === "drop") await server.ask(["XDEL", deadLetterStream, entry.id]);
          if (verdict?.kind !== "redrive") return;
          const target = verdict.to === undefined ? stream : streamOf(verdict.to, instance, known);
          await move(entry, withHeaders(entry, redriven(verdict, group)), target);
        }),
      );
      const failed = settled.find((one) => one.status === "rejected");
      if (!failed) return;
      throw new SettleError(
        failed.reason,
        settled.map((one) => (one.status === "fulfilled" ? "done" : fateAfter(one.reason))),
      );
    },

    collect: async (run, mark) => (await collectCanaries(server, place, run, mark as Mark)).map(toDeadLetter),
    mark: async () => ({
      deadLetter: await lastId(server, deadLetterStream),
      work: await lastId(server, stream),
    }),
    close: release,
  };
}

/** The headers of a redriven entry: for the group that it failed in, or for every group of another flow. */
function redriven({ headers, to }: Verdict & { kind: "redrive" }, group: string): Headers {
  const { [HEADERS.redriveGroup]: _, ...others } = headers;
  return to === undefined ? { ...others, [HEADERS.redriveGroup]: group } : others;
}

/** The stream of a flow of the same instance: `redis/<instance>/<stream>/<group>`, or `redis/<instance>/<stream>`. */
export function streamOf(flow: string, instance: string, known: readonly RedisDeadLetters[]): string {
  const beginning = `redis/${instance}/`;
  if (!flow.startsWith(beginning)) {
    throw new AccessError(`to: must be a flow of the same instance, ${beginning}<stream>, got ${flow}`);
  }
  return known.find((place) => place.flow === flow)?.stream ?? flow.slice(beginning.length);
}

export const toDeadLetter = (entry: Entry): DeadLetter => ({
  ...toContent(entry),
  at: timeOf(entry.id),
  position: entry.id,
});

/** The id of a stream's last entry; `0-0` where there is none. */
export async function lastId(server: Server, stream: string): Promise<string> {
  const [last] = toEntries(await server.ask(["XREVRANGE", stream, "+", "-", "COUNT", "1"]));
  return last?.id ?? "0-0";
}
