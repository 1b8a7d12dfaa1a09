/**
 * A process for the tests to kill: `consume`, `ackFirst` (a consumer that loses messages), `die` (one that never answers) or `redrive`.
 * It tells on standard output what it did, a line at a time.
 */
import { writeSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { DeleteMessageCommand, ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import { redrivenHeaders } from "../../../client/headers.ts";
import { connectionTo } from "../../../client/sqs/api.ts";
import { SqsClient } from "../../../client/sqs/client.ts";
import { operate } from "../../../client/sqs/operator.ts";
import { retries } from "./environment.ts";

const [verb, queue, milliseconds = "0"] = process.argv.slice(2) as [string, string, string?];
const { apps, operator } = retries();
const access = Object.values(apps).find(({ sqs }) => sqs?.consumes[queue])!.sqs!;
// Written when it returns, so that nothing that was done is untold.
const tell = (...words: string[]) => writeSync(1, `${words.join(" ")}\n`);

if (verb === "consume" || verb === "die") {
  const client = new SqsClient(access);
  const handler = async ({ id, body }: { id: string; body: Buffer }) => {
    tell("got", id);
    await wait(Number(milliseconds));
    if (verb === "die" && body.toString() === "deadly") process.kill(process.pid, "SIGKILL");
    tell("handled", id);
  };
  // One at a time, so that one is in hand when it is killed.
  await client.consume(queue, handler, { concurrency: 1 });
  tell("ready");
}

if (verb === "ackFirst") {
  const sqs = connectionTo(access);
  const { queueUrl: QueueUrl } = access.consumes[queue]!;
  tell("ready");
  for (;;) {
    const { Messages: [message] = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 1 }));
    if (message === undefined) continue;
    await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message.ReceiptHandle! }));
    await wait(Number(milliseconds));
    tell("handled", message.Body!);
  }
}

if (verb === "redrive") {
  const broker = operate(operator.sqs!);
  const letters = broker.deadLetters().find(({ flow }) => flow === `sqs/${queue}`)!;
  tell("ready");
  for await (const batch of letters.take(50)) {
    await letters.settle(
      batch.map(({ headers }) => ({ kind: "redrive", headers: redrivenHeaders(headers, "killed") })),
    );
    tell("redriven", String(batch.length));
  }
  await broker.close();
  tell("done");
}
