import { describe, expect, it } from "vitest";
import { noPublicPort } from "../../policies/rules/noPublicPort.ts";
import { noWildcardPrincipal } from "../../policies/rules/noWildcardPrincipal.ts";
import { findings, UNKNOWN_TEXT } from "./fake.ts";
import { arnOf, container, queuePolicy, sqs } from "./foreign.ts";

describe("an SQS policy", () => {
  const send = { Sid: "Send", Effect: "Allow", Action: "sqs:SendMessage", Resource: arnOf("payments") };
  const told = async (statement: object) =>
    findings(noWildcardPrincipal, [queuePolicy("payments", [{ ...send, ...statement }])]);
  const open =
    'payments-policy: sqs/payments-policy: must allow named principals only, got: statement Send allows Principal "*"';

  it.each([
    [{ Principal: "*" }],
    [{ Principal: { AWS: "*" } }],
    [{ Principal: { AWS: [arnOf("x"), "*"] } }],
    [{ Principal: "*", Condition: { Bool: { "aws:SecureTransport": "true" } } }],
    [{ Principal: "*", Condition: { ArnLikeIfExists: { "aws:SourceArn": "arn:aws:sns:::t" } } }],
    [{ Principal: "*", Condition: { StringLike: { "aws:PrincipalArn": "*" } } }],
    [{ Principal: "*", Condition: { StringNotEquals: { "aws:PrincipalArn": "arn:aws:iam::1:role/a" } } }],
  ])("that allows %j is told", async (statement) => {
    expect(await told(statement)).toEqual([open]);
  });

  it.each([
    [{ Principal: { AWS: "arn:aws:iam::123456789012:role/payer" } }],
    [{ Principal: { Service: "sns.amazonaws.com" } }],
    [{ Principal: "*", Condition: { ArnEquals: { "aws:SourceArn": "arn:aws:sns:eu-central-1:123456789012:orders" } } }],
    [{ Principal: "*", Effect: "Deny" }],
  ])("that says %j is fine", async (statement) => {
    expect(await told(statement)).toEqual([]);
  });

  it("of the queue itself is looked at, NotPrincipal is everybody else, and what is not known yet is passed over", async () => {
    const inline = sqs("payments", {
      policy: JSON.stringify({ Statement: { ...send, NotPrincipal: { AWS: arnOf("x") } } }),
    });
    expect(await findings(noWildcardPrincipal, [inline])).toEqual([
      "payments: sqs/payments: must allow named principals only, got: statement Send allows NotPrincipal",
    ]);
    expect(await findings(noWildcardPrincipal, [sqs("payments", { policy: UNKNOWN_TEXT })])).toEqual([]);
  });
});

describe("a Kafka ACL", () => {
  const acl = (aclPrincipal: string, aclPermissionType = "Allow") => ({
    type: "kafka:index/acl:Acl",
    name: "acl",
    props: {
      aclPrincipal,
      aclPermissionType,
      aclOperation: "Read",
      aclResourceType: "Topic",
      aclResourceName: "orders",
      aclHost: "*",
    },
  });

  it("of everybody is told, unless it denies", async () => {
    expect(await findings(noWildcardPrincipal, [acl("User:*")])).toEqual([
      "acl: kafka ACL Read on Topic orders: must name a user, got User:*",
    ]);
    expect(await findings(noWildcardPrincipal, [acl("User:billing"), acl("User:*", "Deny")])).toEqual([]);
  });
});

describe("permissions of a RabbitMQ user", () => {
  const permissions = (rights: object, user = "billing") => ({
    type: "rabbitmq:index/permissions:Permissions",
    name: user,
    props: { user, vhost: "/", permissions: { configure: "", write: "", read: "", ...rights } },
  });

  it.each([".*", "^.*$", "^.*", ".+", "(.*)", "^[^/]*$"])("to read %s are told", async (read) => {
    expect(await findings(noWildcardPrincipal, [permissions({ read })])).toEqual([
      `billing: rabbitmq user billing: must read exact names only, got ${read}`,
    ]);
  });

  it.each(["", "^$", "^orders$", "^(?:orders|billing)$", "^billing\\..*$", "orders"])(
    "to write %j are fine",
    async (write) => {
      expect(await findings(noWildcardPrincipal, [permissions({ write })])).toEqual([]);
    },
  );

  it("are an administrator's where the configuration says so", async () => {
    const all = { configure: ".*", write: ".*", read: ".*" };
    expect(await findings(noWildcardPrincipal, [permissions(all, "root")])).toHaveLength(3);
    expect(await findings(noWildcardPrincipal, [permissions(all, "root")], { config: { except: ["root"] } })).toEqual(
      [],
    );
  });
});

describe("a container", () => {
  const told = async (props: object) => findings(noPublicPort, [container("redis", props)]);

  it.each([
    [
      { ports: [{ internal: 6379, external: 6379 }] },
      "must publish port 6379 on 127.0.0.1, got no ip, which is 0.0.0.0",
    ],
    [{ ports: [{ internal: 6379, ip: "0.0.0.0" }] }, "must publish port 6379 on 127.0.0.1, got 0.0.0.0"],
    [{ ports: [{ internal: 6379, ip: "::" }] }, "must publish port 6379 on 127.0.0.1, got ::"],
    [
      {
        ports: [
          { internal: 1, ip: "127.0.0.1" },
          { internal: 2, ip: "192.168.1.4" },
        ],
      },
      "must publish port 2 on 127.0.0.1, got 192.168.1.4",
    ],
    [{ publishAllPorts: true }, "must publish its ports on 127.0.0.1, got publishAllPorts"],
    [{ networkMode: "host" }, "must publish its ports on 127.0.0.1, got network mode host"],
  ])("with %j is told", async (props, problem) => {
    expect(await told(props)).toEqual([`redis: container redis: ${problem}`]);
  });

  it.each([
    [{}],
    [{ ports: [{ internal: 6379, ip: "127.0.0.1" }] }],
    [{ ports: [{ internal: 6379, ip: "::1" }] }],
    [{ ports: [{ internal: 6379, ip: UNKNOWN_TEXT }] }],
  ])("with %j is fine", async (props) => {
    expect(await told(props)).toEqual([]);
  });

  it("that others are to reach is excepted; a service publishes everywhere", async () => {
    const web = container("web", { ports: [{ internal: 443, external: 443 }] });
    expect(await findings(noPublicPort, [web], { config: { except: ["web"] } })).toEqual([]);
    const service = {
      type: "docker:index/service:Service",
      name: "mq",
      props: { endpointSpec: { ports: [{ targetPort: 5672, publishedPort: 5672 }] } },
    };
    expect(await findings(noPublicPort, [service])).toEqual([
      "mq: service mq: must publish no port, got 5672: a service's are on every interface",
    ]);
  });
});
