import { describe, expect, it } from "vitest";
import {
  aclName,
  bindingName,
  canonical,
  canonicalJson,
  keyOf,
  patternsOf,
  properties,
} from "../../../live/inventory/index.ts";

describe("a thing of the inventory", () => {
  it("is told from all others by broker, kind, vhost and name", () => {
    const queue = { broker: "rabbitmq", kind: "queue", scope: "a", name: "orders" };
    expect(keyOf(queue)).not.toBe(keyOf({ ...queue, scope: "b" }));
    expect(keyOf(queue)).toBe(keyOf({ ...queue }));
  });

  it("has values that are the same text however the broker and the provider write them", () => {
    expect(canonical({ b: 1, a: { d: true, c: ["y", "x"] } })).toBe('{"a":{"c":["x","y"],"d":"true"},"b":"1"}');
    expect(canonicalJson('{"maxReceiveCount":3}')).toBe(canonicalJson('{ "maxReceiveCount": "3" }'));
    expect(canonicalJson("no JSON")).toBe("no JSON");
  });

  it("has no property that is not set", () => {
    expect(properties({ a: 1, b: "", c: undefined, d: null, e: false })).toEqual({ a: "1", e: "false" });
  });

  it("names bindings and ACLs as people read them", () => {
    const binding = { source: "events", destination: "orders", destinationType: "queue", routingKey: "order.*" };
    expect(bindingName(binding)).toBe("events -> orders order.*");
    expect(bindingName({ ...binding, destinationType: "exchange", routingKey: "", arguments: { x: 1 } })).toBe(
      'events -> exchange orders {"x":"1"}',
    );
    const acl = { principal: "User:a", host: "10.0.0.1", permission: "Deny", operation: "Read" };
    expect(aclName({ ...acl, resourceType: "Topic", resourceName: "t", patternType: "Prefixed" })).toBe(
      "User:a must not Read Topic t (prefixed) from 10.0.0.1",
    );
  });

  it("finds the patterns in the rights of a Redis user", () => {
    const rights = "on -@all +get ~a* %R~b (+publish &c:*) (~d -@all)";
    expect(patternsOf(rights, "~")).toEqual(["a*", "b", "d"]);
    expect(patternsOf(rights, "&")).toEqual(["c:*"]);
  });
});
