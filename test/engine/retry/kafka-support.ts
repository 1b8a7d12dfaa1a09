import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as wait } from "node:timers/promises";
import type { DeadLetter, DeadLetters } from "../../../client/deadLetters.ts";
import { KafkaClient } from "../../../client/kafka/client.ts";
import { type Cluster, openCluster } from "../../../client/kafka/cluster.ts";
import { readLog } from "../../../client/kafka/log.ts";
import { deleteBefore } from "../../../client/kafka/offsets.ts";
import { operate } from "../../../client/kafka/operator.ts";
import { wholeLog } from "../../../client/kafka/remaining.ts";
import { retries } from "./environment.ts";

/** The least that the broker allows, so that a killed consumer is soon followed by another. */
const leastSessionTimeout = 6_000;

export const appClient = (app: "shop" | "worker" | "billing", sessionTimeout = leastSessionTimeout) =>
  new KafkaClient(retries().apps[app].kafka!, { sessionTimeout });

/** The operator, with low-level access for setting up and counting. */
export function operatorClient() {
  const access = retries().operator.kafka!;
  const operator = operate(access);
  const cluster = openCluster(access, "messaging-test");
  return {
    cluster,
    operator,
    letters: (flow: string): DeadLetters => operator.deadLetters().find((letters) => letters.flow === flow)!,
    async close() {
      await operator.close();
      await cluster.close();
    },
  };
}

/** Waits until something holds; fails after `patience` milliseconds, saying what was waited for. */
export async function eventually(what: string, holds: () => Promise<boolean> | boolean, patience = 180_000) {
  const deadline = Date.now() + patience;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`waited ${patience} ms in vain until ${what}`);
    await wait(100);
  }
}

/** All records that a topic holds. */
export async function recordsIn(cluster: Cluster, topic: string) {
  cluster.forget();
  const records = [];
  for (const range of await wholeLog(cluster, topic))
    for await (const record of readLog(cluster, range)) records.push(record);
  return records;
}

/** Deletes all records of a topic. */
export async function emptied(cluster: Cluster, topic: string): Promise<void> {
  cluster.forget();
  for (const { partition, from, to } of await wholeLog(cluster, topic)) {
    if (to > from) await deleteBefore(cluster, topic, partition, to);
  }
}

/** Every dead letter. */
export const allOf = async (letters: DeadLetters): Promise<DeadLetter[]> => letters.peek(1_000_000);

/** A child process of `kafka-child.ts`, and the lines that it printed. */
export interface Child {
  lines: string[];
  process: ChildProcess;
  /** Resolved when it ended. */
  ended: Promise<number | null>;
  kill(): Promise<void>;
}

const running = new Set<ChildProcess>();

/** Ends those that a test which failed has left. */
export const endChildren = (): void => {
  for (const left of running) left.kill("SIGKILL");
};

export function child(...args: string[]): Child {
  const script = new URL("kafka-child.ts", import.meta.url).pathname;
  const made = spawn(process.execPath, ["--import", "tsx", script, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
    env: process.env,
  });
  const lines: string[] = [];
  let rest = "";
  made.stdout.setEncoding("utf8").on("data", (text: string) => {
    const parts = (rest + text).split("\n");
    rest = parts.pop()!;
    lines.push(...parts);
  });
  running.add(made);
  const ended = new Promise<number | null>((resolve) =>
    made.on("close", (code) => {
      running.delete(made);
      resolve(code);
    }),
  );
  return {
    lines,
    process: made,
    ended,
    async kill() {
      made.kill("SIGKILL");
      await ended;
    },
  };
}

/** `min 1000, median 1003, p99 1012, max 1013 (n 300)` */
export function distribution(values: readonly number[]): string {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  return `min ${sorted[0]}, median ${at(0.5)}, p99 ${at(0.99)}, max ${sorted.at(-1)} (n ${sorted.length})`;
}
