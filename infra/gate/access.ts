import { externalOperators } from "../../live/external.ts";
import type { LookAccess } from "../../live/index.ts";
import type { ConnectArgs } from "../brokers.ts";
import { localOperators } from "../local/operators.ts";
import { known, resolved } from "./run.ts";

/**
 * How the brokers are reached to look at them, those included that the skill no longer uses. Undefined while the environment's secret
 * is not known: nothing of a local environment is made then.
 */
export async function lookAccess({
  environment,
  secrets,
  secret,
}: Pick<ConnectArgs, "environment" | "secrets" | "secret">): Promise<LookAccess | undefined> {
  if (environment.brokers === "external") {
    return externalOperators(environment, await known(secrets));
  }
  const value = await resolved(secret);
  return value === undefined ? undefined : localOperators(environment, value);
}
