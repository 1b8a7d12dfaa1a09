import type { Guarded, Properties } from "./guarded.ts";
import { inWords, lowered, wouldDelete } from "./limits.ts";
import { asking, queueName } from "./rabbitmq.ts";
import { type Run, unlessAllowed } from "./run.ts";

const LIMITS = ["message-ttl", "expires", "max-length", "max-length-bytes", "max-age"];

/** The limits by which a queue deletes what it holds, by a policy and its own arguments; of each the stricter applies, as in RabbitMQ. */
export function deleting(type: string | undefined, policy: Properties = {}, args: Properties = {}): Properties {
  const value = (setting: string): unknown => args[`x-${setting}`] ?? policy[setting];
  const least = (setting: string): number =>
    Math.min(...[args[`x-${setting}`], policy[setting]].map((one) => toNumber(setting, one)));
  const kept = value("dead-letter-exchange") !== undefined;
  const drops = !kept && (value("overflow") ?? "drop-head") === "drop-head";
  // A stream keeps less whatever its policy says of dead letters; a queue that is unused for too long goes with all that it holds.
  const applying =
    type === "stream"
      ? ["max-age", "max-length-bytes"]
      : ["expires", ...(kept ? [] : ["message-ttl"]), ...(drops ? ["max-length", "max-length-bytes"] : [])];
  return Object.fromEntries(applying.map((setting) => [setting, least(setting)]));
}

/** In seconds of what a stream's age is said in. */
const AGES: Record<string, number> = { Y: 31_536_000, M: 2_592_000, D: 86_400, h: 3_600, m: 60, s: 1 };

function toNumber(setting: string, value: unknown): number {
  if (value === undefined || value === null) return Number.POSITIVE_INFINITY;
  const [, count, unit = ""] = /^(\d+)([YMDhms])$/.exec(String(value)) ?? [];
  const number = setting === "max-age" && count !== undefined ? Number(count) * AGES[unit]! : Number(value);
  return Number.isNaN(number) ? 0 : number;
}

/** What is wrong with a policy that is set on what its queue holds, and on who consumes it; our policies bear the name of their one queue. */
const limited = (after: Properties, run: Run): Promise<string | undefined> => {
  const name = queueName({ inputs: after });
  return unlessAllowed(run, name, () => limitedOf(name, after, run));
};

async function limitedOf(name: string, after: Properties, run: Run): Promise<string | undefined> {
  const definition = after.policy?.definition ?? {};
  const some = [...LIMITS, "delivery-limit"].some((setting) => definition[setting] !== undefined);
  // What was made in this run holds nothing of anybody's.
  if (!some || run.made.has(name)) return undefined;
  const now = await asking(run, (rabbitmq) => rabbitmq.limits(after.vhost, after.name));
  if (!now) return undefined;
  const { type, definition: before, args } = now;
  const strangers = now.users.filter((user) => !Object.hasOwn(run.skill.apps, user.replace(/\.b$/, "")));
  const [returns] = lowered(["delivery-limit"], { "delivery-limit": now.deliveryLimit }, definition);
  if (returns && strangers.length > 0) {
    return [
      `${name}: must keep its delivery limit, ${Number.isFinite(returns.from) ? returns.from : "none"}, got ${returns.to}: it is consumed by ${strangers.join(", ")}, which this skill does not know, and what they give back more often would be dead-lettered.`,
      `  Declare who consumes it, or ask them first. Then set it on purpose, once: name ${name} in messaging:allowDataLoss of Pulumi.${run.stack}.yaml.`,
    ].join("\n");
  }
  const lower = lowered(LIMITS, deleting(type, before, args), deleting(type, definition, args));
  if (lower.length === 0) return undefined;
  const held = await asking(run, (rabbitmq) => rabbitmq.queue(after.vhost, after.name));
  if (!held || held.messages === 0) return undefined;
  const fits = lower.every(({ setting, to }) => setting === "max-length" && held.messages <= to);
  return fits ? undefined : wouldDelete(name, lower.map(inWords), held, run.stack);
}

export const policy: Guarded = {
  kind: "policy",
  name: ({ inputs }) => `rabbitmq/policy/${inputs.name}`,
  /** Without its policy, a queue that may not be made anew would lose dead letters meanwhile. */
  ends: ({ vhost, name }) => [{ type: "rabbitmq:index/queue:Queue", inputs: { vhost, name }, holds: false }],
  create: limited,
  change: (_, after, run) => limited(after, run),
  exists: ({ vhost, name }, run) => asking(run, (rabbitmq) => rabbitmq.exists("policy", name, vhost)),
};
