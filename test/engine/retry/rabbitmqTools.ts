import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { Channel } from "rabbitmq-client";
import { ConnectionError } from "../../../client/message.ts";
import type { RabbitmqOperator } from "../../../client/operator.ts";
import { takeBatch } from "../../../client/rabbitmq/batch.ts";
import type { RabbitmqClient } from "../../../client/rabbitmq/client.ts";
import { linkTo } from "../../../client/rabbitmq/link.ts";
import type { Retries } from "./environment.ts";

const root = join(import.meta.dirname, "../../..");

/** The queues of the vhost as its operator, past the interface that is tested. */
export function queuesOf(access: RabbitmqOperator) {
  const link = linkTo(access);
  const use = async <T>(what: (channel: Channel) => Promise<T>): Promise<T> => {
    const { channel } = await link.open();
    try {
      return await what(channel);
    } finally {
      await channel.close();
    }
  };
  const names = access.deadLetters.flatMap(({ queue, deadLetterQueue }) => [queue, deadLetterQueue]);
  return {
    purge: () =>
      use(async (channel) => {
        for (const queue of names) await channel.queuePurge({ queue });
      }),
    ready: (queue: string) =>
      use(async (channel) => (await channel.queueDeclare({ queue, passive: true })).messageCount),
    /** The ids of what waits in a dead-letter queue, and stays there. */
    ids: (queue: string) => use(async (channel) => (await all(channel, queue)).map(idOf)),
    /** The ids of what waited in a queue, and is gone: given back, it would count as delivered. */
    drained: (queue: string) =>
      use(async (channel) => {
        const messages = await all(channel, queue);
        const last = messages.at(-1);
        if (last) channel.basicAck({ deliveryTag: last.deliveryTag, multiple: true });
        return messages.map(idOf);
      }),
    close: () => link.close(),
  };
}

async function all(channel: Channel, queue: string) {
  const { messageCount } = await channel.queueDeclare({ queue, passive: true });
  return messageCount > 0 ? takeBatch(channel, queue, messageCount) : [];
}

const idOf = ({ messageId }: { messageId?: string }): string => messageId!;

/** Waits until the condition holds; fails after `seconds`. */
export async function until(what: string, condition: () => Promise<boolean> | boolean, seconds = 60): Promise<void> {
  for (const end = Date.now() + seconds * 1000; !(await condition()); await wait(20)) {
    if (Date.now() > end) throw new Error(`${what}: not within ${seconds} s`);
  }
}

/** A file to which children append lines, as what they did must outlive them. */
export function journal() {
  const file = join(mkdtempSync(join(tmpdir(), "retry-")), "journal");
  const lines = () => (existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : []);
  return { file, lines };
}

/** Starts a script of this folder, and returns once it has said that it is ready. */
export async function child(script: string, { outputs }: Retries, ...args: string[]): Promise<ChildProcess> {
  const path = join(import.meta.dirname, script);
  const started = spawn(process.execPath, ["--import", "tsx", path, outputs, ...args], {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
  });
  await new Promise<void>((resolve, reject) => {
    started.stdout!.once("data", () => resolve());
    started.once("exit", (code) => reject(new Error(`${script} ended with ${code} before it was ready`)));
  });
  return started;
}

/** Ends a process as a power cut would. Tells whether it was still running: where it was not, nothing was interrupted. */
export async function killed(process: ChildProcess): Promise<boolean> {
  const ended = exited(process);
  process.kill("SIGKILL");
  await ended;
  return process.signalCode === "SIGKILL";
}

/** Waits for the end of a process, and gives back its exit code. */
export async function exited(process: ChildProcess): Promise<number | null> {
  if (process.exitCode === null && process.signalCode === null) {
    await new Promise((resolve) => process.once("exit", resolve));
  }
  return process.exitCode;
}

/** Publishes one message after the other until told to stop; what is in `confirmed` the broker has confirmed. */
export function stream(client: RabbitmqClient, queue: string, key: string | undefined, pauseMilliseconds: number) {
  const confirmed: string[] = [];
  let stopped = false;
  const running = (async () => {
    for (let at = 0; !stopped; at++) {
      const id = `stream-${at}`;
      await surely(() => client.publish(queue, { body: String(at), id, ...(key !== undefined && { key }) }));
      confirmed.push(id);
      await wait(pauseMilliseconds);
    }
  })();
  return {
    confirmed,
    async stop() {
      stopped = true;
      await running;
    },
  };
}

/** An unconfirmed message is published again under its id. */
async function surely(publish: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      return void (await publish());
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
    }
  }
}

/** The smallest, the median, the 99th of a hundred and the largest. */
export function spread(values: number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return `n ${sorted.length}, min ${at(0)}, median ${at(0.5)}, p99 ${at(0.99)}, max ${sorted.at(-1)} ms`;
}

/** How many entries are there again. */
export const repeats = (entries: readonly string[]): number => entries.length - new Set(entries).size;
