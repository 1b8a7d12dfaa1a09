import { Provider, type ProviderArgs } from "@pulumi/aws/provider.js";
import type * as pulumi from "@pulumi/pulumi";
import { EMULATED } from "../live/external.ts";

/** Where AWS, or an emulator of it, answers. */
export interface AwsConnection {
  region: string;
  /** An emulator: it takes any credentials, and nothing of it is checked against AWS. */
  endpoint?: pulumi.Input<string>;
}

/** The provider for one region, by the credentials of whoever runs Pulumi, or for an emulator. */
export const awsProvider = (
  name: string,
  { region, endpoint }: AwsConnection,
  opts?: pulumi.ResourceOptions,
): Provider =>
  new Provider(name, { region: region as ProviderArgs["region"], ...(endpoint && emulator(endpoint)) }, opts);

/** What apps need to reach SQS: on an emulator credentials too, which it takes from anybody. */
export const sqsConnection = ({ region, endpoint }: AwsConnection) =>
  endpoint ? { region, endpoint, credentials: EMULATED } : { region };

const emulator = (endpoint: pulumi.Input<string>): ProviderArgs => ({
  accessKey: EMULATED.accessKeyId,
  secretKey: EMULATED.secretAccessKey,
  skipCredentialsValidation: true,
  skipMetadataApiCheck: true,
  skipRequestingAccountId: true,
  skipRegionValidation: true,
  endpoints: [{ sqs: endpoint, sts: endpoint, cloudwatch: endpoint, elasticache: endpoint }],
});
