import * as pulumi from "@pulumi/pulumi";
import { type Environment, NAMESPACE, type Problem, parseEnvironment, SkillError } from "../skill/index.ts";

const SECRETS = ["rabbitmqPassword", "kafkaPassword", "redisPassword"] as const;

/** The administrators' passwords, which stand outside of every structured key because Pulumi would store them there in clear. */
export type Secrets = Partial<Record<(typeof SECRETS)[number], pulumi.Output<string>>>;

/** Reads every `messaging:` key of the stack; unknown keys, wrong values and secrets in clear are one SkillError together. */
export function readEnvironment(): { environment: Environment; secrets: Secrets } {
  const config = new pulumi.Config(NAMESPACE);
  const own = Object.entries(pulumi.runtime.allConfig()).flatMap(([key, value]) =>
    key.startsWith(`${NAMESPACE}:`) ? [[key.slice(NAMESPACE.length + 1), value] as const] : [],
  );
  const isSecret = (key: string): key is keyof Secrets => (SECRETS as readonly string[]).includes(key);

  // @ts-expect-error stripped from the SDK's declarations, exported at run time
  const isEncrypted: (key: string) => boolean = pulumi.runtime.isConfigSecret;
  // Language hosts have named keys in either form.
  const encrypted = (key: string) => isEncrypted(`${NAMESPACE}:${key}`) || isEncrypted(`${NAMESPACE}:config:${key}`);

  const inClear = own
    .filter(([key]) => isSecret(key) && !encrypted(key))
    .map(([key]) => ({
      path: `${NAMESPACE}:${key}`,
      rule: "be set with `pulumi config set --secret`",
      got: "a value in clear",
    }));
  const plain = own.filter(([key]) => !isSecret(key)).map(([key, value]) => [key, structured(value)] as const);
  const environment = parsed(Object.fromEntries(plain), inClear);
  const secrets = Object.fromEntries(SECRETS.map((key) => [key, config.getSecret(key)]));
  return { environment, secrets };
}

/** The environment, where nothing is wrong with it and nothing was before. */
function parsed(config: Record<string, unknown>, before: Problem[]): Environment {
  let environment: Environment;
  try {
    environment = parseEnvironment(config);
  } catch (error) {
    throw error instanceof SkillError ? new SkillError([...before, ...error.problems]) : error;
  }
  if (before.length > 0) throw new SkillError(before);
  return environment;
}

/** Stack configuration gives every value as text: JSON where it has structure. */
function structured(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
