import {
  GetQueueAttributesCommand,
  ListQueuesCommand,
  ListQueueTagsCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { type Connection, call, connectionTo, namedConnectionTo } from "../../client/sqs/api.ts";
import { eachOf } from "../inTime.ts";
import { canonicalJson, properties, type Thing } from "./thing.ts";

/** What of a queue changes by itself or with every message. */
const PASSING = /^(ApproximateNumberOf|CreatedTimestamp$|LastModifiedTimestamp$)/;

/** What SQS tells of encryption that is not used says nothing. */
const isIdle = (name: string, attributes: Record<string, string>): boolean =>
  (name === "SqsManagedSseEnabled" && (attributes[name] === "false" || Boolean(attributes.KmsMasterKeyId))) ||
  (name === "KmsDataKeyReusePeriodSeconds" && !attributes.KmsMasterKeyId);

/** How many queues are asked for their attributes at the same time. */
const AT_ONCE = 10;

/** Every queue of the account and region with its attributes and tags. */
export async function sqsInventory(access: Connection): Promise<Thing[]> {
  const sqs = connectionTo(access);
  try {
    const urls = await queueUrls(sqs);
    const found: Thing[] = [];
    for (let from = 0; from < urls.length; from += AT_ONCE) {
      found.push(...(await Promise.all(urls.slice(from, from + AT_ONCE).map((url) => queue(sqs, url, true)))).flat());
    }
    return found;
  } finally {
    sqs.destroy();
  }
}

/** The queues at these addresses, without tags: it takes no more rights than asking what they hold. */
export async function sqsSettings(access: Connection, urls: readonly string[]): Promise<Thing[]> {
  const sqs = namedConnectionTo(access);
  try {
    return (await eachOf(urls, (url) => queue(sqs, url, false))).flat();
  } finally {
    sqs.destroy();
  }
}

async function queueUrls(sqs: SQSClient): Promise<string[]> {
  const urls: string[] = [];
  let NextToken: string | undefined;
  do {
    const token = NextToken;
    const page = await call(() => sqs.send(new ListQueuesCommand({ MaxResults: 1000, NextToken: token })));
    urls.push(...(page.QueueUrls ?? []));
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  return urls;
}

async function queue(sqs: SQSClient, QueueUrl: string, tagged: boolean): Promise<Thing[]> {
  try {
    const [{ Attributes = {} }, { Tags = {} }] = await Promise.all([
      call(() => sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] }))),
      tagged ? call(() => sqs.send(new ListQueueTagsCommand({ QueueUrl }))) : { Tags: {} },
    ]);
    const kept = Object.entries(Attributes).filter(([name]) => !PASSING.test(name) && !isIdle(name, Attributes));
    const tags = Object.entries(Tags).map(([name, value]) => [`tag ${name}`, value]);
    const values = { url: QueueUrl, ...Object.fromEntries([...kept.map(asText), ...tags]) };
    return [
      { broker: "sqs", kind: "queue", name: Attributes.QueueArn!.split(":").at(-1)!, properties: properties(values) },
    ];
  } catch (error) {
    // One that was deleted since it was listed.
    if (/NonExistentQueue|QueueDoesNotExist|does not exist/i.test(String((error as Error).message))) return [];
    throw error;
  }
}

const asText = ([name, value]: [string, string]): [string, string] => [
  name,
  name.endsWith("Policy") ? canonicalJson(value) : value,
];
