import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { readConfig } from "../../../src/config.ts";
import { commandUrl } from "../../../src/runs/agent/agent-address.ts";

/** Hosts as the setting says them; undefined for the default. */
function hostsOf(setting?: string) {
  const settings = { ...env, AGENT_HOSTS: setting };
  return readConfig(settings).AGENT_HOSTS;
}

const LOCAL = "http://localhost:*,http://127.0.0.1:8080,https://agents.example.com:8443,https://[2001:db8::1]";

describe("an agent's address", () => {
  test.each([
    ["https://abc.modal.run", "https://abc.modal.run/command"],
    ["https://abc.modal.run/", "https://abc.modal.run/command"],
    ["https://a.b.modal.host/agent//", "https://a.b.modal.host/agent/command"],
    ["https://ABC.Modal.RUN:443/x", "https://abc.modal.run/x/command"],
  ])("by default is below Modal's domains: %s", (url, expected) => {
    expect(commandUrl(url, hostsOf(), undefined)?.href).toBe(expected);
  });

  test.each([
    ["http://localhost", "http://localhost/command"],
    ["http://localhost:49152", "http://localhost:49152/command"],
    ["http://127.0.0.1:8080", "http://127.0.0.1:8080/command"],
    ["http://2130706433:8080", "http://127.0.0.1:8080/command"],
    ["https://agents.example.com:8443/a", "https://agents.example.com:8443/a/command"],
    ["https://[2001:db8:0::1]", "https://[2001:db8::1]/command"],
  ])("can be configured: %s", (url, expected) => {
    expect(commandUrl(url, hostsOf(LOCAL), undefined)?.href).toBe(expected);
  });

  test.each([
    // other schemes and ports
    "http://abc.modal.run",
    "https://abc.modal.run:8443",
    "https://abc.modal.run:22",
    "ftp://abc.modal.run",
    "file:///etc/passwd",
    "data:text/plain,x",
    "javascript:alert(1)",
    "abc.modal.run",
    "//abc.modal.run",
    "",
    // names that only look like the domain
    "https://modal.run",
    "https://evilmodal.run",
    "https://abc.modal.run.evil.com",
    "https://abc.modal.run.",
    "https://evil.com/.modal.run",
    "https://evil.com?.modal.run",
    "https://evil.com#.modal.run",
    String.raw`https://evil.com\.modal.run`,
    "https://evil.com%2f.modal.run",
    "https://abc.modal.run@evil.com",
    "https://evil.com@abc.modal.run",
    "https://user:secret@abc.modal.run",
    "https://abc.modal.run?x=1",
    "https://abc.modal.run#x",
    // this machine and private networks, in every spelling
    "http://localhost",
    "https://localhost",
    "http://127.0.0.1",
    "https://127.0.0.1",
    "https://127.1",
    "https://0x7f.0.0.1",
    "https://0177.0.0.1",
    "https://2130706433",
    "https://0",
    "https://0.0.0.0",
    "https://１２７.０.０.１",
    "https://127。0。0。1",
    "https://[::1]",
    "https://[::]",
    "https://[::ffff:127.0.0.1]",
    "https://[::ffff:7f00:1]",
    "https://[0:0:0:0:0:ffff:a9fe:a9fe]",
    "https://[64:ff9b::7f00:1]",
    "https://[fd00::1]",
    "https://[fe80::1]",
    "https://10.0.0.1",
    "https://172.16.0.1",
    "https://192.168.1.1",
    "https://100.64.0.1",
    "https://169.254.169.254",
    "https://169.254.169.254/latest/meta-data",
    "https://metadata.google.internal",
    "https://8.8.8.8",
  ])("by default is not %s", (url) => {
    expect(commandUrl(url, hostsOf(), undefined)).toBeUndefined();
  });

  test.each([
    "http://127.0.0.1:8081",
    "http://127.0.0.1",
    "http://127.0.0.2:8080",
    "http://0.0.0.0:8080",
    "https://localhost",
    "http://localhost.evil.com",
    "https://agents.example.com",
    "https://x.agents.example.com:8443",
    "https://[2001:db8::2]",
    "https://abc.modal.run",
  ])("is nothing beside what was configured: %s", (url) => {
    expect(commandUrl(url, hostsOf(LOCAL), undefined)).toBeUndefined();
  });

  test("is nowhere when no host is configured", () => {
    expect(hostsOf("")).toEqual([]);
    expect(commandUrl("https://abc.modal.run", hostsOf(""), undefined)).toBeUndefined();
  });

  test("carries the connect token in its query, whatever it is made of", () => {
    const url = commandUrl("https://abc.modal.run/a", hostsOf(), "t&k=#?/é");
    expect(url?.pathname).toBe("/a/command");
    expect([...(url?.searchParams ?? [])]).toEqual([["_modal_connect_token", "t&k=#?/é"]]);
  });

  test.each([
    "*",
    "*.com",
    "*.run",
    "https://",
    "ftp://x.com",
    "*.1.2.3.4",
    "a b",
    "x.com/path",
    "x.com:port",
    "*.*.com",
  ])("cannot be configured as %s", (setting) => {
    expect(() => hostsOf(setting)).toThrow(/AGENT_HOSTS/);
  });
});
