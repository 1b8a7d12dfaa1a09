import { createHash } from "node:crypto";
import { createClient, RESP_TYPES } from "@redis/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HEADERS, isContracts } from "../../../client/headers.ts";
import type { Delivery } from "../../../client/message.ts";
import { RedisClient } from "../../../client/redis/client.ts";
import { operate } from "../../../client/redis/operator.ts";
import { treat } from "../../../client/redrive.ts";
import { retries } from "./environment.ts";
import { administrator, INSTANCE, lengthOf, operatorAccess, reset, until } from "./redis-support.ts";

/** An odd entry: names and values as they are written, binary ones too, and the body that its consumer is to get. */
interface Odd {
  fields: [name: Buffer, value: Buffer][];
  body: Buffer;
  headers?: Record<string, string>;
}

const bytes = (text: string) => Buffer.from(text, "latin1");
const odd = (body: string, ...fields: [string, string][]): Odd => ({
  fields: fields.map(([name, value]) => [bytes(name), bytes(value)]),
  body: bytes(body),
});
const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)).toString("latin1");
const mebibyte = everyByte.repeat(4_096);
const many = (count: number): [string, string][] =>
  Array.from({ length: count }, (_, n) => [`n${n}`, n % 2 === 0 ? "" : `${n}\xff`]);

const messages: Record<string, Odd> = {
  "with an empty body": odd("", ["body", ""]),
  "with a body of every byte": odd(everyByte, ["body", everyByte]),
  "with a body of 1 MiB": odd(mebibyte, ["body", mebibyte]),
  "with values that are no UTF-8": {
    ...odd("b", ["raw", "\xff\0\xfe"], ["body", "b"], ["cut", "\xc3"]),
    headers: { raw: "base64:/wD+", cut: "base64:ww==" },
  },
  "with names that are no UTF-8, alike once they are decoded": {
    ...odd("b", ["\xff", "1"], ["\xfe", "2"], ["body", "b"]),
    headers: { "base64:/w==": "1", "base64:/g==": "2" },
  },
  "with names of every byte and of none": odd("b", [everyByte, ""], ["", ""], ["", "x"], ["body", "b"]),
  "with a name that is repeated": {
    ...odd("b", ["tag", "a"], ["body", "b"], ["tag", ""], ["tag", "b"], ["tag", "b"]),
    headers: { tag: "b" },
  },
  "with several bodies": odd("3", ["body", "1"], ["tag", "a"], ["body", "2"], ["body", "3"]),
  "with names that begin like the contract's": odd("b", ["x-", "1"], ["x-key2", "2"], ["X-Error", "3"], ["body", "b"]),
  "with names that objects have": odd("b", ["__proto__", "1"], ["constructor", "2"], ["body", "b"]),
  "with 1,000 fields": odd("b", ["body", "b"], ...many(999)),
  "with 5,000 fields, more than a script can pass on": odd("b", ["body", "b"], ...many(4_999)),
  "of a foreign producer, without a body": odd('{"to":"a","":"base64:/w=="}', ["to", "a"], ["", "\xff"]),
  "of a foreign producer, with one empty field": odd('{"":""}', ["", ""]),
};

/** An entry as the server has it, read by the Redis client itself: its fields in order, and the names of the contract's behind them. */
interface Raw {
  own: (readonly [name: Buffer, value: Buffer])[];
  contract: Record<string, string>;
}

/** Fields to compare: each byte as a character, of long ones the digest, as a difference of a megabyte cannot be shown. */
const shown = (fields: readonly (readonly Buffer[])[]) =>
  fields.map((field) =>
    field.map((word) =>
      word.length > 300 ? createHash("sha256").update(word).digest("hex") : word.toString("latin1"),
    ),
  );

const { host, port, username, password } = operatorAccess();
const raw = createClient({
  ...{ username, password, RESP: 2, socket: { host, port } },
  commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } },
});

async function rawEntries(stream: string): Promise<Raw[]> {
  const entries = await raw.sendCommand<[Buffer, Buffer[]][]>(["XRANGE", stream, "-", "+"]);
  return entries.map(([, flat]) => {
    const fields = Array.from({ length: flat.length / 2 }, (_, n) => [flat[2 * n]!, flat[2 * n + 1]!] as const);
    const first = fields.findIndex(([name]) => isContracts(name.toString("latin1")));
    const end = first === -1 ? fields.length : first;
    const contract = fields.slice(end).map((field) => field.map((word) => word.toString("latin1")));
    return { own: fields.slice(0, end), contract: Object.fromEntries(contract) };
  });
}

describe("an odd entry of Redis", () => {
  const names = Object.keys(messages);
  const deliveries = new Map<string, Delivery[]>();
  const redelivered: Delivery[] = [];
  let ids: string[];
  let kept: Raw[];
  let dead: Raw[];
  let redriven: Raw[];
  let peeked: Buffer[];

  // All of them go all ways at once: each delay of a retry is waited for once.
  beforeAll(async () => {
    const server = administrator();
    await reset(server);
    await raw.connect();
    const worker = new RedisClient(retries().apps.worker.redis!);
    const broker = await operate({ [INSTANCE]: operatorAccess() });
    const letters = broker.deadLetters().find(({ flow }) => flow.endsWith("/pushes/phone"))!;
    const consume = (handler: (delivery: Delivery) => void) =>
      worker.consume(`${INSTANCE}/pushes`, handler, { concurrency: 100 });

    ids = [];
    for (const name of names) {
      ids.push(String(await raw.sendCommand(["XADD", "pushes", "*", ...messages[name]!.fields.flat()])));
    }
    const failing = await consume((delivery) => {
      deliveries.set(delivery.id, [...(deliveries.get(delivery.id) ?? []), delivery]);
      throw new Error("no");
    });
    await until(async () => (await lengthOf(server, letters.name)) === names.length, "the dead letters");
    await failing.stop();
    kept = await rawEntries("pushes");
    dead = await rawEntries(letters.name);
    peeked = (await letters.peek(100)).map(({ body }) => body);

    await raw.sendCommand(["XTRIM", "pushes", "MAXLEN", "0"]);
    await treat(letters, { id: "r1", action: "redrive", group: "phone" });
    redriven = await rawEntries("pushes");
    expect(await lengthOf(server, letters.name)).toBe(0);
    const handling = await consume((delivery) => void redelivered.push(delivery));
    await until(() => redelivered.length === names.length, "those that were redriven");
    await handling.stop();

    await Promise.all([worker.close(), broker.close()]);
    await reset(server);
    server.close();
    raw.destroy();
  });

  /** Where a message stands among the dead letters, which come in the order in which they failed, and so among what is redriven. */
  const placeOf = (name: string) =>
    dead.findIndex(({ contract }) => contract[HEADERS.originPosition] === `entry ${ids[names.indexOf(name)]}`);

  it.each(names)("%s reaches its handler at each attempt, and no retry rewrites it", (name) => {
    const { fields, body, headers } = messages[name]!;
    const seen = deliveries.get(ids[names.indexOf(name)]!)!;
    expect(seen.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4]);
    expect(seen.every((delivery) => delivery.body.equals(body))).toBe(true);
    if (headers) for (const delivery of seen) expect(delivery.headers).toEqual(headers);
    const { own, contract } = kept[names.indexOf(name)]!;
    expect(shown(own)).toEqual(shown(fields));
    expect(contract).toEqual({});
  });

  it.each(names)("%s becomes a dead letter byte for byte, and only the contract's fields behind it", (name) => {
    const { own, contract } = dead[placeOf(name)]!;
    expect(shown(own)).toEqual(shown(messages[name]!.fields));
    expect(Object.keys(contract)).toMatchInlineSnapshot(`
      [
        "x-origin",
        "x-origin-position",
        "x-consumer",
        "x-failures",
        "x-error",
        "x-error-name",
        "x-error-stack",
        "x-attempt",
      ]
    `);
    expect(peeked[placeOf(name)]!.equals(messages[name]!.body)).toBe(true);
  });

  it.each(names)("%s is redriven byte for byte", (name) => {
    const { own, contract } = redriven[placeOf(name)]!;
    expect(shown(own)).toEqual(shown(messages[name]!.fields));
    expect(contract).toEqual({
      [HEADERS.origin]: "redis/notifications/pushes/phone",
      // Where it lay first: its place now is that of another one.
      [HEADERS.originPosition]: `entry ${ids[names.indexOf(name)]}`,
      [HEADERS.consumer]: "phone",
      [HEADERS.redriveCount]: "1",
      [HEADERS.redriveId]: "r1",
      [HEADERS.redriveGroup]: "phone",
    });
    expect(redelivered[placeOf(name)]!.body.equals(messages[name]!.body)).toBe(true);
  });

  afterAll(() => {
    if (raw.isOpen) raw.destroy();
  });
});
