"""RabbitMQ byte for byte, past every client of ours: what pika would read or write of a message's properties it hands through."""
import base64, json, os, struct, sys, time
import pika

PROPERTIES = [
    ("contentType", 1), ("contentEncoding", 1), ("headers", 4), ("deliveryMode", 0), ("priority", 0), ("correlationId", 1), ("replyTo", 1),
    ("expiration", 1), ("messageId", 1), ("timestamp", -8), ("type", 1), ("userId", 1), ("appId", 1), ("clusterId", 1),
]
SIZES = {"V": 0, "t": 1, "b": 1, "B": 1, "s": 2, "u": 2, "I": 4, "i": 4, "f": 4, "D": 5, "l": 8, "d": 8, "T": 8}


class Raw(pika.BasicProperties):
    def __init__(self, raw=b""):
        super().__init__()
        self.raw = raw

    def encode(self):
        return [self.raw]


def decode(properties, encoded, offset=0):
    properties.raw = encoded[offset:]
    return properties


pika.BasicProperties.decode = decode


def properties_in(raw):
    """Each property's bytes; the headers as a list of name, type and value."""
    (flags,), at, found = struct.unpack_from(">H", raw), 2, {}
    for index, (name, form) in enumerate(PROPERTIES):
        if not flags & 0x8000 >> index:
            continue
        size = {0: 1, 1: 1 + raw[at], -8: 8}.get(form) or 4 + struct.unpack_from(">I", raw, at)[0]
        value = raw[at : at + size]
        found[name] = headers_in(value) if name == "headers" else value.hex()
        at += size
    return found


def headers_in(table):
    at, found = 4, []
    while at < len(table):
        name, at = table[at + 1 : at + 1 + table[at]], at + 1 + table[at]
        kind = chr(table[at])
        size = SIZES[kind] if kind in SIZES else 4 + struct.unpack_from(">I", table, at + 1)[0]
        found.append([name.decode("latin1"), kind, table[at + 1 : at + 1 + size].hex()])
        at += 1 + size
    return found


access = json.load(open(os.environ["OUTPUTS"]))["operator"]["rabbitmq"]
node = pika.URLParameters(access["url"])
node.virtual_host = access["vhost"]
node.credentials = pika.PlainCredentials(access["username"], access["password"])
connection = pika.BlockingConnection(node)
channel = connection.channel()
what, queue = sys.argv[1:3]
if what == "publish":
    # Each line of the input: the flags and bytes of the properties, and the body.
    channel.confirm_delivery()
    for line in sys.stdin:
        properties, body = (base64.b64decode(part) for part in json.loads(line))
        channel.basic_publish("", queue, body, Raw(properties), mandatory=True)
else:
    # take | look <queue> <count>: the next messages, which are gone then, or there again.
    left, end = int(sys.argv[3]), time.monotonic() + 20
    while left and time.monotonic() < end:
        method, properties, body = channel.basic_get(queue, auto_ack=what == "take")
        if method is None:
            connection.sleep(0.05)
            continue
        left -= 1
        print(json.dumps({"properties": properties_in(properties.raw), "body": base64.b64encode(body).decode()}))
connection.close()
