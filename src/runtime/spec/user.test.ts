import { expect, test } from "bun:test";
import { resolveUser } from "./user.ts";

const ACCOUNTS = {
  passwd:
    "# people\nroot:x:0:0:root:/root:/bin/sh\nann:x:1000:1001:Ann:/people/ann:/bin/sh\n7:x:7:70::/seven:\nodd line\nbob:x:12:13\n",
  group: "root:x:0:\nann:x:1001:\nwheel:x:10:root,ann\naudio:x:29: ann \nvideo:x:44:bob\n",
};

test.each([
  [
    "nobody in particular is root, with root's groups",
    "",
    [],
    { uid: 0, gid: 0, additionalGids: [0, 10], home: "/root" },
  ],
  [
    "a name brings its group, groups and home",
    "ann",
    [],
    { uid: 1000, gid: 1001, additionalGids: [1001, 10, 29], home: "/people/ann" },
  ],
  [
    "a number is looked up too",
    "1000",
    [],
    { uid: 1000, gid: 1001, additionalGids: [1001, 10, 29], home: "/people/ann" },
  ],
  ["an unknown number has root's group and no home", "55", [], { uid: 55, gid: 0, additionalGids: [0], home: "/" }],
  [
    "a group takes the place of all others",
    "ann:audio",
    [],
    { uid: 1000, gid: 29, additionalGids: [29], home: "/people/ann" },
  ],
  [
    "an unknown group number is taken as it is",
    "ann:99",
    [],
    { uid: 1000, gid: 99, additionalGids: [99], home: "/people/ann" },
  ],
  [
    "an empty group is no group",
    "1000:",
    [],
    { uid: 1000, gid: 1001, additionalGids: [1001, 10, 29], home: "/people/ann" },
  ],
  ["a group alone is root's", ":29", [], { uid: 0, gid: 29, additionalGids: [29], home: "/root" }],
  ["a name of digits is a number", "7", [], { uid: 7, gid: 70, additionalGids: [70], home: "/seven" }],
  [
    "more than one colon is cut off",
    "ann:audio:x",
    [],
    { uid: 1000, gid: 29, additionalGids: [29], home: "/people/ann" },
  ],
  [
    "added groups come last, once each",
    "55",
    ["video", "29", "video"],
    { uid: 55, gid: 0, additionalGids: [0, 44, 29], home: "/" },
  ],
  [
    "the highest id is in range",
    "2147483647:2147483647",
    [],
    { uid: 2147483647, gid: 2147483647, additionalGids: [2147483647], home: "/" },
  ],
])("resolveUser(): %s", (_sentence, spec, groupAdd, identity) => {
  expect(resolveUser(spec, groupAdd, ACCOUNTS)).toEqual(identity);
});

test("resolveUser() works without account files", () => {
  const identity = resolveUser("5", [], { passwd: "", group: "" });
  expect(identity).toEqual({ uid: 5, gid: 0, additionalGids: [0], home: "/" });
});

const RANGE = "uids and gids must be in range 0-2147483647";

test.each([
  ["nosuch", [], "unable to find user nosuch: no matching entries in passwd file"],
  ["ann:nosuch", [], "unable to find group nosuch: no matching entries in group file"],
  ["", ["nosuch"], "unable to find group nosuch: no matching entries in group file"],
  ["4294967296", [], RANGE],
  ["2147483648", [], RANGE],
  ["-1", [], RANGE],
  ["99999999999999999999", [], RANGE],
  ["1:4294967296", [], RANGE],
  ["", ["-1"], RANGE],
])("resolveUser() refuses %p with groups %p", (spec, groupAdd, message) => {
  expect(() => resolveUser(spec, groupAdd, ACCOUNTS)).toThrow(message);
});

test("resolveUser() refuses an id out of range in the image's own passwd", () => {
  expect(() => resolveUser("big", [], { passwd: "big:x:4294967296:0::/:\n", group: "" })).toThrow(RANGE);
});
