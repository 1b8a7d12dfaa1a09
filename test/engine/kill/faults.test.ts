import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Result } from "../command.ts";
import type { Kind } from "./brokers.ts";
import { type Environment, environment, kills } from "./environment.ts";
import { inState, onBroker } from "./inventory.ts";
import { count, publish } from "./messages.ts";
import { WITH_SQS } from "./setup.ts";

/** An error may take so long, in milliseconds. */
const LONGEST_MS = 60_000;

type Fault = "refused" | "hang" | "reset" | "500";

async function begin({ proxy }: Environment, fault: Fault): Promise<void> {
  if (fault === "refused") return proxy.refuse();
  proxy.mode = fault;
  // What hangs is not told so; all else ends what is under way.
  if (fault !== "hang") proxy.release();
}

async function end({ proxy }: Environment, fault: Fault): Promise<void> {
  if (fault === "refused") await proxy.accept();
  proxy.mode = "pass";
  proxy.release();
}

/** An `up` from whose first change on the broker is as the fault says. The change itself does not reach it. */
async function midway(env: Environment, fault: Fault): Promise<Result> {
  let began = performance.now();
  const first = env.proxy.hold({ matches: env.kind.changes, skip: 0, side: "request" });
  const up = env.pulumi("up", "--yes", "--skip-preview", "--color", "never", "--suppress-outputs");
  const changes = await Promise.race([first.then(() => true), up.then(() => false)]);
  expect(changes, (await Promise.race([up, undefined]))?.output).toBe(true);
  began = performance.now();
  await begin(env, fault);
  return { ...(await up), milliseconds: performance.now() - began };
}

const figures: string[] = [];
afterAll(() => {
  for (const figure of figures) console.log(figure);
});

type Cases = Record<string, { atStart: Fault[]; midway: Fault[] }>;

const everything = (...faults: Fault[]) => ({ atStart: faults, midway: faults });
/** Only what speaks HTTP can answer 500. */
const ALL: Cases = {
  rabbitmq: everything("refused", "hang", "reset", "500"),
  kafka: everything("refused", "hang", "reset"),
  redis: everything("refused", "hang", "reset"),
  sqs: everything("refused", "hang", "reset", "500"),
};
/** Those in which a provider was wrong once, or most is left half done. */
const FEW: Cases = {
  rabbitmq: { atStart: ["refused"], midway: ["hang", "500"] },
  kafka: { atStart: [], midway: ["reset"] },
};
const cases = Object.entries(kills() < WITH_SQS ? FEW : ALL) as [Kind["name"], Cases[string]][];

describe.each(cases)("%s", (broker, { atStart, midway: inBetween }) => {
  let env: Environment;
  let kept: number;
  beforeAll(async () => {
    env = await environment(broker);
    const up = await env.pulumi("up", "--yes", "--skip-preview");
    expect(up.code, up.output).toBe(0);
    kept = await publish(env);
  });
  afterAll(async () => {
    await env?.remove();
  });

  it.each(atStart.map((fault, at) => ({ fault, version: at + 1 })))("$fault", async ({ fault, version }) => {
    env.version(version);
    await begin(env, fault);
    env.proxy.release();
    const preview = await env.pulumi("preview", "--color", "never", "--suppress-outputs");
    const up = await env.pulumi("up", "--yes", "--skip-preview", "--color", "never", "--suppress-outputs");
    await end(env, fault);
    await check({ fault, preview, up });
    await converges();
  });

  it.each(inBetween.map((fault, at) => ({ fault, version: 11 + at })))("$fault, midway", async ({ fault, version }) => {
    env.version(version);
    const up = await midway(env, fault);
    await end(env, fault);
    await check({ fault: `${fault}, midway`, up });
    await converges();
  });

  async function check({ fault, preview, up }: { fault: string; preview?: Result; up: Result }) {
    const seconds = ({ milliseconds }: { milliseconds: number }) => `${(milliseconds / 1000).toFixed(0)} s`;
    const looked = preview ? `preview ${preview.code} after ${seconds(preview)}, ` : "";
    figures.push(`${broker} ${fault}: ${looked}up ${up.code} after ${seconds(up)}`);
    if (process.env.KILL_SHOW) console.log(fault, preview?.output, up.output);
    expect(up.code, up.output).not.toBe(0);
    // Its address or, where a provider says no more than EOF, the provider's name.
    expect(up.output).toMatch(new RegExp(`127\\.0\\.0\\.1:${env.proxy.port}|provider=${broker}@`));
    // The resource that failed, by its type and name.
    expect(up.output).toMatch(/^ {2}\S+:\S+:\S+ \(\S+\):$/m);
    expect(up.output).not.toMatch(/^\s+at .*:\d+:\d+/m);
    expect(Math.max(up.milliseconds, preview?.milliseconds ?? 0), up.output).toBeLessThan(LONGEST_MS);
  }

  async function converges() {
    const again = await env.pulumi("up", "--yes", "--skip-preview", "--color", "never", "--suppress-outputs");
    expect(again.code, again.output).toBe(0);
    const after = await env.pulumi("preview", "--expect-no-changes");
    expect(after.code, after.output).toBe(0);
    const refresh = await env.pulumi("refresh", "--preview-only", "--expect-no-changes", "--color", "never");
    expect(refresh.code, refresh.output).toBe(0);
    expect(await onBroker(env)).toEqual(inState(env));
    expect(await count(env)).toBe(kept);
  }
});
