import { externalOperators } from "../../live/external.ts";
import type { LookAccess } from "../../live/index.ts";
import type { ConnectArgs } from "../brokers.ts";
import type { EarlierOutputs } from "../former/earlier.ts";
import { localOperators } from "../local/operators.ts";
import { known, resolved } from "./known.ts";

/**
 * How the brokers are reached to look at them, those included that the skill no longer uses. Undefined while the environment's secret
 * is not known: nothing of a local environment is made then.
 */
export async function lookAccess(
  { environment, secrets, secret }: Pick<ConnectArgs, "environment" | "secrets" | "secret">,
  earlier: EarlierOutputs,
): Promise<LookAccess | undefined> {
  if (environment.brokers === "external") {
    return externalOperators(environment, await known(secrets));
  }
  const value = await resolved(secret);
  if (value === undefined) return undefined;
  // The port of an instance that has left the skill stands nowhere else.
  const before = Object.entries(earlier.operator?.redis ?? {}).map(([instance, { port }]) => [instance, port]);
  const { local } = environment;
  const redis = { ...Object.fromEntries(before), ...local.ports.redis };
  return localOperators({ ...environment, local: { ...local, ports: { ...local.ports, redis } } }, value);
}
