import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import type * as grpcTypes from "@grpc/grpc-js";
import type plugin from "@pulumi/pulumi/proto/plugin_pb.js";
import providerRpc from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import provider from "@pulumi/pulumi/proto/provider_pb.js";
import empty from "google-protobuf/google/protobuf/empty_pb.js";
import { expect, it } from "vitest";
import { toStruct } from "../../provider/wire.ts";

const require = createRequire(import.meta.url);
const grpc = createRequire(require.resolve("@pulumi/pulumi/package.json"))("@grpc/grpc-js") as typeof grpcTypes;
const path = fileURLToPath(new URL("../../provider/pulumi-resource-messaging-extras", import.meta.url));

it("prints its port, answers in any working directory and ends with the engine", async () => {
  const child = spawn(path, ["127.0.0.1:1"], { cwd: tmpdir(), stdio: ["pipe", "pipe", "inherit"] });
  const exit = once(child, "exit");
  const [line] = await once(child.stdout, "data");
  expect(String(line)).toMatch(/^\d+\n$/);

  const client = new providerRpc.ResourceProviderClient(
    `127.0.0.1:${line}`.trim(),
    grpc.credentials.createInsecure() as never,
  );
  const info = await new Promise<plugin.PluginInfo>((resolve, reject) =>
    client.getPluginInfo(new empty.Empty(), (error, found) => (error ? reject(error) : resolve(found))),
  );
  expect(info.getVersion()).toBe((require("../../package.json") as { version: string }).version);

  const request = new provider.CreateRequest().setUrn("urn:pulumi:s::p::messaging-extras:redis:User::u");
  const failure = await new Promise<grpcTypes.ServiceError>((resolve, reject) =>
    client.create(request.setProperties(toStruct({ name: "u" })), (error) =>
      error ? resolve(error as never) : reject(),
    ),
  );
  expect(failure.details).toBe("redis, user u: must have a provider with url, username and password");

  client.close();
  child.stdin.end();
  expect(await exit).toEqual([0, null]);
}, 20_000);
