import { NAMESPACE } from "./environment.ts";
import type { Problem } from "./problem.ts";

/** The environment's keys that hold an administrator's password each; Pulumi encrypts them. */
export const SECRET_KEYS = ["rabbitmqPassword", "kafkaPassword", "redisPassword"] as const;

export type SecretKey = (typeof SECRET_KEYS)[number];

export const isSecretKey = (key: string): key is SecretKey => (SECRET_KEYS as readonly string[]).includes(key);

/** What is wrong with secrets that stand in the configuration unencrypted. `keys` are those that do, without `messaging:`. */
export const secretsInClear = (keys: readonly string[]): Problem[] =>
  keys.filter(isSecretKey).map((key) => ({
    path: `${NAMESPACE}:${key}`,
    rule: "be set with `pulumi config set --secret`",
    got: "a value in clear",
  }));
