import { randomBytes } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import {
  type API,
  alterClientQuotasV1,
  alterUserScramCredentialsV0,
  Connection,
  createAclsV3,
  createPartitionsV3,
  createTopicsV7,
  deleteAclsV3,
  deleteGroupsV2,
  deleteTopicsV6,
  describeAclsV3,
  incrementalAlterConfigsV1,
} from "@platformatic/kafka";
import { addressOf } from "../../../client/kafka/link.ts";
import * as wire from "../../../client/kafka/wire.ts";
import type { Answer, Session } from "./cells.ts";
import type { KafkaTry } from "./oracleKafka.ts";

/** How somebody would reach the broker; without a login, without SASL. */
export interface KafkaWay {
  server: string;
  login?: { username: string; password: string };
}

/** Milliseconds. */
const PATIENCE = 10_000;
const AGAIN = 200;
/** The broker's coordinators start when they are asked for the first time. */
const STARTING = /^COORDINATOR_|^NOT_COORDINATOR$/;

/**
 * What somebody tries on Kafka, over one connection: a refusal is an error code of the answer (*_AUTHORIZATION_FAILED). Who is refused at
 * the login (SASL_AUTHENTICATION_FAILED) has no connection, and is refused anew each time; who does not log in is told nothing: the
 * broker ends the connection at once (IllegalSaslState), before it answers.
 */
export function kafkaSession({ server, login }: KafkaWay): Session<KafkaTry> {
  let open: Promise<Connection> | undefined;
  const connected = async () => {
    const sasl = login && { sasl: { mechanism: "SCRAM-SHA-512" as const, ...login } };
    const connection = new Connection("probe", { connectTimeout: PATIENCE, requestTimeout: PATIENCE, ...sasl });
    connection.on("error", () => {});
    const { host, port } = addressOf(server);
    await connection.connect(host, port);
    return connection;
  };

  async function once(tried: KafkaTry): Promise<unknown> {
    open ??= connected();
    const opening = open;
    try {
      const connection = await opening;
      await act((api, ...args) => api.async(connection, ...args), tried);
      return undefined;
    } catch (error) {
      if (open === opening && !(await opening.then((one) => one.isConnected()).catch(() => false))) open = undefined;
      return error;
    }
  }

  return {
    async attempt(tried) {
      for (const end = Date.now() + PATIENCE; ; await wait(AGAIN)) {
        const error = await once(tried);
        if (error === undefined) return "allowed";
        const starting = wire.errorIds(error).some((id) => STARTING.test(id));
        if (!starting || Date.now() > end) return answerOf(error, login === undefined);
      }
    },
    close: async () => (await open?.catch(() => undefined))?.close(),
  };
}

const REFUSALS = /^(TOPIC|GROUP|CLUSTER|TRANSACTIONAL_ID)_AUTHORIZATION_FAILED$|^SASL_AUTHENTICATION_FAILED$/;
/** A member of a group is given its name before it may join: it was let in. */
const LET_IN = ["MEMBER_ID_REQUIRED"];

function answerOf(error: unknown, withoutLogin: boolean): Answer {
  const ids = wire.errorIds(error);
  if (ids.length > 0 && ids.every((id) => REFUSALS.test(id))) return "denied";
  if (ids.length > 0 && ids.every((id) => LET_IN.includes(id))) return "allowed";
  const text = messages(error);
  const closed = /closed|ECONNRESET/i.test(text) && !/timed? ?out/i.test(text);
  return withoutLogin && closed ? "denied" : `${ids.join()} ${text}`;
}

function messages(error: unknown): string {
  const { message = String(error), cause, errors = [] } = error as { message?: string; cause?: unknown; errors?: [] };
  return [message, ...(cause ? [messages(cause)] : []), ...errors.map(messages)].join(": ");
}

type Call = <A extends unknown[], R>(api: API<A, R>, ...args: A) => Promise<R>;

const TOPIC = 2;
const BROKER = 4;
const SET = 0;
const acl = {
  resourceType: 2,
  resourceName: "orders",
  resourcePatternType: 3,
  principal: "User:probe",
  host: "*",
  operation: 3,
  permissionType: 3,
};

async function act(call: Call, tried: KafkaTry): Promise<unknown> {
  switch (tried.action) {
    case "write": {
      const options = { producerId: -1n, producerEpoch: -1, compression: "none" as const };
      const record = { topic: tried.topic, partition: 0, value: Buffer.from("probe") };
      return call(wire.produceV9.api, -1, PATIENCE, [record as never], options as never);
    }
    case "read": {
      const partition = {
        partition: 0,
        currentLeaderEpoch: -1,
        fetchOffset: 0n,
        lastFetchedEpoch: -1,
        partitionMaxBytes: 100_000,
      };
      return call(
        wire.fetchV12.api,
        0,
        0,
        100_000,
        0,
        0,
        -1,
        [{ topicId: tried.topic, partitions: [partition] }],
        [],
        "",
      );
    }
    case "describe":
      return call(wire.metadataV10.api, [tried.topic], false, false);
    case "list offsets": {
      const partitions = [{ partitionIndex: 0, currentLeaderEpoch: -1, timestamp: -1n }];
      return call(wire.listOffsetsV6.api, -1, 0, [{ name: tried.topic, partitions }]);
    }
    case "describe configs":
      return call(wire.describeConfigsV4.api, [{ resourceType: TOPIC, resourceName: tried.topic }], false, false);
    case "alter configs": {
      const configs = [{ name: "segment.bytes", configOperation: SET, value: "1073741824" }];
      const resources = [{ resourceType: TOPIC, resourceName: tried.topic, configs }];
      return call(incrementalAlterConfigsV1.api, resources as never, false);
    }
    case "create partitions":
      return call(createPartitionsV3.api, [{ name: tried.topic, count: 9, assignments: null }], PATIENCE, false);
    case "delete records": {
      const partitions = [{ partitionIndex: 0, offset: -1n }];
      return call(wire.deleteRecordsV2.api, [{ name: tried.topic, partitions }], PATIENCE);
    }
    case "create topic": {
      const topic = { name: tried.topic, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
      return call(createTopicsV7.api, [topic], PATIENCE, false);
    }
    case "delete topic":
      return call(deleteTopicsV6.api, [{ name: tried.topic }], PATIENCE);
    case "join group": {
      const protocols = [{ name: "range", metadata: Buffer.alloc(0) }];
      return call(wire.joinGroupV7.api, tried.group, PATIENCE, PATIENCE, "", null, "consumer", protocols);
    }
    case "find coordinator":
      return call(wire.findCoordinatorV4.api, 0, [tried.group]);
    case "describe group":
      return call(wire.describeGroupsV5.api, [tried.group], false);
    case "fetch offsets":
      return call(
        wire.offsetFetchV8.api,
        [{ groupId: tried.group, memberId: null, memberEpoch: -1, topics: null }],
        false,
      );
    case "delete group":
      return call(deleteGroupsV2.api, [tried.group]);
    case "commit offsets": {
      const partitions = [
        { partitionIndex: 0, committedOffset: 0n, committedLeaderEpoch: -1, committedMetadata: null },
      ];
      return call(wire.offsetCommitV8.api, tried.group, -1, "", null, [{ name: tried.topic, partitions }]);
    }
    case "transactional write":
      return call(wire.initProducerIdV4.api, tried.transactionalId, 1000, -1n, -1);
    case "idempotent write":
      return call(wire.initProducerIdV4.api, null, 0, -1n, -1);
    case "list ACLs":
      return call(describeAclsV3.api, {
        ...acl,
        resourceName: null,
        principal: null,
        host: null,
        operation: 1,
        permissionType: 1,
      } as never);
    case "create ACL":
      return call(createAclsV3.api, [acl] as never);
    case "delete ACL":
      return call(deleteAclsV3.api, [acl] as never);
    case "describe SCRAM users":
      return call(wire.describeUserScramCredentialsV0.api, [{ name: "maker" }] as never);
    case "alter SCRAM user": {
      const secret = { iterations: 4096, salt: randomBytes(16), saltedPassword: randomBytes(64) };
      return call(alterUserScramCredentialsV0.api, [], [{ name: "probe", mechanism: 2, ...secret }]);
    }
    case "alter quota": {
      const ops = [{ key: "producer_byte_rate", value: 1, remove: false }];
      return call(
        alterClientQuotasV1.api,
        [{ entities: [{ entityType: "user", entityName: "probe" }], ops }] as never,
        false,
      );
    }
    case "describe broker configs":
      return call(wire.describeConfigsV4.api, [{ resourceType: BROKER, resourceName: "1" }], false, false);
    case "alter broker configs": {
      const configs = [{ name: "log.cleaner.threads", configOperation: SET, value: "1" }];
      return call(
        incrementalAlterConfigsV1.api,
        [{ resourceType: BROKER, resourceName: "1", configs }] as never,
        false,
      );
    }
  }
}
