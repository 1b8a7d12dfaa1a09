import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from "vitest";
import { type AppAccess, connect } from "../../client/index.ts";
import type { OperatorAccess } from "../../client/operator.ts";
import { toEntries, toRecords } from "../../client/redis/replies.ts";
import { type Server, serverOf } from "../../client/redis/server.ts";
import { redisInventory } from "../../live/inventory/redis.ts";
import { redisLook } from "../../live/redis.ts";
import { edit, output, pulumi, restore } from "./clone.ts";
import { allow, changeSkill, refusals } from "./gate.ts";

const clone = inject("clone");
const GROUP = "redis/notifications/emails/mailer";
const ANY_AGE = /; the oldest came [^)]*/;

let server: Server;

const groups = async (): Promise<string> => String(await server.ask(["XINFO", "GROUPS", "emails"]));
/** Those that drift tells of. */
const streams = async (): Promise<string[]> => {
  const login = (await output<OperatorAccess>(clone, "operator")).redis!.notifications!;
  const { things } = await redisInventory("notifications", login);
  return things.flatMap(({ kind, name }) => (kind === "stream" ? [name] : []));
};
const entries = async (): Promise<number> => Number(await server.ask(["XLEN", "emails"]));

async function publish(count: number): Promise<void> {
  const client = connect((await output<Record<string, AppAccess>>(clone, "apps"))["notification-service"]!);
  for (let at = 0; at < count; at++) await client.publish("redis/notifications/emails", { body: `m${at}` });
  await client.close();
}

const up = async () => {
  const { code, output: printed } = await pulumi(clone, "up", "--yes", "--skip-preview", "--suppress-outputs");
  expect(code, printed).toBe(0);
  return printed.replace(ANY_AGE, "");
};
const refused = async (...command: string[]) =>
  (await refusals(clone, ...command)).map((text) => text.replace(ANY_AGE, ""));

/** What the environment's file says of Redis's ports, which it may not where the skill has no instance. */
const portsOfRedis = (settings: string): string => /\n +redis:\n +notifications: \d+/.exec(settings)![0];

// biome-ignore lint/suspicious/noExplicitAny: a skill as people write it
const withoutMailer = (skill: any) => {
  skill.redis.instances.notifications.streams.emails.consumers = {};
};

beforeAll(async () => {
  server = serverOf((await output<OperatorAccess>(clone, "operator")).redis!.notifications!);
  await server.ask(["XTRIM", "emails", "MAXLEN", "0"]);
  for (const group of ["mailer", "theirs"]) await server.ask(["XGROUP", "DESTROY", "emails", group]);
  await server.ask(["XGROUP", "CREATE", "emails", "mailer", "0"]);
});
afterEach(() => {
  restore(clone, "skill.yaml");
  allow(clone);
});
afterAll(async () => {
  await server.ask(["XTRIM", "emails", "MAXLEN", "0"]);
  server.close();
});

describe("the gate of Redis", () => {
  it("refuses to take over a group that somebody else made", async () => {
    await server.ask(["XGROUP", "CREATE", "emails", "theirs", "0"]);
    try {
      changeSkill(clone, (skill) => {
        skill.redis.instances.notifications.streams.emails.consumers.theirs = { app: "fulfilment" };
      });
      const rights = await server.ask(["ACL", "LIST"]);
      for (const command of [["preview"], ["up", "--yes", "--skip-preview"]]) {
        expect(await refused(...command)).toEqual([
          "redis/notifications/emails/theirs: must not exist yet, got a consumer group that this environment did not make: making it would take it over, and later delete it.",
        ]);
      }
      expect(await server.ask(["ACL", "LIST"])).toEqual(rights);
    } finally {
      await server.ask(["XGROUP", "DESTROY", "emails", "theirs"]);
    }
  });

  it("counts what the server holds, and nothing of its own", async () => {
    const look = redisLook((await output<OperatorAccess>(clone, "operator")).redis!.notifications!);
    const before = await look.server();
    await publish(3);
    await server.ask(["SET", "messaging:redrive:gate-test", "1", "EX", "60"]);
    const after = await look.server();
    expect(after.messages - before.messages).toBe(3);
    expect(after.detail).toContain("3 in emails");
    expect([await look.exists("fulfilment"), await look.exists("nobody")]).toEqual([true, false]);
    expect(await look.group("emails", "nobody")).toBeUndefined();
    await server.ask(["DEL", "messaging:redrive:gate-test"]);
    await look.close();
  });

  it("refuses to remove a group with entries in hand or not read, lets go exactly what is allowed, keeps the stream, and makes the group anew", async () => {
    await server.ask(["XREADGROUP", "GROUP", "mailer", "gate-test", "COUNT", "1", "STREAMS", "emails", ">"]);
    changeSkill(clone, withoutMailer);
    const holds = `${GROUP} holds 3 messages (1 not acknowledged, 2 not read): deleting it would lose them.`;
    const rights = await server.ask(["ACL", "LIST"]);
    expect(await refused("up", "--yes", "--skip-preview")).toEqual([holds]);
    expect(await groups()).toContain("mailer");
    expect(await server.ask(["ACL", "LIST"])).toEqual(rights);
    allow(clone, GROUP);
    expect(await up()).toContain(
      `${GROUP} goes with 3 messages (1 not acknowledged, 2 not read), as messaging:allowDataLoss says.`,
    );
    expect(await groups()).toBe("");
    expect(await entries()).toBe(3);
    expect(await streams()).toEqual(["emails"]);
    await server.ask(["XTRIM", "emails", "MAXLEN", "0"]);
    expect(await streams()).toEqual([]);
    restore(clone, "skill.yaml");
    allow(clone);
    await up();
    expect(await groups()).toContain("mailer");
  });

  it("counts what is left where the server does not know, or was told that all is read", async () => {
    await server.ask(["XTRIM", "emails", "MAXLEN", "0"]);
    await publish(3);
    const look = redisLook((await output<OperatorAccess>(clone, "operator")).redis!.notifications!);
    const left = async () => (await look.group("emails", "mailer"))?.detail;
    try {
      const [first, second] = toEntries(await server.ask(["XRANGE", "emails", "-", "+"]));
      const [stream] = toRecords([await server.ask(["XINFO", "STREAM", "emails"])]);
      const added = String(stream!["entries-added"]);
      await server.ask(["XGROUP", "SETID", "emails", "mailer", first!.id, "ENTRIESREAD", added]);
      expect(await groups()).toContain("lag,0");
      expect(await left()).toBe("0 not acknowledged, 2 not read");
      await server.ask(["XDEL", "emails", second!.id]);
      expect(await left()).toBe("0 not acknowledged, 1 not read");
    } finally {
      await look.close();
    }
  });

  it("takes nothing that a replica says for what is there", async () => {
    await server.ask(["XTRIM", "emails", "MAXLEN", "0"]);
    changeSkill(clone, withoutMailer);
    const look = redisLook((await output<OperatorAccess>(clone, "operator")).redis!.notifications!);
    await server.ask(["REPLICAOF", "127.0.0.1", "1"]);
    try {
      const unknown = "it is a replica of 127.0.0.1:1, which it has lost; give the address of the primary";
      await expect(look.group("emails", "mailer")).rejects.toThrow(unknown);
      const { code, output: printed } = await pulumi(clone, "preview");
      expect(code, printed).not.toBe(0);
      expect(printed).toContain("must be the primary, got a replica of 127.0.0.1:1: give the address of the primary");
    } finally {
      await server.ask(["REPLICAOF", "NO", "ONE"]);
      await look.close();
    }
  });

  it("refuses to take the server itself away for a key that somebody else made, before anything of it is touched", async () => {
    await server.ask(["XTRIM", "emails", "MAXLEN", "0"]);
    await server.ask(["SET", "theirs", "1"]);
    const rights = await server.ask(["ACL", "LIST"]);
    const before = await groups();
    const settings = readFileSync(join(clone.folder, `Pulumi.${clone.environment}.yaml`), "utf8");
    try {
      changeSkill(clone, (skill) => {
        delete skill.redis;
      });
      edit(clone, `Pulumi.${clone.environment}.yaml`, portsOfRedis(settings), "");
      expect(await refused("up", "--yes", "--skip-preview")).toEqual([
        "redis/notifications holds 1 key (no streams): deleting it would lose it.",
      ]);
      // A group of theirs waits for what comes next.
      await server.ask(["DEL", "theirs"]);
      await server.ask(["XGROUP", "CREATE", "theirs", "readers", "$", "MKSTREAM"]);
      for (const command of [["preview"], ["up", "--yes", "--skip-preview"]]) {
        expect(await refused(...command)).toEqual([
          "redis/notifications has theirs/readers in it, which is not known as this environment's own: deleting it would take it away from whoever uses it.",
        ]);
      }
      expect(await server.ask(["ACL", "LIST"])).toEqual(rights);
      expect(await groups()).toBe(before);
    } finally {
      writeFileSync(join(clone.folder, `Pulumi.${clone.environment}.yaml`), settings);
      restore(clone, "skill.yaml");
      await server.ask(["DEL", "theirs"]);
    }
    expect(await refused("preview", "--expect-no-changes")).toEqual([]);
  });

  it("refuses less memory than is in use, and the server takes writes as before", async () => {
    await server.ask(["SET", "gate-test:large", "x".repeat(20 * 2 ** 20)]);
    try {
      changeSkill(clone, (skill) => {
        skill.redis.instances.notifications.maxMemory = "16mb";
      });
      for (const command of [["preview"], ["up", "--yes", "--skip-preview"]]) {
        expect(await refused(...command)).toEqual([
          expect.stringMatching(
            /^redis\/notifications: must have a maxMemory above the 2\d\.\d MiB that are in use, got 16\.0 MiB: the server would refuse every write\.$/,
          ),
        ]);
      }
      await publish(1);
    } finally {
      await server.ask(["DEL", "gate-test:large"]);
    }
  });

  it("refuses the other engine on the data that stays", async () => {
    changeSkill(clone, (skill) => {
      skill.redis.instances.notifications.engine = "valkey";
    });
    expect(await refused()).toEqual([
      `container/messaging-${clone.environment}-redis-notifications: must keep its engine, redis, got valkey: its data stays on its volume, and the new container could not read it and would not start.`,
    ]);
  });

  it("lets a group go that has acknowledged all, once it has no dead letters either", async () => {
    await server.ask(["XTRIM", "emails", "MAXLEN", "0"]);
    changeSkill(clone, withoutMailer);
    await server.ask(["XADD", "emails.mailer.dlq", "*", "body", "m"]);
    expect(await refused()).toEqual([
      `${GROUP} holds 1 message (0 not acknowledged, 0 not read, 1 dead letter): deleting it would lose it.`,
    ]);
    await server.ask(["DEL", "emails.mailer.dlq"]);
    expect(await refused()).toEqual([]);
  });
});
