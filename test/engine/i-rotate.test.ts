import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { type Client, connect } from "../../client/index.ts";
import { linkTo } from "../../client/rabbitmq/link.ts";
import { output, pulumi, variables } from "./clone.ts";
import { run } from "./command.ts";
import { type Apps, logins, traffic } from "./rotateTraffic.ts";

const clone = inject("clone");
const file = join(clone.folder, `Pulumi.${clone.environment}.yaml`);
const ROTATED = ["order-service", "fulfilment", "notification-service"];
const before = readFileSync(file, "utf8");

const messaging = (...args: string[]) =>
  run("npx", ["messaging", ...args], { cwd: clone.folder, env: variables(clone) });
const rotate = (app: string, ...args: string[]) => messaging("rotate", app, "-e", clone.environment, ...args);

async function up(what: string) {
  const {
    code,
    output: printed,
    milliseconds,
  } = await pulumi(clone, "up", "--yes", "--skip-preview", "--suppress-outputs");
  expect(code, printed).toBe(0);
  console.log(`up, ${what}: ${(milliseconds / 1000).toFixed(1)} s`);
}

/** Nothing is left to do, and nothing is on the brokers that should not be. */
async function expectSteady() {
  const [preview, drift] = [
    await pulumi(clone, "preview", "--expect-no-changes"),
    await messaging("drift", "-e", clone.environment),
  ];
  expect(preview.code, preview.output).toBe(0);
  expect(drift.code, drift.output).toBe(0);
}

const accessOf = () => output<Apps>(clone, "apps");
const loginsOf = async (apps: Apps) =>
  Object.fromEntries(await Promise.all(ROTATED.map(async (app) => [app, await logins(apps[app]!)] as const)));
const everywhere = (said: string) => ({
  "order-service": { rabbitmq: said, kafka: said, "redis/notifications": said },
  fulfilment: { rabbitmq: said, "redis/notifications": said },
  "notification-service": { kafka: said, "redis/notifications": said },
});

describe("messaging rotate, under traffic", () => {
  const flowing = traffic();
  let old: Apps;
  let fresh: Apps;
  let running: Awaited<ReturnType<typeof flowing.instances>>;
  /** An instance of order-service that nobody restarts. */
  let forgotten: { client: Client; link: ReturnType<typeof linkTo>; ended: Promise<Error>; isOpen: boolean };

  beforeAll(async () => {
    old = await accessOf();
    running = await flowing.instances(old);
    const link = linkTo(old["order-service"]!.rabbitmq!);
    const client = connect(old["order-service"]!);
    await client.publish("kafka/user-events", { body: "forgotten", key: "forgotten" });
    await client.broadcast("redis/notifications/order:1", "forgotten");
    const { ended } = await link.open();
    forgotten = { client, link, ended, isOpen: true };
    ended.then(() => {
      forgotten.isOpen = false;
    });
  });
  afterAll(async () => {
    await running?.stop().catch(() => {});
    await Promise.allSettled([forgotten?.client.close(), forgotten?.link.close()]);
    writeFileSync(file, before);
    await up("back to the first credentials");
    expect(await accessOf()).toEqual(old);
    await expectSteady();
  });

  it("writes a second credential for each app into the stack's file, once", async () => {
    for (const app of ROTATED) expect((await rotate(app)).code).toBe(0);
    const written = readFileSync(file, "utf8").split("\n");
    expect(written.filter((line) => !before.split("\n").includes(line))).toEqual([
      "  messaging:credentials:",
      ...ROTATED.map((app) => `    ${app}: { current: 2, previous: 1 }`),
    ]);
    expect(before.split("\n").filter((line) => !written.includes(line))).toEqual([]);
    const again = await rotate("order-service");
    expect(again.code, again.output).toBe(1);
    expect(again.output).toContain("must have no rotation under way, got credentials 1 and 2");
    const early = await rotate("order-service", "--finish");
    expect(early.code, early.output).toBe(1);
    expect(early.output).toContain("got something else: npx pulumi up");
  });

  it("has both accepted after the next up", async () => {
    await up("both credentials");
    fresh = await accessOf();
    expect(await loginsOf(old)).toEqual(everywhere("accepted"));
    expect(await loginsOf(fresh)).toEqual(everywhere("accepted"));
    const user = ({ rabbitmq, kafka, redis }: Apps[string]) => [
      rabbitmq?.username,
      kafka?.username,
      redis?.notifications?.username,
    ];
    expect(user(fresh["order-service"]!)).toEqual(Array(3).fill("order-service.b"));
    await expectSteady();
  });

  it("tells where it stands", async () => {
    const { code, stdout, output: printed } = await rotate("order-service", "--status");
    expect(code, printed).toBe(0);
    expect(stdout).toMatch(
      /^order-service: credential 2 \(user order-service\.b\), and 1 \(user order-service\) beside it\n {2}rabbitmq: [1-9]\d* connections of user order-service\n {2}kafka: nobody can tell .*\n {2}redis\/notifications: 1 connection of user order-service\n$/,
    );
  });

  it("keeps the old one while somebody is connected with it, where the broker tells", async () => {
    const { code, output: printed } = await rotate("fulfilment", "--finish");
    expect(code, printed).toBe(1);
    expect(printed).toMatch(
      /with credential 1 \(user fulfilment\), got \d+ connections? on rabbitmq, \d+ connections? on redis\/notifications/,
    );
    const next = await flowing.instances(fresh);
    await running.stop();
    running = next;
  });

  it("takes the old one out when nobody is, or when it is told to", async () => {
    for (const [app, ...args] of [["fulfilment"], ["notification-service"], ["order-service", "--force"]] as const) {
      const done = await rotate(app, "--finish", ...args);
      expect(done.code, done.output).toBe(0);
    }
    const again = await rotate("order-service", "--finish");
    expect(again.code, again.output).toBe(0);
    expect(again.output).toContain("no rotation is under way");
    const early = await rotate("order-service");
    expect(early.code, early.output).toBe(1);
    expect(early.output).toContain("got something else: npx pulumi up");
  });

  it("has the old one refused after the next up, and its connections ended", async () => {
    expect(forgotten.isOpen).toBe(true);
    await up("new credentials alone");
    expect(await loginsOf(old)).toEqual(everywhere("refused"));
    expect(await loginsOf(fresh)).toEqual(everywhere("accepted"));
    expect(await accessOf()).toEqual(fresh);
    expect(await forgotten.ended).toMatchObject({ name: "ConnectionError" });
    const { client } = forgotten;
    const kafka = client.publish("kafka/user-events", { body: "no", key: "no" });
    // Its connection is still there: it has no right any more, and a new one would not be let in.
    await expect(kafka).rejects.toThrow(/^Kafka refuses publishing to user-events: .*AUTHORIZATION_FAILED/);
    const redis = client.broadcast("redis/notifications/order:1", "no");
    await expect(redis).rejects.toMatchObject({ name: "RefusedError" });
    await expectSteady();
  });

  it("loses nothing that was confirmed", async () => {
    await running.stop();
    const last = await flowing.instances(fresh);
    await flowing.arrived(30_000);
    await last.stop();
    await flowing.arrived(1_000);
    const accounts = flowing.accounts();
    console.log(JSON.stringify(accounts));
    for (const { confirmed, lost } of Object.values(accounts)) {
      expect(lost).toBe(0);
      expect(confirmed).toBeGreaterThan(100);
    }
  });
});
