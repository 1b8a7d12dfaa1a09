import type { Policies } from "@pulumi/policy";
import { deadLetterRetention } from "./deadLetterRetention.ts";
import { kafkaDeadLetterPartitions } from "./kafkaDeadLetterPartitions.ts";
import { kafkaDurability } from "./kafkaDurability.ts";
import { noPublicPort } from "./noPublicPort.ts";
import { noWildcardPrincipal } from "./noWildcardPrincipal.ts";
import { protectStateful } from "./protectStateful.ts";
import { rabbitmqDeadLetters } from "./rabbitmqDeadLetters.ts";
import { redisNoeviction } from "./redisNoeviction.ts";
import { sqsDeadLetters } from "./sqsDeadLetters.ts";
import { sqsTls } from "./sqsTls.ts";
import { tls } from "./tls.ts";

/** Every rule of the pack. */
export const rules: Policies = [
  rabbitmqDeadLetters,
  sqsDeadLetters,
  kafkaDeadLetterPartitions,
  deadLetterRetention,
  kafkaDurability,
  redisNoeviction,
  protectStateful,
  tls,
  sqsTls,
  noWildcardPrincipal,
  noPublicPort,
];
