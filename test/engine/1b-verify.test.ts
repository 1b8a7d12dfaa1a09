import { describe, expect, inject, it } from "vitest";
import { variables } from "./clone.ts";
import { run } from "./command.ts";

const clone = inject("clone");
const messaging = (...args: string[]) =>
  run("npx", ["messaging", ...args], { cwd: clone.folder, env: variables(clone) });

describe("npx messaging on the environment of npm start", () => {
  it("verifies every flow of the example, without an option", async () => {
    const { code, output } = await messaging("verify");
    console.log(output);
    expect(code, output).toBe(0);
    expect(output).toMatch(/^5 kept, 0 broken, 0 skipped$/m);
  });

  it("lists the dead letters of every flow", async () => {
    const { code, stdout } = await messaging("dlq", "list");
    expect(code).toBe(0);
    expect(
      stdout
        .split("\n")
        .slice(1)
        .map((line) => line.split(/ +/)[0])
        .filter(Boolean),
    ).toEqual([
      "rabbitmq/orders",
      "kafka/user-events/notification-service",
      "sqs/payments",
      "redis/notifications/emails/mailer",
    ]);
  });

  it("says in one line that an environment does not exist", async () => {
    const { code, output } = await messaging("dlq", "list", "-e", "nowhere");
    expect(code).toBe(1);
    expect(output).toMatch(
      /^messaging: environment nowhere: must exist and be readable \(npm start makes local\), got: .*nowhere.*\n$/,
    );
  });
});
