import { expect, test } from "vitest";
import { exitCodeOf, withLastWords } from "../../toolchain/broker-failure.ts";

test.each([
  ["container failed to be in healthy state", 2],
  ["connect ECONNREFUSED 127.0.0.1:6379", 2],
  ["dial tcp 127.0.0.1:15672: connect: connection refused", 2],
  ["dial tcp 10.0.0.1:9092: i/o timeout", 2],
  ["dial tcp: lookup kafka.example: no such host", 2],
  ["no answer within 10 s", 2],
  ["Topic with this name already exists", 1],
  ["", 1],
])("the diagnostics %j give exit code %i", (said, code) => {
  expect(exitCodeOf(said)).toBe(code);
});

test("a connection that the Docker provider did not get says nothing of a broker", () => {
  const image = "  docker:index:RemoteImage (kafka):\n    error: lookup messaging.local: no such host";
  expect(exitCodeOf(image)).toBe(1);
  expect(exitCodeOf(`${image}\n  kafka:index:Topic (a):\n    error: connection refused`)).toBe(2);
  expect(exitCodeOf("  docker:index:Container (kafka):\n    error: container failed to be in healthy state")).toBe(2);
});

test("below the diagnostics each container that is not healthy has its last lines", () => {
  const words = [
    { container: "messaging-local-kafka", lines: ["starting", "java.lang.OutOfMemoryError"] },
    { container: "messaging-local-redis-a", lines: [] },
  ];
  expect(withLastWords("failed", words)).toMatchInlineSnapshot(`
    "failed
    messaging-local-kafka is not healthy. Its last lines:
      starting
      java.lang.OutOfMemoryError
    messaging-local-redis-a is not healthy, and printed nothing."
  `);
  expect(withLastWords("failed", [])).toBe("failed");
});
