import * as pulumi from "@pulumi/pulumi";
import {
  type Environment,
  isSecretKey,
  NAMESPACE,
  type Problem,
  parseEnvironment,
  SECRET_KEYS,
  type SecretKey,
  SkillError,
  secretsInClear,
  structuredValue,
} from "../skill/index.ts";

/** The administrators' passwords, which stand outside of every structured key because Pulumi would store them there in clear. */
export type Secrets = Partial<Record<SecretKey, pulumi.Output<string>>>;

/** Reads every `messaging:` key of the stack; unknown keys, wrong values and secrets in clear are one SkillError together. */
export function readEnvironment(): { environment: Environment; secrets: Secrets } {
  const config = new pulumi.Config(NAMESPACE);
  const own = Object.entries(pulumi.runtime.allConfig()).flatMap(([key, value]) =>
    key.startsWith(`${NAMESPACE}:`) ? [[key.slice(NAMESPACE.length + 1), value] as const] : [],
  );

  // @ts-expect-error stripped from the SDK's declarations, exported at run time
  const isEncrypted: (key: string) => boolean = pulumi.runtime.isConfigSecret;
  // Language hosts have named keys in either form.
  const encrypted = (key: string) => isEncrypted(`${NAMESPACE}:${key}`) || isEncrypted(`${NAMESPACE}:config:${key}`);

  const inClear = secretsInClear(own.map(([key]) => key).filter((key) => !encrypted(key)));
  const plain = own.filter(([key]) => !isSecretKey(key)).map(([key, value]) => [key, structuredValue(value)] as const);
  const environment = parsed(Object.fromEntries(plain), inClear);
  const set = SECRET_KEYS.filter((key) => own.some(([name]) => name === key));
  const secrets = Object.fromEntries(set.map((key) => [key, config.requireSecret(key)]));
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
