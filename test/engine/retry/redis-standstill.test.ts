import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { connect } from "../../../client/index.ts";
import type { Consumer } from "../../../client/message.ts";
import { RedisClient } from "../../../client/redis/client.ts";
import { operate } from "../../../client/redis/operator.ts";
import { treat } from "../../../client/redrive.ts";
import { must } from "../command.ts";
import { retries } from "./environment.ts";
import { administrator, fieldOf, INSTANCE, lengthOf, operatorAccess, reset, until } from "./redis-support.ts";

const server = administrator();
/** By which the environment knows its server again; the other tests need it. */
const CLUSTER = "messaging:cluster-id";
const { apps, environment } = retries();
const container = `messaging-${environment}-redis-${INSTANCE}`;
const { port } = operatorAccess();
/** What was told, without what differs from run to run. */
const plain = (message: string) =>
  message
    .replaceAll(`127.0.0.1:${port}`, "<server>")
    .replaceAll(`as ${apps.worker.redis![INSTANCE]!.username}`, "as worker")
    .replaceAll(/\d{13}-\d+/g, "<id>");

afterAll(async () => {
  await reset(server);
  server.close();
});

const config = (name: string, value: string) => server.ask(["CONFIG", "SET", name, value]);
const data = (mode: string) => must("docker", ["exec", "--user", "redis", container, "chmod", mode, "/data"]);
/** The server's default, without which it does not mind a disk that is full. */
const SAVE = "3600 1 300 100 60 10000";
const saved = async (status: string) => {
  await server.ask(["BGSAVE"]);
  await until(
    async () => String(await server.ask(["INFO", "persistence"])).includes(`last_bgsave_status:${status}`),
    "",
  );
};

/** States in which a server takes nothing, each with what leads into it and out again. */
const states: Record<string, { enter(): Promise<unknown>; leave(): Promise<unknown>; told: string }> = {
  "has no memory left": {
    enter: () => config("maxmemory", "100kb"),
    leave: () => config("maxmemory", "2gb"),
    told: "XADD receipts.printer.dlq: OOM command not allowed when used memory > 'maxmemory'. (it has used up its maxmemory, and takes no message before some are acknowledged or dropped, or the limit is raised)",
  },
  "cannot write to its disk": {
    enter: async () => {
      await data("555");
      await saved("err");
    },
    leave: async () => {
      await data("755");
      await saved("ok");
      await config("save", SAVE);
    },
    told: "XADD receipts.printer.dlq: MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. Commands that may modify the data set are disabled, because this instance is configured to report errors during writes if RDB snapshotting fails (stop-writes-on-bgsave-error option). Please check the Redis logs for details about the RDB error. (it cannot write to its disk, and takes no write before it can)",
  },
  "has too few replicas": {
    enter: () => config("min-replicas-to-write", "1"),
    leave: () => config("min-replicas-to-write", "0"),
    told: "XADD receipts.printer.dlq: NOREPLICAS Not enough good replicas to write. (fewer of its replicas follow than it must have to write (min-replicas-to-write))",
  },
  "is a replica": {
    enter: () => server.ask(["REPLICAOF", "127.0.0.1", "1"]),
    leave: () => server.ask(["REPLICAOF", "NO", "ONE"]),
    told: "XREADGROUP receipts printer: READONLY You can't write against a read only replica. (it is a replica now, and takes no write)",
  },
};

function signal() {
  let give = () => {};
  const given = new Promise<void>((resolve) => {
    give = resolve;
  });
  return { given, give: () => give() };
}

describe("a Redis server", () => {
  beforeEach(() => reset(server));

  it.each(Object.entries(states))("that %s is named with the limit, once, and then goes on", async (_, state) => {
    const told: string[] = [];
    const [worker, billing] = [connect(apps.worker), connect(apps.billing)];
    const [begun, entered] = [signal(), signal()];
    const handler = async () => {
      begun.give();
      await entered.given;
      throw new Error("no");
    };
    const onError = ({ message }: Error) => told.push(plain(message));
    const consumer = await worker.consume(`redis/${INSTANCE}/receipts`, handler, { onError });
    await billing.publish(`redis/${INSTANCE}/receipts`, { body: "poison" });
    await begun.given;
    await state.enter();
    try {
      entered.give();
      await until(() => told.includes(`redis <server> as worker, ${state.told}`), `the state in ${told.join()}`);
    } finally {
      await state.leave();
    }
    await until(async () => (await lengthOf(server, "receipts.printer.dlq")) === 1, "the dead letter");
    await consumer.stop();
    await Promise.all([worker.close(), billing.close()]);
    expect(told).toEqual([...new Set(told)]);
  });
});

describe("an entry of Redis that is larger than its server takes by now", () => {
  beforeEach(() => reset(server));

  it("is named, keeps its place, and holds up no other", async () => {
    const told: string[] = [];
    const worker = connect(apps.worker);
    const large = "x".repeat(2 ** 20 + 1);
    for (const body of [large, "small"]) await server.ask(["XADD", "receipts", "*", "body", body]);
    await config("proto-max-bulk-len", "1mb");
    try {
      const handler = () => {
        throw new Error("no");
      };
      const onError = ({ name, message }: Error) => told.push(`${name} ${plain(message)}`);
      const consumer = await worker.consume(`redis/${INSTANCE}/receipts`, handler, { onError, concurrency: 1 });
      await until(async () => (await lengthOf(server, "receipts.printer.dlq")) === 1, "the small one's dead letter");
      await consumer.stop();
    } finally {
      await config("proto-max-bulk-len", "512mb");
    }
    await worker.close();
    expect(await fieldOf(server, "receipts.printer.dlq", "body")).toEqual(["small"]);
    expect(await fieldOf(server, "receipts", "body")).toEqual([large, "small"]);
    expect(told).toMatchInlineSnapshot(`
      [
        "RefusedError redis <server> as worker, XADD receipts.printer.dlq: ERR Protocol error: invalid bulk length",
        "RefusedError redis/notifications/receipts/printer: entry <id> is too large for the dead letters, and comes again in 10 min: redis <server> as worker, XADD receipts.printer.dlq: ERR Protocol error: invalid bulk length",
      ]
    `);
  });
});

describe("dead letters on a Redis server that has no memory left", () => {
  beforeEach(() => reset(server));

  const letters = async () => {
    const broker = await operate({ [INSTANCE]: operatorAccess() });
    return { broker, of: broker.deadLetters().find(({ flow }) => flow.endsWith("/receipts/printer"))! };
  };

  it("can be dropped, and are not redriven, which says why", async () => {
    for (const body of ["a", "b", "c"]) await server.ask(["XADD", "receipts.printer.dlq", "*", "body", body]);
    const { broker, of } = await letters();
    await config("maxmemory", "100kb");
    try {
      await expect(
        treat(of, { id: "r1", action: "redrive" }).catch(({ message }) => plain(message)),
      ).resolves.toMatchInlineSnapshot(
        `"redis <server> as messaging-admin, EVAL receipts.printer.dlq: OOM command not allowed when used memory > 'maxmemory'. (it has used up its maxmemory, and takes no message before some are acknowledged or dropped, or the limit is raised): a redrive adds before it removes; \`dlq drop\` needs no memory"`,
      );
      expect(await treat(of, { id: "r2", action: "drop", limit: 2 })).toMatchObject({ treated: 2, ended: "limit" });
    } finally {
      await config("maxmemory", "2gb");
    }
    expect(await fieldOf(server, "receipts.printer.dlq", "body")).toEqual(["c"]);
    expect(await server.ask(["EXISTS", "messaging:redrive:receipts.printer.dlq"])).toBe(0);
    await broker.close();
  });
});

describe("a redrive to a stream that other groups read", () => {
  beforeEach(() => reset(server));

  it("is refused where a consumer of theirs would handle it again, unless that is accepted", async () => {
    const broker = await operate({ [INSTANCE]: operatorAccess() });
    const phone = broker.deadLetters().find(({ flow }) => flow.endsWith("/pushes/phone"))!;
    const refusal = async (othersToo: boolean) => {
      const told = await phone.refusal!({ from: phone.flow, othersToo });
      return told && plain(told);
    };
    expect(await refusal(false)).toBeUndefined();
    await server.ask(["XREADGROUP", "GROUP", "tablet", "stranger", "COUNT", "1", "STREAMS", "pushes", ">"]);
    expect(await refusal(false)).toMatchInlineSnapshot(
      `"redis <server> as messaging-admin: stream pushes is also read by group tablet, with consumers that are not known to pass over what is meant for another group (x-redrive-group): they would handle it again, now or when they start. What helps: redrive to another flow (--to), or accept it (--others-too). A group that keeps the contract shows it as soon as it consumes; one that nobody needs can be deleted"`,
    );
    expect(await refusal(true)).toBeUndefined();
    await server.ask(["XGROUP", "DELCONSUMER", "pushes", "tablet", "stranger"]);
    expect(await refusal(false)).toBeUndefined();
    await broker.close();
  });
});

describe("a consumer group of Redis that is deleted", () => {
  beforeEach(() => reset(server));

  it("is created again from the first entry on where the app may, and the loss is told once", async () => {
    const { username, password } = operatorAccess();
    const client = connect({ redis: { [INSTANCE]: { ...apps.worker.redis![INSTANCE]!, username, password } } });
    const [told, seen]: string[][] = [[], []];
    const consumer = await client.consume(`redis/${INSTANCE}/receipts`, ({ body }) => void seen!.push(String(body)), {
      onError: ({ message }) => told!.push(plain(message)),
    });
    const add = (body: string) => server.ask(["XADD", "receipts", "*", "body", body]);
    const states: Record<string, () => Promise<unknown>> = {
      destroyed: () => server.ask(["XGROUP", "DESTROY", "receipts", "printer"]),
      deleted: () => server.ask(["DEL", "receipts"]),
      flushed: async () => {
        const cluster = String(await server.ask(["GET", CLUSTER]));
        await server.ask(["FLUSHALL"]);
        await server.ask(["SET", CLUSTER, cluster]);
      },
    };
    for (const [name, lose] of Object.entries(states)) {
      await lose();
      await add(name);
      await until(() => seen!.includes(name), `the entry after it was ${name}`);
    }
    await consumer.stop();
    await client.close();
    expect(told).toMatchInlineSnapshot(`
      [
        "redis <server> as messaging-admin: stream receipts or its consumer group printer was deleted. It is created again: everything that is still in the stream is delivered, some of it for the second time; what was deleted with the stream is lost",
      ]
    `);
  });
});

// Each waits for as long as a refusal is doubted.
describe.concurrent("an app of Redis", () => {
  beforeAll(() => reset(server));

  it("whose password is taken away hears why its listener and its consumer are silent, and that they have ended", async ({
    expect,
  }) => {
    const { username, ...access } = apps.worker.redis![INSTANCE]!;
    const rules = String(
      ((await server.ask(["ACL", "LIST"])) as Buffer[]).find((line) => String(line).startsWith(`user ${username} `)),
    );
    const words = rules.split(/ (?![^(]*\))/);
    await server.ask(["ACL", "SETUSER", "leaver", "reset", ...words.slice(2)]);
    const leaver = connect({ redis: { [INSTANCE]: { ...access, username: "leaver" } } });
    const told: string[] = [];
    const onError = ({ name, message }: Error) => told.push(`${name} ${plain(message)}`);
    const listener = await leaver.listen(`redis/${INSTANCE}/order:*`, () => {}, { onError });
    const consumer = await leaver.consume(`redis/${INSTANCE}/receipts`, () => {}, { onError });
    await server.ask(["ACL", "DELUSER", "leaver"]);
    const ends = await Promise.all([listener.ended, consumer.ended]);
    await leaver.close();
    expect(ends.map((error) => error?.name)).toEqual(["OutdatedAccessError", "OutdatedAccessError"]);
    expect(told.toSorted()).toMatchInlineSnapshot(`
      [
        "ConnectionError redis <server> as leaver, order:*, of which nothing is heard until it is connected again: Socket closed unexpectedly",
        "OutdatedAccessError redis <server> as leaver, order:*: the consumer ended, its access may be out of date: read the stack's \`apps\` output again and restart it; where it ends again, messaging doctor says why: redis <server> as leaver, order:*: WRONGPASS invalid username-password pair or user is disabled. (its administrator has taken the user or the password away)",
        "OutdatedAccessError redis/notifications/receipts/printer: the consumer ended, its access may be out of date: read the stack's \`apps\` output again and restart it; where it ends again, messaging doctor says why: redis <server> as leaver: WRONGPASS invalid username-password pair or user is disabled. (its administrator has taken the user or the password away)",
        "RefusedError redis <server> as leaver, order:*, of which nothing is heard until it is connected again: WRONGPASS invalid username-password pair or user is disabled. (its administrator has taken the user or the password away)",
        "RefusedError redis <server> as leaver: WRONGPASS invalid username-password pair or user is disabled. (its administrator has taken the user or the password away)",
      ]
    `);
  });

  it("whose group is deleted and who may not make it hears that, and nobody trims what the group has not acknowledged", async ({
    expect,
  }) => {
    const told: string[] = [];
    const worker = new RedisClient(apps.worker.redis!);
    const billing = new RedisClient(apps.billing.redis!);
    const consumers: Consumer[] = [];
    const add = (body: string) => server.ask(["XADD", "pushes", "*", "body", body]);
    const onError = ({ name, message }: Error) => told.push(`${name} ${plain(message)}`);
    let handled = 0;
    consumers.push(await worker.consume(`${INSTANCE}/pushes`, () => {}, { group: "phone", onError }));
    consumers.push(await billing.consume(`${INSTANCE}/pushes`, () => void handled++));
    await server.ask(["XGROUP", "DESTROY", "pushes", "phone"]);
    await add("m");
    await until(() => handled === 1, "the other group");
    const end = await consumers[0]!.ended;
    expect(await fieldOf(server, "pushes", "body")).toEqual(["m"]);
    await Promise.all([...consumers.map((consumer) => consumer.stop()), worker.close(), billing.close()]);
    expect(await fieldOf(server, "pushes", "body")).toEqual(["m"]);
    expect(end?.name).toBe("OutdatedAccessError");
    expect([...new Set(told)]).toMatchInlineSnapshot(`
      [
        "RefusedError redis <server> as worker: there is no stream pushes, or it has no consumer group phone: run pulumi up --refresh, which makes it",
        "OutdatedAccessError redis/notifications/pushes/phone: the consumer ended, because its group is gone; start it again once the group exists: redis <server> as worker: there is no stream pushes, or it has no consumer group phone: run pulumi up --refresh, which makes it",
      ]
    `);
  });
});
