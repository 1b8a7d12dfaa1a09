import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { parse, stringify } from "yaml";
import type { OperatorAccess } from "../../../client/operator.ts";
import { type Clone, variables } from "../clone.ts";
import { type CommandOptions, type Result, run } from "../command.ts";
import { MARKED, type Passwords } from "./administrators.ts";
import type { Haystacks } from "./haystacks.ts";

/** An environment whose brokers are those of the clone, reached as the administrators that the test has added. */
export const STACK = "marked";

export const stateFile = ({ folder }: Clone) => join(folder, `.state/.pulumi/stacks/messaging/${STACK}.json`);

/** What runs commands as people type them, with temporary files in a folder of their own, and keeps all that they print as haystacks. */
export function ground(clone: Clone, to: Haystacks, temporary: string) {
  const env = {
    ...variables(clone),
    PULUMI_CONFIG_PASSPHRASE_FILE: join(clone.folder, ".state/passphrase"),
    TMPDIR: temporary,
  };
  const at = (more: CommandOptions = {}): CommandOptions => ({
    cwd: clone.folder,
    ...more,
    env: { ...env, ...more.env },
  });
  const kept = async (where: string, running: Promise<Result>): Promise<Result> => {
    const result = await running;
    to.add(where, result.output);
    return result;
  };
  return {
    /** `npx pulumi` on the marked environment; `where` is the haystack of what it prints. */
    pulumi: (where: string, args: readonly string[], more?: CommandOptions) =>
      kept(where, run("npx", ["pulumi", ...args, "--stack", STACK, "--non-interactive"], at(more))),
    messaging: (where: string, args: readonly string[]) => kept(where, run("npx", ["messaging", ...args], at())),
    npm: (where: string, args: readonly string[]) => kept(where, run("npm", [...args], at())),
    /** An `up` that is killed with all that it started, once something is under way in the state. */
    async killedUp(): Promise<number> {
      const up = ["pulumi", "up", "--yes", "--skip-preview", "--stack", STACK, "--non-interactive"];
      const { cwd, env: variables } = at();
      const child = spawn("npx", up, { cwd, env: { ...process.env, ...variables }, detached: true, stdio: "ignore" });
      const ended = once(child, "close");
      while (child.exitCode === null && pendingIn(clone) === 0) await wait(5);
      process.kill(-child.pid!, "SIGKILL");
      await ended;
      return pendingIn(clone);
    },
  };
}

export type Ground = ReturnType<typeof ground>;

/** How many operations the state notes as under way. */
function pendingIn(clone: Clone): number {
  try {
    return JSON.parse(readFileSync(stateFile(clone), "utf8")).checkpoint.latest?.pending_operations?.length ?? 0;
  } catch {
    return 0;
  }
}

/** Writes how the brokers are reached and what is made on them; with `more`, a queue, a topic and users more. Passwords that are set stay. */
export function configure(clone: Clone, { rabbitmq, kafka, redis }: Required<OperatorAccess>, more = false): void {
  const file = join(clone.folder, `Pulumi.${STACK}.yaml`);
  const before = parse(readFileSync(file, "utf8")) ?? {};
  const { host, port } = redis.notifications!;
  const flow = { producers: ["shop"], consumers: { mill: {} } };
  const topic = { partitions: 1, replicationFactor: 1, producers: ["shop"], consumers: { marked: { app: "mill" } } };
  const retry = { maxAttempts: 2, initialDelay: "1s" };
  const apps = { "order-service": null, fulfilment: null, "notification-service": null, "payment-service": null };
  const skill = {
    retry,
    apps: { ...apps, shop: {}, mill: {}, ...(more && { yard: {} }) },
    rabbitmq: {
      vhost: STACK,
      queues: {
        orders: { producers: ["shop"], consumers: { fulfilment: null, mill: {} }, retry: { maxAttempts: 2 } },
        ...(more && { extra: { ...flow, producers: ["yard"] } }),
      },
    },
    kafka: {
      topics: {
        "user-events": null,
        "marked-clicks": topic,
        ...(more && { "marked-extra": { ...topic, producers: ["yard"] } }),
      },
    },
    sqs: null,
    redis: {
      instances: {
        notifications: {
          channels: null,
          streams: {
            emails: null,
            "marked-mails": { producers: ["shop"], consumers: { "marked-mailer": { app: "mill" } } },
          },
          keys: { "cart:*": null, "marked:*": more ? ["shop", "yard"] : ["shop"] },
        },
      },
    },
  };
  const config = {
    ...before.config,
    "messaging:brokers": "external",
    "messaging:rabbitmq": { endpoint: rabbitmq.managementUrl, url: rabbitmq.url, username: MARKED },
    "messaging:kafka": { bootstrapServers: kafka.bootstrapServers, tls: false, username: MARKED },
    "messaging:redis": {
      provision: "external",
      servers: { notifications: { host, port, tls: false, username: MARKED } },
    },
    "messaging:skill": skill,
  };
  writeFileSync(file, stringify({ ...before, config }));
}

/** Sets the administrators' passwords as the README says, by standard input. */
export async function setPasswords({ pulumi }: Ground, passwords: Passwords): Promise<void> {
  for (const [broker, input] of Object.entries(passwords)) {
    const args = ["config", "set", "--secret", `messaging:${broker}Password`];
    const { code, output } = await pulumi("pulumi config set", args, { input });
    if (code !== 0) throw new Error(output);
  }
}
