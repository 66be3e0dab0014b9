import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { canonical, familiar, parseDigest, parseReference, parseRepoTag, withDefaultTag } from "./reference.ts";

const HEX = "a".repeat(64);

describe("parseReference()", () => {
  test.each([
    ["a bare name belongs to the library", "busybox", "docker.io/library/busybox:latest", "busybox:latest"],
    ["a tag is kept", "busybox:1.36", "docker.io/library/busybox:1.36", "busybox:1.36"],
    ["a user's repository is on the default domain", "user/app", "docker.io/user/app:latest", "user/app:latest"],
    ["a domain with a port", "host:5000/app:v1", "host:5000/app:v1", "host:5000/app:v1"],
    ["localhost is a domain", "localhost/app", "localhost/app:latest", "localhost/app:latest"],
    ["an upper-case first word is a domain", "HOST/app", "HOST/app:latest", "HOST/app:latest"],
    ["the old default domain", "index.docker.io/busybox", "docker.io/library/busybox:latest", "busybox:latest"],
    ["the default domain written out", "docker.io/busybox", "docker.io/library/busybox:latest", "busybox:latest"],
    ["a digest needs no tag", `a@sha256:${HEX}`, `docker.io/library/a@sha256:${HEX}`, `a@sha256:${HEX}`],
    ["tag and digest together", `a:b@sha256:${HEX}`, `docker.io/library/a:b@sha256:${HEX}`, `a:b@sha256:${HEX}`],
    ["an IPv6 host", "[::1]:5000/a", "[::1]:5000/a:latest", "[::1]:5000/a:latest"],
    ["separators inside components", "a__b/c-d.e_f", "docker.io/a__b/c-d.e_f:latest", "a__b/c-d.e_f:latest"],
    ["a nested library path keeps its prefix", "library/a/b", "docker.io/library/a/b:latest", "library/a/b:latest"],
  ])("reads %s: %s", (_what, text, full, short) => {
    const reference = withDefaultTag(parseReference(text));
    expect(canonical(reference)).toBe(full);
    expect(familiar(reference)).toBe(short);
  });

  test.each([
    ["an empty name", "", "invalid reference format"],
    ["two tags", "x:y:z", "invalid reference format"],
    ["an empty component", "a//b", "invalid reference format"],
    ["a leading dash", "-a", "invalid reference format"],
    ["a newline", "a\n", "invalid reference format"],
    ["a short digest", "foo@sha256:abc", "invalid reference format"],
    ["an unknown algorithm", `foo@sha999:${HEX}`, "unsupported digest algorithm"],
    ["a digest of the wrong length", `foo@sha256:${"a".repeat(40)}`, "invalid checksum digest length"],
    ["an upper-case digest", `foo@sha256:${"A".repeat(64)}`, "invalid checksum digest format"],
    ["an upper-case name", "Foo", "invalid reference format: repository name (library/Foo) must be lowercase"],
    ["an upper-case path", "a.b/Foo:x", "invalid reference format: repository name (Foo) must be lowercase"],
    ["an identifier", HEX, `invalid repository name (${HEX}), cannot specify 64-byte hexadecimal strings`],
    ["megabytes", "a-".repeat(1_000_000), "invalid reference format"],
    ["a long name", "a".repeat(300), "repository name must not be more than 255 characters"],
  ])("refuses %s", (_what, text, message) => {
    expect(() => parseReference(text)).toThrow(message);
  });

  test("what it accepts survives being written in full and read again", () => {
    const component = fc.stringMatching(/^[a-z0-9]+([._]|__|-{1,3}[a-z0-9]+)?[a-z0-9]+$/);
    const domain = fc.constantFrom(
      "",
      "localhost/",
      "docker.io/",
      "r.example.com/",
      "10.0.0.1:5000/",
      "index.docker.io/",
    );
    const tag = fc.option(fc.stringMatching(/^[\w][\w.-]{0,20}$/), { nil: undefined });
    fc.assert(
      fc.property(domain, fc.array(component, { minLength: 1, maxLength: 4 }), tag, (host, path, label) => {
        const text = host + path.join("/") + (label === undefined ? "" : `:${label}`);
        const reference = parseReference(text);
        expect(parseReference(canonical(reference))).toEqual(reference);
        expect(parseReference(familiar(reference))).toEqual(reference);
      }),
    );
  });

  test("any text is either read or refused as an invalid parameter", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 80 }), (text) => {
        try {
          expect(canonical(parseReference(text))).toMatch(
            /^[\w.:[\]-]+\/[a-z0-9._/-]+(:[\w.-]+)?(@sha256:[0-9a-f]{64})?$/,
          );
        } catch (error) {
          expect(error).toMatchObject({ kind: "invalidParameter" });
        }
      }),
    );
  });
});

describe("parseRepoTag()", () => {
  test("joins repository and tag, the tag parameter first", () => {
    expect(canonical(parseRepoTag("app:old", "new")!)).toBe("docker.io/library/app:new");
    expect(canonical(parseRepoTag("app:old", "")!)).toBe("docker.io/library/app:old");
    expect(parseRepoTag("", "new")).toBeUndefined();
  });

  test.each([
    ["a digest", `foo@sha256:${HEX}`, "", "cannot import digest reference"],
    ["a bad tag", "foo", "--", "invalid tag format"],
    ["a name like an algorithm", "sha256", "ab", "refusing to create an ambiguous tag using digest algorithm as name"],
  ])("refuses %s", (_what, repo, tag, message) => {
    expect(() => parseRepoTag(repo, tag)).toThrow(message);
  });
});

test("parseDigest() takes a full lower-case sha256 only", () => {
  expect(parseDigest(`sha256:${HEX}`)).toBe(parseDigest(`sha256:${HEX}`));
  expect(() => parseDigest("sha256")).toThrow("invalid checksum digest format");
});
