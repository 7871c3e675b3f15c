import { describe, expect, it } from "vitest";
import { CLOUD, DOMAIN, eventually, hetzner, must, onServer, serverIp, visitor } from "./support/cloud";
import { expectClosed } from "./support/ports";

interface ServerList {
  readonly servers: readonly { readonly id: number; readonly status: string }[];
}

/** Status and headers as curl shows them, for a visitor. */
async function head(url: string, ...options: string[]): Promise<string> {
  return (await visitor("curl", "-sS", "-o", "/dev/null", "-D", "-", "-m", "20", ...options, url)).stdout;
}

/** Fills in the form as a browser would: its token and cookie come from the page. */
async function addRun(name: string): Promise<string> {
  const script = `set -e; cd "$(mktemp -d)"
    curl -sS -c jar https://${DOMAIN}/ -o page
    token=$(sed -n 's/.*name="authenticity_token" value="\\([^"]*\\)".*/\\1/p' page | head -n 1)
    curl -sS -b jar -o /dev/null -w '%{http_code}' --data-urlencode "authenticity_token=$token" \\
      --data-urlencode 'run[name]=${name}' --data-urlencode 'run[held_on]=2030-01-06' \\
      --data-urlencode 'run[place]=Nuremberg' --data-urlencode 'run[distance_km]=10' https://${DOMAIN}/runs`;
  return (await visitor("sh", "-c", script)).output;
}

async function page(): Promise<string> {
  return (await visitor("curl", "-sS", "-m", "20", `https://${DOMAIN}/`)).stdout;
}

describe("the site, for a visitor", () => {
  it("answers 200 on /up with a valid certificate (S1-22)", async () => {
    expect(await head(`https://${DOMAIN}/up`)).toMatch(/^HTTP\/2 200/);
  });

  it("redirects http to https, and www to the apex (S1-14, S1-24)", async () => {
    expect(await head(`http://${DOMAIN}/`)).toMatch(
      /^HTTP\/1.1 301[\s\S]*location: https:\/\/mxcorre\.com\//i,
    );
    expect(await head(`https://www.${DOMAIN}/`)).toMatch(
      /^HTTP\/2 308[\s\S]*location: https:\/\/mxcorre\.com\//i,
    );
  });

  it("takes a run and shows it", async () => {
    expect(await addRun("First 10K")).toMatch(/30[23]$/);
    expect(await page()).toContain("First 10K");
  });

  it("sees the visitor's own address, not the edge's", async () => {
    const logs = await onServer("docker logs --tail 50 $(docker ps -qf label=homeport.service=web) 2>&1");
    const address = (await visitor("hostname", "-i")).stdout.trim().split(" ")[0] ?? "";
    expect(logs.output).toContain(address);
  });

  it("keeps its data over a restart of the containers and of the server", async () => {
    await onServer("docker restart $(docker ps -q)");
    await eventually(60, async () => (await page()).includes("First 10K"));

    const { servers } = await hetzner<ServerList>("/servers");
    await hetzner(`/servers/${servers[0]?.id}/actions/reboot`, { method: "POST" });
    await eventually(120, async () => (await page()).includes("First 10K"));
    await eventually(60, async () => (await onServer("systemctl is-active fail2ban docker ssh")).code === 0);
  });
});

describe("the origin, for a visitor who asks it directly", () => {
  it("gives no byte of HTTP", async () => {
    const ip = await serverIp();
    for (const port of [80, 443]) {
      const answer = await visitor(
        "curl",
        "-sSk",
        "-m",
        "3",
        `${port === 443 ? "https" : "http"}://${ip}:${port}/`,
      );
      expect(answer.code).not.toBe(0);
      expect(answer.stdout).toBe("");
    }
  });

  it("has no open port at all (S1-8), Postgres' neither (S1-15)", async () => {
    const scan = await visitor(
      "nmap",
      "-Pn",
      "-n",
      "-p-",
      "-T5",
      "--min-rate",
      "20000",
      "--max-retries",
      "1",
      await serverIp(),
    );
    expect(scan.stdout).toContain("Nmap done: 1 IP address (1 host up)");
    expect(scan.stdout).not.toMatch(/\d+\/tcp\s+open/);
    await expectClosed(await serverIp(), DOMAIN);
  });

  it("opens no port that Docker publishes past ufw (H5)", async () => {
    const ip = await serverIp();
    const { firewalls } = await hetzner<{ firewalls: { id: number; rules: object[] }[] }>("/firewalls");
    const [firewall] = firewalls;
    if (firewall === undefined) throw new Error("no firewall");
    const open = { direction: "in", protocol: "tcp", port: "8080-8081", source_ips: ["0.0.0.0/0"] };
    const setRules = (rules: object[]): Promise<unknown> =>
      hetzner(`/firewalls/${firewall.id}/actions/set_rules`, {
        method: "POST",
        body: JSON.stringify({ rules }),
      });
    const image = (await must("pulumi", "config", "get", "--path", "homeport:images.proxy")).stdout.trim();
    const start = `docker run -d --rm --name trap -p 8080:80 --entrypoint caddy ${image} respond --listen :80 trapped`;
    await setRules([...firewall.rules, open]);
    try {
      expect((await onServer(start)).code).toBe(0);
      await eventually(20, async () =>
        (await onServer("curl -s -m 2 http://127.0.0.1:8080/")).stdout.includes("trapped"),
      );
      expect((await visitor("curl", "-sS", "-m", "3", `http://${ip}:8080/`)).stdout).toBe("");
      // The check can fail: without our rule in DOCKER-USER the port is open, as ufw does not see it.
      await onServer("sudo iptables -I DOCKER-USER -j ACCEPT");
      expect((await visitor("curl", "-sS", "-m", "3", `http://${ip}:8080/`)).stdout).toBe("trapped");
    } finally {
      await onServer("sudo iptables -D DOCKER-USER -j ACCEPT; docker rm -f trap");
      await setRules(firewall.rules);
    }
  });
});

describe("sshd, asked by what it does", () => {
  it("offers no password and takes no root", async () => {
    const ip = await serverIp();
    const config = `.homeport/${CLOUD}/ssh_config`;
    const root = await must("sh", "-c", `ssh -F ${config} -l root ${ip} true; echo "exit $?"`);
    expect(root.output).toContain("Permission denied (publickey)");
  });
});
