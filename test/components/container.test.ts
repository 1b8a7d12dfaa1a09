import { secret as asSecret } from "@pulumi/pulumi";
import { describe, expect, test } from "vitest";
import { BrokerContainer, type BrokerContainerArgs, portsOpen, toContainerArgs } from "../../components/container.ts";
import { program, resolve, secret } from "../mocks.ts";

const args: BrokerContainerArgs = {
  stack: "local",
  broker: "kafka",
  image: "messaging.local/kafka:4.1.0",
  user: "appuser",
  command: ["bash", "/etc/messaging/start.sh", "now"],
  ports: [
    { internal: 9092, external: 19092 },
    { internal: 80, external: 8080 },
  ],
  dataPath: "/var/lib/kafka/data",
  health: portsOpen(9092),
  environment: { B: "2", A: "1" },
  files: [{ path: "/etc/messaging/plain", content: "plain" }],
};

describe("a broker's container", () => {
  test("has no privilege, no capability and no way to more of either", () => {
    const { privileged, capabilities, securityOpts, user } = toContainerArgs(args);
    expect({ privileged, capabilities, securityOpts, user }).toEqual({
      privileged: false,
      capabilities: { drops: ["ALL"] },
      securityOpts: ["no-new-privileges"],
      user: "appuser",
    });
  });

  test("is published on 127.0.0.1 only, its ports in one order", () => {
    expect(toContainerArgs(args).ports).toEqual([
      { internal: 80, external: 8080, ip: "127.0.0.1", protocol: "tcp" },
      { internal: 9092, external: 19092, ip: "127.0.0.1", protocol: "tcp" },
    ]);
  });

  test("runs its command in place of the image's, with its environment in one order", () => {
    const { entrypoints, command, envs } = toContainerArgs(args);
    expect({ entrypoints, command, envs }).toEqual({
      entrypoints: ["bash"],
      command: ["/etc/messaging/start.sh", "now"],
      envs: ["A=1", "B=2"],
    });
  });

  test("is given a minute to stop, by the engine as by Pulumi, and starts again with the machine", () => {
    const { stopTimeout, destroyGraceSeconds, restart } = toContainerArgs(args);
    expect({ stopTimeout, destroyGraceSeconds, restart }).toEqual({
      stopTimeout: 60,
      destroyGraceSeconds: 60,
      restart: "unless-stopped",
    });
  });

  test("is ready once every port of its health check accepts a connection", () => {
    expect(toContainerArgs({ ...args, health: portsOpen(1, 2) }).healthcheck.tests).toEqual([
      "CMD",
      "bash",
      "-c",
      "exec 3<>/dev/tcp/127.0.0.1/1 && exec 3<>/dev/tcp/127.0.0.1/2",
    ]);
  });

  test("comes with an image that stays and a volume of its own name, which outlives the container", async () => {
    const { resources } = await program(() => new BrokerContainer("kafka", args));
    const [component, image, volume, container] = resources;
    expect(resources.map(({ type, name, parent }) => [type, name, parent])).toEqual([
      ["messaging:local:BrokerContainer", "kafka", undefined],
      ["docker:index/remoteImage:RemoteImage", "kafka", "kafka"],
      ["docker:index/volume:Volume", "kafka", "kafka"],
      ["docker:index/container:Container", "kafka", "kafka"],
    ]);
    expect(image?.inputs).toEqual({ name: "messaging.local/kafka:4.1.0", keepLocally: true });
    expect(volume?.inputs).toEqual({
      name: "messaging-local-kafka",
      labels: [{ label: "messaging.stack", value: "local" }],
    });
    expect(container?.inputs.volumes).toEqual([
      { volumeName: "messaging-local-kafka", containerPath: "/var/lib/kafka/data" },
    ]);
    expect(container?.deleteBeforeReplace).toBe(true);
    expect(component?.outputs).toEqual({ containerName: "messaging-local-kafka" });
  });

  test("keeps a secret file secret in the state", async () => {
    const files = [{ path: "/etc/messaging/secret", content: asSecret("hunter2") }];
    const { resources } = await program(() => new BrokerContainer("kafka", { ...args, files }));
    const container = resources.find(({ type }) => type.endsWith(":Container"));
    expect(JSON.stringify(container?.inputs.uploads)).toContain(JSON.stringify(secret("hunter2")));
  });

  test("tells a published port by its number inside", async () => {
    const { outputs } = await program(() => resolve(new BrokerContainer("kafka", args).port(9092)));
    expect(outputs).toEqual({ value: 19092, isSecret: false });
  });
});
