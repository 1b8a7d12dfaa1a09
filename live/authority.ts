import { readFileSync } from "node:fs";
import { type Environment, NAMESPACE, SkillError } from "../skill/index.ts";

const KEYS = { rabbitmq: "cacertFile", kafka: "caCert", redis: "servers" } as const satisfies Partial<
  Record<keyof Environment, string>
>;

/** The certificate of the authority that a broker's configuration names by a file or, as Kafka's may, holds itself. PEM. */
export function authorityOf(broker: keyof typeof KEYS, given: string | undefined): string | undefined {
  if (given === undefined || given.includes("-----BEGIN")) return given;
  try {
    return readFileSync(given, "utf8");
  } catch (error) {
    const got = `${JSON.stringify(given)} (${(error as NodeJS.ErrnoException).code})`;
    throw new SkillError([{ path: `${NAMESPACE}:${broker}.${KEYS[broker]}`, rule: "be a file that can be read", got }]);
  }
}
