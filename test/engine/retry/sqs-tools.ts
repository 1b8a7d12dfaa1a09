import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { PurgeQueueCommand } from "@aws-sdk/client-sqs";
import type { DeadLetter, DeadLetters } from "../../../client/deadLetters.ts";
import { connectionTo } from "../../../client/sqs/api.ts";
import { operate } from "../../../client/sqs/operator.ts";
import { retries } from "./environment.ts";

/** A child of the tests and what it has told so far. */
export interface Child {
  process: ChildProcess;
  lines: string[];
  /** When its next line is this one; rejects where it ends before. */
  told(line: string): Promise<void>;
  kill(): Promise<void>;
}

export function child(...words: string[]): Child {
  const started = spawn(
    process.execPath,
    ["--import", "tsx", new URL("sqs-child.ts", import.meta.url).pathname, ...words],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const lines: string[] = [];
  const reader = createInterface(started.stdout!).on("line", (line) => lines.push(line));
  const ended = once(reader, "close");
  return {
    process: started,
    lines,
    told: async (line) => {
      const gone = ended.then(() => "gone");
      while (!lines.includes(line)) {
        const next = await Promise.race([once(reader, "line"), gone]);
        if (next === "gone" && !lines.includes(line)) throw new Error(`the child ended before it told: ${line}`);
      }
    },
    kill: async () => {
      started.kill("SIGKILL");
      await ended;
    },
  };
}

/** The ids that children have told of under this word. */
export const idsOf = (children: readonly Child[], word: string): string[] =>
  children.flatMap(({ lines }) =>
    lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1)),
  );

/** Empties every queue of the environment. */
export async function purge(): Promise<void> {
  const { apps, operator } = retries();
  const sqs = connectionTo(operator.sqs!);
  const subscriptions = Object.values(apps).flatMap(({ sqs: access }) => Object.values(access?.consumes ?? {}));
  const urls = subscriptions.flatMap(({ queueUrl, deadLetterQueueUrl }) => [queueUrl, deadLetterQueueUrl ?? []].flat());
  await Promise.all(urls.map((QueueUrl) => sqs.send(new PurgeQueueCommand({ QueueUrl }))));
  sqs.destroy();
}

/** The operator of SQS and the dead letters of one queue. */
export function operatorOf(queue: string) {
  const broker = operate(retries().operator.sqs!);
  return { broker, letters: broker.deadLetters().find(({ flow }) => flow === `sqs/${queue}`)! };
}

/** Takes every dead letter off. */
export async function drained(letters: DeadLetters): Promise<DeadLetter[]> {
  const all: DeadLetter[] = [];
  for await (const batch of letters.take(100)) {
    all.push(...batch);
    await letters.settle(batch.map(() => ({ kind: "drop" })));
  }
  return all;
}

/** Waits for a condition; fails after so many milliseconds. */
export async function until(what: string, met: () => boolean | Promise<boolean>, milliseconds = 60_000): Promise<void> {
  const deadline = Date.now() + milliseconds;
  while (!(await met())) {
    if (Date.now() > deadline) throw new Error(`in vain for ${milliseconds} ms: ${what}`);
    await wait(50);
  }
}

/** How many there are beyond the first of each. */
export const repeated = (ids: readonly string[]): number => ids.length - new Set(ids).size;

/** The least, the middle, all but a hundredth, and the most of some figures. */
export function spread(figures: readonly number[]): {
  n: number;
  min: number;
  median: number;
  p99: number;
  max: number;
} {
  const sorted = [...figures].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
  return { n: sorted.length, min: at(0), median: at(0.5), p99: at(0.99), max: at(1) };
}
