import * as pulumi from "@pulumi/pulumi";

/**
 * Keeps the SDK's lines for its own developers from the engine: at debug level it tells what each resource answered, secrets in clear,
 * and `pulumi up --json` prints that level unasked.
 */
export function dropDebugLog(log: { debug: typeof pulumi.log.debug } = pulumi.log): void {
  // The SDK calls it by the module, and has no setting for it.
  log.debug = async () => {};
}
