/**
 * Tests the Debian package of the agent in a copy of this Debian: installation, upgrade, removal, purge, and the sandbox of its service.
 */
import { createPrivateKey } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeSigningKeys } from '@sabha/contracts';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { pack } from '../../agent/maintain/install/pack.ts';
import { packDeb } from '../../packaging/agent.ts';
import { copyDebian, type Debian, hasCopies, standInForSystemd } from './debian.ts';
import { startEnrollingCentre } from './enrolling-centre.ts';
import { installed, requirePart } from './parts.ts';

const tools = ['dpkg', 'dpkg-deb', 'strip', 'systemd-analyze', 'adduser', 'setpriv', 'nsenter', 'perl'];
const runs = requirePart('Debian, of which a copy can be made (root, overlayfs, systemd, binutils)', installed(tools) && hasCopies());
const key = createPrivateKey(makeSigningKeys().privateKey);
/** A failed update check is retried after three to five minutes. */
const patience = { timeout: 300_000, interval: 200 };

describe.runIf(runs)('the Debian package', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sabha-deb-'));
  const debs = new Map<string, Buffer>();
  beforeAll(async () => {
    for (const version of ['0.1.0', '0.3.0']) debs.set(version, readFileSync(await made(version, version)));
  }, 600_000);
  afterAll(() => rmSync(folder, { recursive: true }));

  const made = async (version: string, into: string) => {
    const out = join(folder, into);
    await release(version, out);
    const centre = { centre: 'https://sabha.example.org:8443', pin: '0'.repeat(20) };
    const deb = await packDeb({ out, version, key, centre, fast: true });
    if (!deb.ok) throw new Error(deb.line);
    return deb.file;
  };
  const copy = async () => {
    const debian = await copyDebian();
    onTestFinished(() => debian.remove());
    return debian;
  };
  const install = ({ bring, sh }: Debian, version: string) => {
    bring(debs.get(version) ?? '', '/tmp/agent.deb');
    const { code, out, err } = sh('dpkg -i /tmp/agent.deb');
    expect(code, err).toBe(0);
    // The installer prints the next step until the PC is enrolled.
    expect(out.endsWith('\nNext: sudo sabha-agent enrol CODE (the enrolment code of the office)\n')).toBe(
      sh('ls /var/lib/sabha-agent/identity').code !== 0,
    );
    return err.replaceAll(/^Created symlink .*\n/gm, '');
  };

  test('a package is byte for byte the same, whenever and with whatever umask it is built', async () => {
    const [umask, date] = [process.umask(0o077), process.env['SOURCE_DATE_EPOCH']];
    process.env['SOURCE_DATE_EPOCH'] = '1700000000';
    onTestFinished(() => {
      process.umask(umask);
      if (date === undefined) delete process.env['SOURCE_DATE_EPOCH'];
      else process.env['SOURCE_DATE_EPOCH'] = date;
    });
    const first = readFileSync(await made('0.1.0', 'one'));
    process.umask(0o022);
    expect(readFileSync(await made('0.1.0', 'two')).equals(first)).toBe(true);
  });

  test('a build without a required program fails, names the program, and leaves no partial file', async () => {
    const bare = mkdtempSync(join(folder, 'bare-'));
    symlinkSync('/usr/bin/env', join(bare, 'env'));
    const path = process.env['PATH'];
    onTestFinished(() => {
      process.env['PATH'] = path;
    });
    process.env['PATH'] = bare;
    const out = join(folder, '0.1.0');
    const before = readdirSync(out);
    expect(await packDeb({ out, version: '0.1.0' })).toEqual({ ok: false, line: 'strip is not installed' });
    expect(readdirSync(out)).toEqual(before);
  });

  test('can be installed twice and upgraded; its data survive a removal and disappear with a purge', async () => {
    const debian = await copy();
    const { sh } = debian;
    const data = () => sh("stat -c '%a %U:%G' /var/lib/sabha-agent; cat /var/lib/sabha-agent/kept").out;
    expect(install(debian, '0.1.0')).toBe('');
    expect(sh('ls /run/systemd /etc/systemd/system/multi-user.target.wants/sabha-agent.service').out).toContain('sabha-agent.service');
    expect(sh('ls /etc/systemd/user/default.target.wants').out).toContain('sabha-room.service');
    sh('echo kept >/var/lib/sabha-agent/kept');
    expect(['0.1.0', '0.3.0'].map((version) => install(debian, version))).toEqual(['', '']);
    expect(data()).toBe('700 sabha-agent:sabha-agent\nkept\n');
    expect(sh('dpkg-query -W sabha-agent; dpkg -V sabha-agent').out).toBe('sabha-agent\t0.3.0\n');

    expect(sh('dpkg -r sabha-agent')).toMatchObject({ code: 0, err: '' });
    expect(data()).toBe('700 sabha-agent:sabha-agent\nkept\n');
    expect(install(debian, '0.3.0')).toBe('');
    expect(data()).toBe('700 sabha-agent:sabha-agent\nkept\n');

    expect(sh('dpkg -P sabha-agent')).toMatchObject({ code: 0, err: '' });
    const left =
      "find /etc /usr /var/lib -not -path '*/dpkg/*' '(' -name '*sabha-agent*' -o -name '*sabha-room*' ')'; getent passwd sabha-agent; getent group sabha-agent";
    expect(sh(left).out).toBe('');
  });

  test('passes systemd-analyze: exposure at most 2.0 for the service, and at most 5.6 for the user unit', async () => {
    const debian = await copy();
    install(debian, '0.1.0');
    expect(debian.sh('systemd-analyze verify sabha-agent.service')).toEqual({ code: 0, out: '', err: '' });
    const { code, out } = debian.sh('systemd-analyze security --offline=true --threshold=20 --no-pager sabha-agent.service');
    expect(out).toMatch(/Overall exposure level for sabha-agent.service: [01]\.\d|2\.0/);
    expect(code).toBe(0);
    const ofUser = (call: string) => debian.sh(`XDG_RUNTIME_DIR=/run HOME=/root systemd-analyze --user ${call} sabha-room.service`);
    expect(ofUser('verify')).toEqual({ code: 0, out: '', err: '' });
    expect(ofUser('security --offline=true --threshold=56 --no-pager')).toMatchObject({ code: 0 });
  });

  test('`sabha-agent` reports each wrong use in one line', async () => {
    const debian = await copy();
    install(debian, '0.1.0');
    const told = (call: string) => {
      const { code, out, err } = debian.sh(call);
      return [code, out + err.replace(/; usage: sabha-agent .*/, '; usage')];
    };
    const at = '--centre https://localhost';
    expect(told('setpriv --reuid=65534 --clear-groups sabha-agent enrol')).toEqual([
      2,
      'sabha-agent: this needs root: put sudo before it\n',
    ]);
    expect(told('sabha-agent')).toEqual([2, 'a verb is missing; usage\n']);
    // `--help` must not start an enrolment.
    expect(debian.sh('sabha-agent enrol --help')).toMatchObject({ code: 0, out: expect.not.stringContaining('not enrolled') });
    expect(told('XDG_RUNTIME_DIR=/run sabha-agent room --card')).toEqual([
      1,
      'sabha-agent: there is no card yet: sign out and in again, as the user of the room\n',
    ]);
    expect(told('sabha-agent enrol')).toEqual([2, 'one enrolment code is expected; usage\n']);
    expect(told('cat /usr/lib/sabha-agent/centre.json')).toEqual([
      0,
      `{"centre":"https://sabha.example.org:8443","pin":"${'0'.repeat(20)}"}`,
    ]);
    expect(told('sabha-agent enrol X --pc a/b/c')).toEqual([1, 'the enrolment code should have 40 characters, not 1: read it again\n']);
    expect(told('rm /usr/lib/sabha-agent/centre.json; sabha-agent enrol X --pc a/b/c')).toEqual([2, '--centre is missing; usage\n']);
    expect(told(`sabha-agent enrol X ${at}`)).toEqual([2, '--pc is missing; usage\n']);
    expect(told(`sabha-agent enrol X ${at} --pc a/b/c`)).toEqual([
      1,
      'the enrolment code should have 40 characters, not 1: read it again\n',
    ]);
    expect(told('sabha-agent run')).toEqual([2, 'sabha-agent: the service runs it: systemctl start sabha-agent\n']);
  });

  test('S13 S15 is enrolled with a typed code, runs in the sandbox, updates itself, is upgraded, and says bye at removal', async () => {
    const centre = await startEnrollingCentre();
    onTestFinished(centre.remove);
    const debian = await copy();
    const { sh } = debian;
    install(debian, '0.1.0');
    const unit = sh('cat /usr/lib/systemd/system/sabha-agent.service /usr/lib/systemd/system/sabha-agent.service.d/*').out;
    // The first start runs 100 times faster, since the first update check comes after 10 to 20 min. The new version runs at normal speed
    // and has its full five minutes to reach the server.
    await release('0.2.0', centre.updates);
    standInForSystemd(debian, unit, 'SABHA_SPEED=100');
    // The sandbox permits no writes and no executable memory, so V8 with its compiler crashes there.
    expect(sh('/run/cage touch /usr/x').err).toContain('Read-only file system');
    expect(sh('/run/cage /usr/lib/sabha-agent/node -e 0').code).not.toBe(0);
    expect(sh('/run/cage /usr/lib/sabha-agent/node --jitless -e 0')).toEqual({ code: 0, out: '', err: '' });

    const [half, pin] = [centre.code.slice(0, 23), centre.code.slice(24).replaceAll('-', '')];
    debian.bring(JSON.stringify({ centre: centre.at, pin }), '/usr/lib/sabha-agent/centre.json');
    const enrolled = sh(`sabha-agent enrol ${half} --pc ${centre.pc}`);
    expect(enrolled.out, `${enrolled.err}${sh('cat /run/service.log').out}`).toMatch(/^ladakh\/leh\/hall is enrolled until /);
    expect(enrolled.out).toContain('\nladakh/leh/hall\n');
    expect([0, 1, 3]).toContain(enrolled.code);
    await expect.poll(centre.seen, patience).toBe('online 0.2.0');
    expect(sh('cat /run/service.log').out).toContain('"version":"0.1.0"');
    const status = sh('cat /proc/$(cat /run/service)/status').out;
    expect(status).toMatch(/NoNewPrivs:\s1\n/);
    expect(status).toMatch(/CapEff:\s0+\nCapBnd:\s0+\n/);
    console.log(`the service holds ${/VmRSS:\s+(\d+)/.exec(status)?.[1]} KB`);

    install(debian, '0.3.0');
    await expect.poll(centre.seen, patience).toBe('online 0.3.0');
    // After a restart the agent uses the real clock, as the session helper does.
    sh('kill "$(cat /run/service)"');
    await expect.poll(() => sh('cat /run/service.log').out.split('"version":"0.3.0"').length, patience).toBe(3);
    await expect.poll(centre.seen, patience).toBe('online 0.3.0');
    await expect.poll(centre.heard, patience).toBe('the session helper is silent');
    const seat = sitDown(debian, 'kiosk');
    await expect.poll(() => seat.said(), patience).toContain('"msg":"joined"');
    await expect.poll(centre.heard, patience).toMatch(/no audio server|only the session at the PC knows its sound|pactl is not installed/);
    // Only the session's user may read the card. The agent's other folders are closed to him.
    expect(sh(`stat -c '%a %U' ${seat.folder} ${seat.folder}/card.html`).out).toBe('700 kiosk\n600 kiosk\n');
    expect(sh(`${seat.as} ls /var/lib/sabha-agent`).code).not.toBe(0);
    expect(sh(`${seat.as} sabha-agent room --fix`)).toMatchObject({
      code: 1,
      out: expect.stringMatching(/no audio server|only the session at the PC knows its sound|pactl is not installed/),
    });
    sh(`env XDG_RUNTIME_DIR=/run/root sabha-agent room >/run/other.log 2>&1 </dev/null & echo $! >/run/other`);
    const refused = 'not joined: another user than the one at this PC';
    await expect.poll(() => sh('cat /run/other.log').out, patience).toContain(refused);
    sh('kill "$(cat /run/other)"');
    // The session of the second user must not have replaced the session of the first user.
    expect(seat.said().split('"msg":"joined"').slice(1)).toEqual([expect.not.stringContaining('not joined')]);
    expect(sh('dpkg -r sabha-agent').code).toBe(0);
    await expect.poll(centre.seen, patience).toMatch(/^stopped /);
  }, 900_000);
});

/**
 * Signs a user in at the screen of a copy, and starts the session helper as its unit says. Only the filters for system calls are missing,
 * because only systemd can apply them.
 */
function sitDown({ sh }: Debian, user: string) {
  sh(`useradd --create-home ${user}`);
  const uid = sh(`id -u ${user}`).out.trim();
  const run = `/run/user/${uid}`;
  sh(`mkdir -p /run/user /run/systemd/seats /run/systemd/sessions; install -d -o ${user} -m 0700 ${run}
printf 'IS_SEAT0=1\\nACTIVE=2\\nSESSIONS=2\\n' >/run/systemd/seats/seat0
printf 'UID=${uid}\\nSTATE=active\\nCLASS=user\\n' >/run/systemd/sessions/2`);
  const unit = sh('cat /usr/lib/systemd/user/sabha-room.service').out;
  const [, environment] = /^Environment=(.*)$/m.exec(unit) ?? [];
  const [, start] = /^ExecStart=(.*)$/m.exec(unit) ?? [];
  const as = `setpriv --reuid=${user} --regid=${user} --init-groups --no-new-privs env -i PATH=/usr/bin:/bin XDG_RUNTIME_DIR=${run}`;
  sh(`cd / && umask 077 && ${as} ${environment} setsid perl /run/mdwe.pl ${start} >/run/room.log 2>&1 </dev/null &`);
  return { as, folder: `${run}/sabha-room`, said: () => sh('cat /run/room.log').out };
}

function release(version: string, out: string) {
  return pack({ out, version, minimum: '0.0.0', expires: Date.now() * 2, key });
}
