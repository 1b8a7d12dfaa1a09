import { createRequire } from "node:module";
import type * as grpcTypes from "@grpc/grpc-js";
import providerRpc from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import { kinds } from "./kinds.ts";
import { ProviderServer } from "./server.ts";

const require = createRequire(import.meta.url);
// The SDK's own copy: the generated service definitions must meet the library that they were made for.
const grpc = createRequire(require.resolve("@pulumi/pulumi/package.json"))("@grpc/grpc-js") as typeof grpcTypes;
const { version } = require("../package.json") as { version: string };

/** gRPC's own limit of 4 MB is below what the engine sends; this is the engine's. */
const MAX_MESSAGE_BYTES = 400 * 1024 * 1024;

const { handlers } = new ProviderServer(kinds, version);
const server = new grpc.Server({ "grpc.max_receive_message_length": MAX_MESSAGE_BYTES });
server.addService(providerRpc.ResourceProviderService, Object.fromEntries(Object.entries(handlers).map(served)));
server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) {
    process.stderr.write(`messaging plugin: must listen on 127.0.0.1, got ${error.message}\n`);
    process.exit(1);
  }
  process.stdout.write(`${port}\n`);
});

// The engine holds the other end of this pipe: it closes when the engine ends, however it ends.
process.stdin.on("end", () => process.exit(0)).resume();

function served([name, handle]: [string, (request: unknown) => Promise<unknown>]) {
  const method: grpcTypes.handleUnaryCall<unknown, unknown> = (call, callback) => {
    handle(call.request).then(
      (response) => callback(null, response),
      // Only the sentence travels: a stack trace helps nobody who provisions a broker.
      (error: Error) => callback({ code: grpc.status.UNKNOWN, details: error.message }),
    );
  };
  return [name, method] as const;
}
