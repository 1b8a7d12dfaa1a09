/** An odd message for RabbitMQ: flags and bytes of its properties as they stand in a header frame, and its body. */
export interface OddMessage {
  name: string;
  properties: Buffer;
  body: Buffer;
}

/** Flags of the properties, as AMQP 0-9-1 gives them. */
const FLAGS = {
  contentType: 0x8000,
  contentEncoding: 0x4000,
  headers: 0x2000,
  deliveryMode: 0x1000,
  priority: 0x0800,
  correlationId: 0x0400,
  replyTo: 0x0200,
  expiration: 0x0100,
  messageId: 0x0080,
  timestamp: 0x0040,
  type: 0x0020,
  appId: 0x0008,
  clusterId: 0x0004,
} as const;

const latin = (text: string): Buffer => Buffer.from(text, "latin1");
const short = (text: string): Buffer => Buffer.concat([Buffer.from([text.length]), latin(text)]);
const long = (bytes: Buffer): Buffer => {
  const size = Buffer.alloc(4);
  size.writeUInt32BE(bytes.length);
  return Buffer.concat([size, bytes]);
};
const header = (name: string, type: string, value: Buffer | string = ""): Buffer =>
  Buffer.concat([short(name), latin(type), typeof value === "string" ? latin(value) : value]);
const text = (name: string, value: string): Buffer => header(name, "S", long(latin(value)));
const table = (...headers: Buffer[]): Buffer => long(Buffer.concat(headers));

/** Properties, which must be given in the order of their flags. */
function properties(given: Partial<Record<keyof typeof FLAGS, Buffer>>): Buffer {
  const flags = Buffer.alloc(2);
  flags.writeUInt16BE(Object.keys(given).reduce((all, name) => all | FLAGS[name as keyof typeof FLAGS], 0));
  return Buffer.concat([flags, ...Object.values(given)]);
}

const identified = (id: string, headers: Buffer): Buffer =>
  properties({ headers, deliveryMode: Buffer.from([2]), messageId: short(id) });

/** What a header frame may hold on a connection with the usual `frame_max`: class, size of the body and flags are in it. */
const FRAME_BYTES = 131_072 - 12;

/** A message whose properties are so many bytes large. */
function large(id: string, bytes: number): Buffer {
  const around = identified(id, table(text("jwt", ""))).length;
  return identified(id, table(text("jwt", "j".repeat(bytes - around))));
}

const everyType = table(
  header("array", "A", long(latin(""))),
  header("bytes", "x", long(latin("\0\xff"))),
  header("decimal", "D", "\x02\0\0\x04\xd2"),
  header("double", "d", "?\xf0\0\0\0\0\0\0"),
  header("false", "t", "\0"),
  header("float", "f", "?\xc0\0\0"),
  header("int", "I", "\xff\xff\xff\xfe"),
  header("int64", "l", "\0\x20\0\0\0\0\0\x01"),
  header("int64-negative", "l", "\xff\xdf\xff\xff\xff\xff\xff\xff"),
  header("int8", "b", "\xff"),
  header("negative-zero", "d", "\x80\0\0\0\0\0\0\0"),
  header("nothing", "V"),
  header("short", "s", "\xff\xfe"),
  header("text", "S", long(latin("\xc3\xbc"))),
  header("text-empty", "S", long(latin(""))),
  header("text-not-utf8", "S", long(latin("\xff\0a"))),
  header("time", "T", "\0\0\0\0\x65\x53\xf1\0"),
  header("time-last", "T", "\xff\xff\xff\xff\xff\xff\xff\xff"),
  header("true", "t", "\x01"),
  header("uint", "i", "\xff\xff\xff\xfe"),
  header("uint16", "u", "\xff\xfe"),
  header("uint8", "B", "\xff"),
);

const nested = table(
  header(
    "list",
    "A",
    long(Buffer.concat([latin("V"), latin("l\0\x20\0\0\0\0\0\x01"), latin("F"), table(header("k", "f", "?\xc0\0\0"))])),
  ),
  header("twice", "F", table(header("k", "V"), header("k", "t", "\x01"))),
  header("deep", "F", table(header("a", "F", table(header("b", "F", table(header("c", "x", long(latin("\xff"))))))))),
);

const names = table(
  text("", "no name"),
  text("CC-note", "not the broker's"),
  text("__proto__", "p"),
  header("constructor", "F", table(header("__proto__", "F", table(header("x-attempt", "V"))))),
  text("n".repeat(255), "longest"),
  text("x-death-note", "not the broker's"),
  text("x-first-death-note", "not the broker's"),
  text("x-own", "begins as ours do"),
  text("\xff\xfe", "no UTF-8"),
);

const everyProperty = properties({
  contentType: short("application/json"),
  contentEncoding: short("gzip"),
  headers: table(),
  deliveryMode: Buffer.from([1]),
  priority: Buffer.from([9]),
  correlationId: short("\xff\xfe"),
  replyTo: short("amq.rabbitmq.reply-to.x"),
  expiration: short("600000"),
  messageId: short("every-property"),
  timestamp: latin("\0\x20\0\0\0\0\0\x01"),
  type: short(""),
  appId: short("an app"),
  clusterId: short("c"),
});

/** Numbers that a parser of JSON rounds. */
const json = latin('{"n":12345678901234567890,"a":1.0}');

/** Every odd message: those that are moved on with all that the contract tells of them, or at least without any harm. */
export const oddMessages: OddMessage[] = [
  { name: "nothing at all", properties: properties({}), body: latin("") },
  {
    name: "a binary body",
    properties: identified("binary", table()),
    body: Buffer.from(Array.from({ length: 256 }, (_, at) => at)),
  },
  { name: "a body that is no UTF-8", properties: identified("not-utf8", table()), body: latin("\xc3\x28\xff") },
  {
    name: "JSON that a parser would change",
    properties: properties({ contentType: short("application/json"), messageId: short("json") }),
    body: json,
  },
  {
    name: "text",
    properties: properties({ contentType: short("text/plain"), messageId: short("text") }),
    body: latin("\xef\xbb\xbfa\r\n"),
  },
  { name: "every type of header", properties: identified("types", everyType), body: latin("t") },
  { name: "headers in headers", properties: identified("nested", nested), body: latin("n") },
  { name: "odd names of headers", properties: identified("names", names), body: latin("n") },
  {
    name: "an identity in a header, which is no UTF-8",
    properties: properties({ headers: table(text("x-message-id", "\xff\xfe")) }),
    body: latin("i"),
  },
  { name: "every property", properties: everyProperty, body: latin("p") },
  {
    name: "1,000 headers",
    properties: identified(
      "many",
      table(...Array.from({ length: 1000 }, (_, at) => text(`h${String(at).padStart(4, "0")}`, "v".repeat(60)))),
    ),
    body: latin("m"),
  },
  {
    name: "a body of 1 MiB",
    properties: identified("large-body", table()),
    body: Buffer.alloc(1_048_576, "\xff\0b", "latin1"),
  },
  { name: "headers that leave no room for a stack", properties: large("no-stack", 124_500), body: latin("l") },
  { name: "headers that leave room for little", properties: large("little", 130_600), body: latin("l") },
];

/** Some whose headers fill the frame, so that no redrive of them can be counted; the last one has no room for an identity either. */
export const fullFrames: OddMessage[] = [
  { name: "a full frame", properties: large("full", FRAME_BYTES), body: latin("f") },
  {
    name: "a full frame without an identity",
    properties: properties({ headers: table(text("jwt", "j".repeat(FRAME_BYTES - 2 - 4 - 9))) }),
    body: latin("u"),
  },
];
