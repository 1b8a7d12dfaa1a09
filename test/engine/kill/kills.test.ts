import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Kind, kinds } from "./brokers.ts";
import { type Environment, environment, kills } from "./environment.ts";
import { inState, onBroker } from "./inventory.ts";
import { type Kill, killedUp, locks, PHASES, type Phase } from "./killed.ts";
import { count, publish } from "./messages.ts";
import type { Victim } from "./processes.ts";
import { WITH_SQS } from "./setup.ts";

/** Who runs at each moment, and can be killed then. */
const VICTIMS: Record<Phase, Victim[]> = {
  "before the lock": ["cli", "all"],
  "locked, no operation yet": ["cli", "all"],
  "operation noted, broker not called": ["cli", "plugin", "all", "program"],
  "broker called, reply held": ["plugin", "cli", "all", "program"],
  "between delete and create": ["cli", "plugin", "all", "program"],
  "while the state is written": ["all", "cli", "plugin", "program"],
  "after the last operation": ["cli", "all"],
};

/** How the kills are shared among the brokers. */
const SHARES: [Kind["name"], number][] = [
  ["rabbitmq", 0.5],
  ["kafka", 0.3],
  ["redis", 0.2],
];

/** The kills of one broker: every phase in turn, and in every round another victim and another request. */
function plan(broker: Kind["name"], many: number): Kill[] {
  const replaces = broker === "rabbitmq" || broker === "kafka";
  // Where there are few, the moments at which most can go wrong come first.
  const first: Phase[] = [
    "broker called, reply held",
    "between delete and create",
    "operation noted, broker not called",
  ];
  const phases = [...first, ...PHASES.filter((phase) => !first.includes(phase))].filter(
    (phase) => replaces || phase !== "between delete and create",
  );
  return Array.from({ length: many }, (_, at) => {
    const phase = phases[at % phases.length]!;
    const round = Math.floor(at / phases.length);
    const victims = VICTIMS[phase];
    return { phase, victim: victims[round % victims.length]!, nth: (at * 3 + round + 1) % kinds[broker].requests };
  });
}

const all = kills();
const shares = SHARES.map(([broker, share]) => [broker, Math.max(1, Math.round(all * share))] as const);
shares[0] = ["rabbitmq", Math.max(PHASES.length, shares[0]![1])];
const tried = [...shares, ...(all >= WITH_SQS ? [["sqs", Math.max(2, Math.round(all * 0.04))] as const] : [])];

const figures: { broker: string; phase: string; victim: string; seconds: number; found: number }[] = [];
afterAll(() => {
  const seconds = figures.map((figure) => figure.seconds).sort((a, b) => a - b);
  const median = seconds[Math.floor(seconds.length / 2)] ?? 0;
  console.log(
    `${figures.length} kills; recover and up took ${median.toFixed(1)} s (median), ${seconds.at(-1)?.toFixed(1)} s at most`,
  );
  for (const { broker, phase, victim, found } of figures)
    console.log(`  ${broker}, ${phase}, ${victim}: ${found} found`);
});

describe.each(tried)("%s", (broker, many) => {
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

  const planned = plan(broker, many).map((kill, at) => ({ ...kill, at: at + 1 }));
  it.each(planned)("$at: $victim, $phase ($nth)", async ({ at, ...kill }) => {
    env.version(at, kill.phase === "between delete and create");
    let { hit, said } = await killedUp(env, kill);
    if (!hit) {
      // Fewer requests than there are at most: the first one comes in every update.
      env.version(at + 100, kill.phase === "between delete and create");
      ({ hit, said } = await killedUp(env, { ...kill, nth: 0 }));
    }
    expect(hit, `this moment did not come:\n${said}`).toBe(true);

    // What was let go once is gone by now.
    env.version(at);
    const recovered = await env.messaging("recover", "--yes", "--json");
    expect(recovered.code, recovered.output).toBe(0);
    const up = await env.pulumi("up", "--yes", "--skip-preview", "--color", "never");
    expect(up.code, `${recovered.output}\n${up.output}`).toBe(0);
    const { found } = JSON.parse(recovered.stdout);
    const seconds = (recovered.milliseconds + up.milliseconds) / 1000;
    figures.push({ broker, phase: kill.phase, victim: kill.victim, seconds, found: found.length });

    const [preview, refresh, live] = await Promise.all([
      env.pulumi("preview", "--expect-no-changes"),
      env.pulumi("refresh", "--preview-only", "--expect-no-changes"),
      onBroker(env),
    ]);
    expect(preview.code, preview.output).toBe(0);
    expect(refresh.code, refresh.output).toBe(0);
    expect(live).toEqual(inState(env));
    expect(env.pending()).toEqual([]);
    expect(locks(env)).toEqual([]);
    expect(await count(env)).toBe(kept);
  });
});
