import { expect, test } from "vitest";
import { cutClients, cutServicePackages, isNeeded } from "../../toolchain/trim-aws.ts";

const keep = new Set(["sqs", "iam"]);

test("only the kept services are imported and registered", () => {
  const source = `package sdkv2

import (
	"context"

	"github.com/hashicorp/terraform-provider-aws/internal/conns"
	"github.com/hashicorp/terraform-provider-aws/internal/service/ec2"
	"github.com/hashicorp/terraform-provider-aws/internal/service/sqs"
)

func servicePackages(ctx context.Context) []conns.ServicePackage {
	v := []conns.ServicePackage{
		ec2.ServicePackage(ctx),
		sqs.ServicePackage(ctx),
	}
	return v
}
`;
  expect(cutServicePackages(source, keep)).toBe(`package sdkv2

import (
	"context"

	"github.com/hashicorp/terraform-provider-aws/internal/conns"
	"github.com/hashicorp/terraform-provider-aws/internal/service/sqs"
)

func servicePackages(ctx context.Context) []conns.ServicePackage {
	v := []conns.ServicePackage{
		sqs.ServicePackage(ctx),
	}
	return v
}
`);
});

test("the clients that are left are those of kept services and those that the provider itself uses", () => {
  const client = (name: string, service: string) =>
    `func (c *AWSClient) ${name}Client(ctx context.Context) *${service}.Client {\n\treturn errs.Must(client[*${service}.Client](ctx, c, names.${name}, make(map[string]any)))\n}\n\n`;
  const line = (service: string) => `\t"github.com/aws/aws-sdk-go-v2/service/${service}"\n`;
  const source = (...services: [string, string][]) =>
    `import (\n${services.map(([, service]) => line(service)).join("")})\n\n${services.map(([name, service]) => client(name, service)).join("")}`;
  expect(cutClients(source(["SQS", "sqs"], ["Athena", "athena"], ["STS", "sts"]), keep)).toBe(
    source(["SQS", "sqs"], ["STS", "sts"]),
  );
});

test("a client that is imported under another name is cut with its import", () => {
  const source = `	awsrum "github.com/aws/aws-sdk-go-v2/service/rum"\n`;
  expect(cutClients(source, keep)).toBe("");
});

test.each([
  ["internal/service/sqs", true],
  ["internal/service/sqs/queue.go", true],
  ["internal/service/sqs/queue_test.go", false],
  ["internal/service/sqs/sweep.go", false],
  ["internal/service/sqs/testdata", false],
  ["internal/service/ec2", false],
  ["internal/service/ec2/vpc.go", false],
  ["internal/service", true],
  ["internal/sweep/sweep.go", true],
  ["website", false],
  ["internal/provider/website", true],
])("%s is copied: %s", (path, needed) => {
  expect(isNeeded(path, keep)).toBe(needed);
});
