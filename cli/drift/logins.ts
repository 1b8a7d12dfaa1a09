import type { AppAccess } from "../../client/access.ts";
import { RefusedError } from "../../client/message.ts";
import { linkTo } from "../../client/rabbitmq/link.ts";
import type { Change, Finding } from "./finding.ts";

/** A login of an app that is to be tried. */
interface Login {
  broker: string;
  user: string;
  try(): Promise<void>;
}

/**
 * Logs in as each app whose user is there: no provider can see that a password was changed. Gives the findings back, with the users
 * that were refused as changed.
 */
export async function tryLogins(findings: readonly Finding[], apps: Record<string, AppAccess>): Promise<Finding[]> {
  const isThere = ({ broker, user }: Login) =>
    findings.some(
      (each) => each.broker === broker && each.kind === "user" && each.name === user && each.status !== "missing",
    );
  const tried = Object.values(apps).flatMap(loginsOf).filter(isThere);
  const refused = await Promise.all(tried.map(async (login) => ({ ...login, refused: await isRefused(login) })));
  return findings.map((finding) => {
    const own = refused.find(({ broker, user }) => broker === finding.broker && user === finding.name);
    return finding.kind === "user" && own?.refused ? withRefusal(finding) : finding;
  });
}

const LOGIN: Change = { property: "login", expected: "accepted, with the environment's password", found: "refused" };

const withRefusal = (finding: Finding): Finding => ({
  ...finding,
  status: "changed",
  changes: [...finding.changes, LOGIN],
});

/** Why RabbitMQ refuses whatever the password is. */
const OTHERWISE = /connection limit \(\d+\) is reached|vhost .+ not found/;

async function isRefused(login: Login): Promise<boolean> {
  try {
    await login.try();
    return false;
  } catch (error) {
    if (error instanceof RefusedError) return !OTHERWISE.test(error.message);
    throw error;
  }
}

function loginsOf({ rabbitmq, kafka, redis = {} }: AppAccess): Login[] {
  return [
    ...(rabbitmq ? [{ broker: "rabbitmq", user: rabbitmq.username, try: () => rabbitmqLogin(rabbitmq) }] : []),
    ...(kafka
      ? [
          {
            broker: "kafka",
            user: kafka.username,
            try: async () => (await import("../../live/inventory/kafka.ts")).kafkaLogin(kafka),
          },
        ]
      : []),
    ...Object.entries(redis).map(([instance, access]) => ({
      broker: `redis/${instance}`,
      user: access.username,
      try: async () => (await import("../../live/inventory/redis.ts")).redisLogin(access),
    })),
  ];
}

async function rabbitmqLogin(access: NonNullable<AppAccess["rabbitmq"]>): Promise<void> {
  const link = linkTo(access);
  try {
    await (await link.open()).channel.close();
  } finally {
    await link.close();
  }
}
