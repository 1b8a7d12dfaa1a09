import { appendFileSync, readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { Connection } from "rabbitmq-client";
import type { RabbitmqAccess } from "../../../client/access.ts";
import { RabbitmqClient } from "../../../client/rabbitmq/client.ts";
import { toOptions } from "../../../client/rabbitmq/link.ts";

// A consumer that its parent ends at any moment: node rabbitmqConsumer.ts <outputs> <app> <queue> <journal> keeps|crashes|careless
const [outputs, app, queue, journal, manner] = process.argv.slice(2) as [string, string, string, string, string];
const access: RabbitmqAccess = JSON.parse(readFileSync(outputs, "utf8")).apps[app].rabbitmq;

if (manner === "careless") {
  // The control: the broker is told that a message is done when it is sent.
  const connection = new Connection(toOptions(access));
  connection.on("error", () => process.exit(1));
  const channel = await connection.acquire();
  await channel.basicConsume({ queue, noAck: true }, async ({ messageId }) => {
    await wait(10);
    appendFileSync(journal, `${messageId}\n`);
  });
} else {
  await new RabbitmqClient(access).consume(
    queue,
    async ({ id, body, attempt }) => {
      if (manner === "crashes") {
        appendFileSync(journal, `${id}\n`);
        if (body.toString() === "fails once" && attempt === 1) throw new Error("once");
        process.kill(process.pid, "SIGKILL");
        await new Promise(() => {});
      }
      await wait(Math.random() * 20);
      // Some come back through a tier, so that a kill may fall between its confirm and the acknowledgement.
      if (Number(body.toString()) % 5 === 0 && attempt === 1) throw new Error("the first time fails");
      appendFileSync(journal, `${id}\n`);
    },
    { concurrency: 1 },
  );
}
console.log("ready");
