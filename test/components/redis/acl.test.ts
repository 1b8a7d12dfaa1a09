import { describe, expect, it } from "vitest";
import { toRights, toRules } from "../../../components/redis/acl.ts";
import { example } from "./example.ts";

const rights = toRights(example);
const none = { publishes: [], subscribes: [], produces: [], consumes: [], keys: [] };

describe("the rights of the apps of an instance", () => {
  it("hold all that the skill says of each, and no other app", () => {
    expect(rights).toEqual({
      fulfilment: { ...none, consumes: [{ stream: "emails", group: "mailer" }] },
      "notification-service": { ...none, subscribes: ["order:*"], produces: ["emails"] },
      "order-service": { ...none, publishes: ["order:*"], keys: ["cart:*"] },
    });
  });
});

describe("the ACL rules of an app", () => {
  const text = (app: string) => toRules(rights[app]!).join("\n");

  it("of a producer and subscriber are its stream and its channels", () => {
    expect(text("notification-service")).toMatchInlineSnapshot(`
      "resetkeys
      resetchannels
      -@all
      +auth
      +hello
      +ping
      +echo
      +quit
      +reset
      +client|id
      +client|getname
      +client|setname
      +client|setinfo
      (resetchannels ~emails -@all +xadd)
      (resetchannels &order:* -@all +subscribe +unsubscribe +psubscribe +punsubscribe)"
    `);
  });

  it("of a consumer are its streams and the dead letters of its groups", () => {
    expect(text("fulfilment")).toMatchInlineSnapshot(`
      "resetkeys
      resetchannels
      -@all
      +auth
      +hello
      +ping
      +echo
      +quit
      +reset
      +client|id
      +client|getname
      +client|setname
      +client|setinfo
      (resetchannels ~emails.mailer.dlq -@all +xadd)
      (resetchannels ~emails -@all +xreadgroup +xack +xpending +xclaim +xautoclaim +xtrim +xinfo|groups +xinfo|consumers +xgroup|delconsumer)"
    `);
  });

  it("of a publisher with keys are its channels and every command that names one of its keys", () => {
    expect(text("order-service")).toMatchInlineSnapshot(`
      "resetkeys
      resetchannels
      -@all
      +auth
      +hello
      +ping
      +echo
      +quit
      +reset
      +client|id
      +client|getname
      +client|setname
      +client|setinfo
      (resetchannels &order:* -@all +publish)
      (resetchannels ~cart:* -@all +@string +@hash +@list +@set +@sortedset +@bitmap +@hyperloglog +@geo +@stream +@transaction -@dangerous +del +unlink +exists +type +touch +copy +rename +renamenx +expire +expireat +pexpire +pexpireat +expiretime +pexpiretime +ttl +pttl +persist)"
    `);
  });

  it("without any right let it log in and no more", () => {
    expect(toRules(none).join(" ")).toMatchInlineSnapshot(
      `"resetkeys resetchannels -@all +auth +hello +ping +echo +quit +reset +client|id +client|getname +client|setname +client|setinfo"`,
    );
  });

  it("hold each stream once, and the same whatever the order in the skill", () => {
    const consumes = ["b", "a"].flatMap((stream) => ["x", "y"].map((group) => ({ stream, group })));
    const backwards = [...consumes].reverse();
    expect(toRules({ ...none, consumes })).toEqual(toRules({ ...none, consumes: backwards }));
    expect(toRules({ ...none, consumes }).at(-1)).toMatch(/^\(resetchannels ~a ~b -@all \+xreadgroup /);
  });
});
