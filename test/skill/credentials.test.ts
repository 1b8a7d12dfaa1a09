import { describe, expect, it } from "vitest";
import { acceptedOf, checkEnvironment, parseEnvironment, parseSkill } from "../../skill/index.ts";

const skill = parseSkill({
  name: "rotating",
  version: "2.0.0",
  apps: { shop: {}, worker: {} },
  rabbitmq: { queues: { orders: { producers: ["shop"] } } },
});
const problems = (credentials: unknown, config: object = { brokers: "local" }): string => {
  try {
    checkEnvironment(skill, parseEnvironment({ ...config, credentials }), ["rabbitmqPassword"]);
    return "no problem";
  } catch (error) {
    return (error as Error).message;
  }
};

describe("messaging:credentials", () => {
  it("names an app's credential, and the one before it while both are accepted", () => {
    expect(problems({ shop: { current: 2, previous: 1 }, worker: { current: 7 } })).toBe("no problem");
    expect(problems({})).toBe("no problem");
  });

  it("with mistakes is told all of them at once", () => {
    expect(
      problems({
        shop: { current: 2, previous: 2 },
        worker: { current: 1, previous: 1 },
        one: { current: 0 },
        two: { current: 1.5 },
        three: {},
        four: 2,
        five: { current: 3, previous: 1 },
        six: { current: 1, next: 2 },
      }),
    ).toMatchInlineSnapshot(`
      "messaging:credentials.shop.previous: must be the credential before current (1 has none before it), got 2
      messaging:credentials.worker.previous: must be the credential before current (1 has none before it), got 1
      messaging:credentials.one.current: must be a whole number, 1 or more, got 0
      messaging:credentials.two.current: must be a whole number, 1 or more, got 1.5
      messaging:credentials.three.current: must be a whole number, 1 or more, got nothing
      messaging:credentials.four: must be a map, got 2
      messaging:credentials.five.previous: must be the credential before current (1 has none before it), got 1
      messaging:credentials.six.next: must be a known key (current, previous), got "next""
    `);
  });

  it("names apps of the skill", () => {
    expect(problems({ shpo: { current: 2 } })).toMatchInlineSnapshot(
      `"messaging:credentials.shpo: must be an app of the skill, got "shpo" (did you mean shop?)"`,
    );
  });

  it("gives no app the name of the administrator", () => {
    const external = {
      brokers: "external",
      rabbitmq: { endpoint: "https://rabbit.example.org:15671", username: "shop.b" },
    };
    expect(problems({}, external)).toBe("no problem");
    expect(problems({ shop: { current: 2 } }, external)).toMatchInlineSnapshot(
      `"apps.shop: must not be the administrator of messaging:rabbitmq, got "shop.b""`,
    );
  });
});

describe("the accepted credentials of an app", () => {
  it("are its first where nothing is said, which is what they were before there were others", () => {
    const first = [{ number: 1, username: "shop", purpose: "shop" }];
    expect(acceptedOf("shop")).toEqual(first);
    expect(acceptedOf("shop", { worker: { current: 2 } })).toEqual(first);
    expect(acceptedOf("toString", {})).toEqual([{ number: 1, username: "toString", purpose: "toString" }]);
  });

  it("have users that take turns, and a password of their own each", () => {
    expect(acceptedOf("shop", { shop: { current: 2, previous: 1 } })).toEqual([
      { number: 2, username: "shop.b", purpose: "shop#2" },
      { number: 1, username: "shop", purpose: "shop" },
    ]);
    expect(acceptedOf("shop", { shop: { current: 3, previous: 2 } })).toEqual([
      { number: 3, username: "shop", purpose: "shop#3" },
      { number: 2, username: "shop.b", purpose: "shop#2" },
    ]);
  });

  it("have users that no app can be named as", () => {
    const [{ username }] = acceptedOf("shop", { shop: { current: 2 } });
    expect(() => parseSkill({ name: "s", version: "2.0.0", apps: { [username]: {} } })).toThrow(
      'apps["shop.b"]: must be 1 to 64 letters, digits, _ and -, the first a letter or digit',
    );
  });
});
