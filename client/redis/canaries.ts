import { canaryOf } from "../headers.ts";
import type { RedisDeadLetters } from "../operator.ts";
import { toContent } from "./entry.ts";
import { compareIds } from "./entryId.ts";
import { type Entry, text, toEntries, toPending, toRecords } from "./replies.ts";
import type { Server } from "./server.ts";

/** Where streams ended before a canary was published. */
export interface Mark {
  deadLetter: string;
  work: string;
}

const PAGE = 500;

/**
 * The canaries of a run among the dead letters; they are removed. So are the canaries of the run in the stream itself that are
 * through: no consumer needs them, and where another group reads nothing they would stay.
 */
export async function collectCanaries(
  server: Server,
  place: RedisDeadLetters,
  run: string,
  mark: Mark,
): Promise<Entry[]> {
  const found = await canariesAfter(server, place.deadLetterStream, mark.deadLetter, run);
  await remove(server, place.deadLetterStream, found);
  await removeCanaries(server, place.stream, run, mark.work);
  return found;
}

/** Removes from a stream the canaries of a run after `mark` that their own group has read and no group has in hand. */
export async function removeCanaries(server: Server, stream: string, run: string, mark: string): Promise<void> {
  const canaries = await canariesAfter(server, stream, mark, run);
  if (canaries.length === 0) return;
  const groups = toRecords(await server.ask(["XINFO", "GROUPS", stream]));
  const through = await Promise.all(
    canaries.map(async (entry) => {
      const { flow } = canaryOf(toContent(entry).headers)!;
      const own = groups.find(({ name }) => flow.endsWith(`/${stream}/${text(name)}`));
      const read = own === undefined || compareIds(entry.id, text(own["last-delivered-id"])) <= 0;
      const held = await Promise.all(
        groups.map(async ({ name }) =>
          toPending(await server.ask(["XPENDING", stream, text(name), entry.id, entry.id, "1"])),
        ),
      );
      return read && held.flat().length === 0;
    }),
  );
  await remove(
    server,
    stream,
    canaries.filter((_, index) => through[index]),
  );
}

async function canariesAfter(server: Server, stream: string, mark: string, run: string): Promise<Entry[]> {
  const found: Entry[] = [];
  for (let from = mark; ; ) {
    const entries = toEntries(await server.ask(["XRANGE", stream, `(${from}`, "+", "COUNT", String(PAGE)]));
    if (entries.length === 0) return found;
    found.push(...entries.filter((entry) => canaryOf(toContent(entry).headers)?.run === run));
    from = entries.at(-1)!.id;
  }
}

async function remove(server: Server, stream: string, entries: readonly Entry[]): Promise<void> {
  if (entries.length > 0) await server.ask(["XDEL", stream, ...entries.map(({ id }) => id)]);
}
