import { describe, expect, test } from "vitest";
import { EnvironmentSecret } from "../../components/environmentSecret.ts";
import { derivePassword, passwordFrom } from "../../components/password.ts";
import { program, resolve } from "../mocks.ts";

describe("a derived password", () => {
  test("is the same for the same secret and purpose, for ever", () => {
    expect(passwordFrom("environment secret", "rabbitmq/order-service")).toMatchInlineSnapshot(
      `"nwuchCErxMpYpmcKNfAkAz7qCnDuJbvQuzAZz33OrkU"`,
    );
  });

  test("is another for another purpose or secret", () => {
    const made = [
      passwordFrom("a", "rabbitmq/order-service"),
      passwordFrom("a", "kafka/order-service"),
      passwordFrom("a", "rabbitmq/fulfilment"),
      passwordFrom("b", "rabbitmq/order-service"),
    ];
    expect(new Set(made).size).toBe(4);
  });

  test("has 43 characters that need no escaping in a URL or a settings file", () => {
    expect(passwordFrom("a", "kafka/x")).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });

  test("is secret even when it is made from a plain value", async () => {
    const { outputs } = await program(() => resolve(derivePassword("a", "kafka/x")));
    expect(outputs).toEqual({ value: passwordFrom("a", "kafka/x"), isSecret: true });
  });

  test("is known in the preview before the secret is made, and is the real one in a preview after it", async () => {
    const preview = (value?: string) =>
      program(() => resolve(derivePassword(new EnvironmentSecret("s").value, "kafka/x")), {
        preview: true,
        state: () => (value === undefined ? {} : { value }),
      });
    const { outputs: before } = await preview();
    expect(before).toEqual({ value: passwordFrom("not made yet", "kafka/x"), isSecret: true });
    const { outputs: after } = await preview("made");
    expect(after).toEqual({ value: passwordFrom("made", "kafka/x"), isSecret: true });
  });
});
