import { createRequire } from "node:module";
import type * as grpcTypes from "@grpc/grpc-js";
import engineRpc from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import engine from "@pulumi/pulumi/proto/engine_pb.js";

const require = createRequire(import.meta.url);
const grpc = createRequire(require.resolve("@pulumi/pulumi/package.json"))("@grpc/grpc-js") as typeof grpcTypes;

/** How much a line matters to whoever runs Pulumi. */
export type Severity = "info" | "warning" | "error";

let client: InstanceType<typeof engineRpc.EngineClient> | undefined;

/**
 * Prints a line among those of `pulumi up`. The engine starts a plugin with its own address as the last argument; where there is none,
 * or it does not take the line, nothing is printed.
 */
export function tellEngine(severity: Severity, message: string, address = process.argv.slice(2).at(-1)): Promise<void> {
  if (address === undefined) return Promise.resolve();
  client ??= new engineRpc.EngineClient(address, grpc.credentials.createInsecure());
  const { INFO, WARNING, ERROR } = engine.LogSeverity;
  const severities = { info: INFO, warning: WARNING, error: ERROR };
  const request = new engine.LogRequest().setSeverity(severities[severity]).setMessage(message);
  return new Promise((resolve) => client!.log(request, () => resolve()));
}
