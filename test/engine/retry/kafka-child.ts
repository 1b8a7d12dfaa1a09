import { writeSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import type { DeadLetters } from "../../../client/deadLetters.ts";
import { redrivenHeaders } from "../../../client/headers.ts";
import { RefusedError } from "../../../client/message.ts";
import { appClient, operatorClient } from "./kafka-support.ts";

// What the tests kill. Each line is written at once, so that a kill loses none that was reached.
const say = (line: string) => writeSync(1, `${line}\n`);

/** `consume`: handles what comes; `careless`: the same, but acknowledges before it has. */
async function consume(careless: boolean): Promise<void> {
  const work = async (id: string) => {
    await wait(2 + Math.random() * 20);
    say(`handled ${id}`);
    await wait(Math.random() * 5);
  };
  await appClient("worker").consume(
    "user-events",
    async ({ id, body }) => {
      if (body.toString() === "poison") throw new TypeError("poison");
      if (careless) void work(id);
      else await work(id);
    },
    { concurrency: 1 },
  );
  say("ready");
}

/** `redrive`: puts back all dead letters, but for every tenth, in batches of 20. Ends well, too, where it is told that another one does. */
async function redrive(): Promise<void> {
  const { letters, close } = operatorClient();
  try {
    await putBack(letters("kafka/user-events/notify"));
  } catch (error) {
    const isHeld = error instanceof RefusedError && error.message === HELD;
    if (!isHeld) throw error;
    say("held");
  } finally {
    await close();
  }
}

const HELD = "Kafka: another redrive holds the dead letters of kafka/user-events/notify";

async function putBack(own: DeadLetters): Promise<void> {
  for await (const batch of own.take(20)) {
    say("taken");
    await own.settle(
      batch.map((letter) =>
        letter.id.endsWith("0")
          ? { kind: "keep" }
          : { kind: "redrive", headers: redrivenHeaders(letter.headers, "test", own.group) },
      ),
    );
  }
}

const [role] = process.argv.slice(2);
if (role === "redrive") await redrive();
else await consume(role === "careless");
