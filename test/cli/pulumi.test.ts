import { describe, expect, it } from "vitest";
import { failureIn } from "../../cli/drift/refresh.ts";
import { pulumiSaid } from "../../cli/pulumi.ts";

const refreshing = "refreshing urn:pulumi:ext::messaging::messaging:index:Messaging$rabbitmq:index/queue:Queue::jobs";
const port =
  "json: cannot unmarshal string into Go struct field consumer_details.channel_details.peer_port of type uint";

describe("why Pulumi failed", () => {
  it("is its first error, else the provider's own words, else nothing", () => {
    expect(pulumiSaid("warning: a\nerror: no stack named 'x'\nerror: b")).toBe("no stack named 'x'");
    expect(pulumiSaid(`    error: ${refreshing}: 1 error occurred:\n    \t* 401 Unauthorized\n`)).toBe(
      "401 Unauthorized",
    );
    expect(pulumiSaid("  + created\n")).toBe("Pulumi did not say why");
  });

  it("is explained where a shovel consumes a queue, which the RabbitMQ provider cannot read", () => {
    const explained = /^rabbitmq\/jobs: it is consumed from inside the broker \(a shovel or a federation link\)/;
    const message = `${refreshing}: 1 error occurred:\n    \t* ${port}\n`;
    expect(pulumiSaid(`    error: ${message}`)).toMatch(explained);
    expect(failureIn(JSON.stringify({ diagnostics: [{ severity: "error", message }] }), "")).toMatch(explained);
  });
});
