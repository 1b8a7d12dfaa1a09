// What the crash tests kill: node --import tsx redis-child.ts consume|careless|crash|redrive <file>
import { appendFileSync, readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { RedisClient } from "../../../client/redis/client.ts";
import { operate } from "../../../client/redis/operator.ts";
import { toDelivered } from "../../../client/redis/replies.ts";
import { serverOf } from "../../../client/redis/server.ts";
import { treat } from "../../../client/redrive.ts";

const [mode, file] = process.argv.slice(2) as [string, string];
const { apps, operator } = JSON.parse(readFileSync(process.env.RETRY_OUTPUTS!, "utf8"));
const client = new RedisClient(apps.worker.redis, { crashTimeout: 1_000 });
const onError = (error: Error) => process.env.RETRY_VERBOSE && console.error(error.message);

/** Notes each message when it has been handled. */
async function consume() {
  const handler = async ({ body }: { body: Buffer }) => {
    await wait(Math.random() * 4);
    appendFileSync(file, `${body}\n`);
  };
  await client.consume("notifications/emails", handler, { concurrency: 1, onError });
}

/** The control: acknowledges before it handles, so that a kill must lose something. */
async function careless() {
  const server = serverOf(apps.worker.redis.notifications);
  await server.ask(["XPENDING", "receipts", "printer"]);
  console.log("ready");
  for (;;) {
    const how = ["GROUP", "printer", "careless", "COUNT", "10", "BLOCK", "100", "NOACK"];
    for (const { fields } of toDelivered(await server.ask(["XREADGROUP", ...how, "STREAMS", "receipts", ">"]))) {
      await wait(Math.random() * 4);
      appendFileSync(file, `${fields[0]![1]}\n`);
    }
  }
}

/** Dies of every message. */
async function crash() {
  const handler = ({ attempt }: { attempt: number }) => {
    appendFileSync(file, `${attempt}\n`);
    process.kill(process.pid, "SIGKILL");
  };
  await client.consume("notifications/emails", handler, { onError });
}

/** Redrives all dead letters of one flow. */
async function redrive() {
  const broker = await operate(operator.redis);
  const letters = broker.deadLetters().find(({ flow }) => flow === "redis/notifications/pushes/phone")!;
  console.log("ready");
  const { treated } = await treat(letters, { id: `run-${process.pid}`, action: "redrive", group: letters.group });
  await broker.close();
  appendFileSync(file, `${treated}\n`);
}

await { consume, careless, crash, redrive }[mode]!();
console.log("ready");
