import type { Reply } from "./server.ts";

/** An entry of a stream, as the server keeps it. */
export interface Entry {
  id: string;
  /** Names and values in order; a name may stand more than once. */
  fields: [name: Buffer, value: Buffer][];
}

/** An entry that was delivered to a consumer and is not acknowledged. */
export interface Pending {
  id: string;
  consumer: string;
  /** Milliseconds since it was delivered last. */
  idle: number;
  deliveries: number;
}

export const text = (reply: Reply | undefined): string => String(reply ?? "");

/** The answer of XRANGE, XREVRANGE and XCLAIM. Entries that are deleted are left out. */
export const toEntries = (reply: Reply): Entry[] =>
  list(reply).flatMap((entry) => {
    const [id, flat] = list(entry);
    return flat == null ? [] : [{ id: text(id), fields: pairs(list(flat)) as Entry["fields"] }];
  });

/** The answer of XREADGROUP for one stream. */
export const toDelivered = (reply: Reply): Entry[] => list(reply).flatMap((stream) => toEntries(list(stream)[1]!));

/** The long answer of XPENDING. */
export const toPending = (reply: Reply): Pending[] =>
  list(reply).map((entry) => {
    const [id, consumer, idle, deliveries] = list(entry);
    return { id: text(id), consumer: text(consumer), idle: Number(idle), deliveries: Number(deliveries) };
  });

/** The answer of XINFO GROUPS and XINFO CONSUMERS: one map of names and values for each. */
export const toRecords = (reply: Reply): Record<string, string | number | undefined>[] =>
  list(reply).map((record) =>
    Object.fromEntries(
      pairs(list(record)).map(([name, value]) => [
        text(name),
        typeof value === "number" ? value : value == null ? undefined : text(value),
      ]),
    ),
  );

/** The ids in the answer of XAUTOCLAIM that are pending no more, as their entries are not in the stream. */
export const toRemoved = (reply: Reply): string[] => list(list(reply)[2] ?? []).map(text);

const list = (reply: Reply): Reply[] => (Array.isArray(reply) ? reply : []);

const pairs = (flat: Reply[]): [Reply, Reply][] =>
  Array.from({ length: flat.length / 2 }, (_, index) => [flat[2 * index]!, flat[2 * index + 1]!]);
