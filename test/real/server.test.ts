/**
 * Tests the server package in a copy of this Debian with systemd: installed, killed, stopped, rebooted, upgraded, downgraded, removed,
 * purged. The commands are exactly those of the pages for administrators.
 */
import { exec } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { pack } from '../../agent/maintain/install/pack.ts';
import { routes } from '../../flows/api/routes.ts';
import { packDeb } from '../../packaging/agent.ts';
import { asWritten, blockOf } from '../check/operate.ts';
import { type Booted, boot, mayBoot } from './booted.ts';
import { installed, requirePart } from './parts.ts';

const tools = [
  'systemctl',
  'apt',
  'npm',
  'curl',
  'strip',
  'adduser',
  'nft',
  'systemd-analyze',
  'systemd-sysusers',
  'systemd-notify',
  'setpriv',
  'nsenter',
  'unshare',
  'ip',
];
const runs = mayBoot(
  requirePart(
    'systemd, binutils, adduser, util-linux, iproute2, nftables, npm and curl (root)',
    installed(tools) && process.getuid?.() === 0,
  ),
);
const sources = fileURLToPath(new URL('../..', import.meta.url));
const node = `PATH=${dirname(process.execPath)}:$PATH`;
const units = ['broker', 'flows', 'dashboards'].map((part) => `sabha-${part}.service`);
const [broker = '', flows = '', dashboards = ''] = units;
const pc = 'ladakh/leh/hall';
const site = {
  ...{ state: 'ladakh', id: 'leh', name: { en: 'Leh office' }, pcs: [{ id: 'hall', room: { en: 'Hall' } }] },
  profile: { link: 'fibre' },
};
/** Limits, not waits. They are long because the installation writes about 300 MiB. */
const limitMs = 1_800_000;
const patience = { timeout: 600_000, interval: 500 };

describe.runIf(runs)('the server package', { timeout: limitMs }, () => {
  const folder = mkdtempSync(join(sources, 'node_modules/.cache/sabha-server-'));
  let machine: Booted;
  beforeAll(async () => {
    const agent = join(folder, 'agent');
    await pack({ out: agent, version: '0.1.0', minimum: '0.0.0', expires: 1 });
    const deb = await packDeb({ out: agent, version: '0.1.0', fast: true });
    if (!deb.ok) throw new Error(deb.line);
    for (const version of ['0.1.0', '0.2.0'])
      await promisify(exec)(`${node} ${asWritten('npm run pack:server')} -- --out ${folder} --version ${version}`, { cwd: sources });
    machine = await boot();
    // apt asks questions by default, and nobody can answer them in a test.
    await typed(`echo 'APT::Get::Assume-Yes "true";' >/etc/apt/apt.conf.d/99sabha; rm -f /usr/sbin/policy-rc.d`);
  }, limitMs);
  afterAll(async () => {
    await machine?.remove();
    rmSync(folder, { recursive: true });
  });

  // The tests build on each other. Without a main process a later test would run `kill -9 0`, which ends the whole run.
  let hasFailed = false;
  beforeEach(({ skip }) => skip(hasFailed, 'a test before this one failed'));
  afterEach(({ task }) => {
    if (task.result?.state === 'fail') hasFailed = true;
  });

  /** Runs a command of the pages that must succeed, and returns its output. */
  const typed = async (script: string, where = '/') => {
    const ran = await machine.sh(`cd ${where}; ${script}`);
    expect(ran.code, `${script}: ${ran.err}`).toBe(0);
    return ran.out;
  };
  const out = async (script: string) => (await machine.sh(script)).out.trim();
  const code = async (script: string) => (await machine.sh(script)).code;
  const pidOf = (unit: string) => out(`systemctl show --value --property MainPID ${unit}`);
  const states = () => out(`systemctl is-active ${units.join(' ')}`);
  const allActive = units.map(() => 'active').join('\n');
  const version = () => out('dpkg-query --show sabha-server | cut -f 2');
  const isReady = () => expect.poll(() => asked(9102, '/readyz'), patience).toBe('200 {"ready":true}');
  const backups = '/var/backups/sabha';
  const said = 'async (answer) => console.log(answer.status, await answer.text()), (error) => console.log(error.cause.code)';
  const asked = (port: number, path: string) => out(`${node} node -e "fetch('http://127.0.0.1:${port}${path}').then(${said})"`);

  test('starts from the backup of a server that `npm start` ran', async () => {
    await typed(`systemd-run --unit=trial --working-directory=${sources} ${asWritten('npm start')}`);
    await isReady();
    await typed('npm run sabha -- accounts add asha --role reader', sources);
    await typed(asWritten('npm run sabha -- backup ~/sabha.backup'), sources);
    await typed('systemctl stop trial');
    await typed(asWritten('sudo systemctl mask sabha.target'));
    const said = await typed(asWritten('sudo apt install ./sabha-server_VERSION_amd64.deb', { VERSION: '0.1.0' }), folder);
    expect(said).toMatch(/^Next: .* \/var\/lib\/sabha\/flows\/first-secret$/m);
    expect(await code('test -e /var/lib/sabha/flows/centre.key')).not.toBe(0);
    await typed(asWritten('sudo install -m 600 -o sabha-flows ~/sabha.backup /var/backups/sabha/'));
    await typed(asWritten('sudo sabha restore FILE', { FILE: `${backups}/sabha.backup` }));
    await typed(asWritten('sudo systemctl unmask sabha.target'));
    await typed(asWritten('sudo systemctl enable --now sabha.target'));
    await isReady();
    expect(await typed(asWritten('sabha accounts list'))).toMatch(/^asha /m);
    expect(await out('stat -c %U /var/lib/sabha/flows/centre.key /etc/sabha/sabha.json')).toBe('sabha-flows\nsabha-flows');
  });

  test('runs three parts, each as a separate user, which are live and ready', async () => {
    await expect.poll(states, patience).toBe(allActive);
    const users = await Promise.all(units.map(async (unit) => out(`stat -c %U /proc/${await pidOf(unit)}`)));
    expect(users).toEqual(['sabha-broker', 'sabha-flows', 'sabha-dashboards']);
    // The response contains the bundle, so the build works in the sandbox of the unit. Without a bundle the wall would load file by file.
    expect(await asked(1880, '/')).toContain('<style>');
    for (const port of [9101, 9102, 9103]) {
      expect(await asked(port, '/healthz')).toBe('200 {"alive":true}');
      await expect.poll(() => asked(port, '/readyz'), patience).toBe('200 {"ready":true}');
    }
    // In a container the limit may be lower, and systemd cannot raise it.
    const most = Math.min(65_536, Number(await out('cat /proc/1/limits | sed -n "s/Max open files *[0-9]* *\\([0-9]*\\).*/\\1/p"')));
    expect(await out(`grep 'open files' /proc/${await pidOf(broker)}/limits`)).toMatch(new RegExp(`${most} +${most}`));
    expect(await out(`systemctl show --value --property LimitNOFILE ${broker}`)).toBe('65536');
  });

  test("prints its units, log and commands with the commands of the administrator's page", async () => {
    // `systemctl status` returns an error when a unit has finished, such as the unit that prepares the folders.
    const status = await out(asWritten("systemctl status 'sabha-*'"));
    for (const unit of units) expect(status).toMatch(new RegExp(`${unit}[^]*?Active: active \\(running\\)`));
    expect(await typed(asWritten('curl -s 127.0.0.1:9101/readyz'))).toBe('{"ready":true}');
    const followed = `${asWritten('journalctl -u sabha-flows -f')} >/tmp/followed & until grep -q ready /tmp/followed; do sleep 0.2; done; kill $!`;
    await typed(`timeout 60 sh -c '${followed}'; cat /tmp/followed`);
    expect(await typed(asWritten('sabha help'))).toContain('backup');
    expect(await typed(asWritten('sabha VERB --help', { VERB: 'restore' }))).toContain('--passphrase-file');
  });

  test("applies the settings that the administrator's page names", async () => {
    const write = (file: string, text: string) => typed(`mkdir -p $(dirname ${file}); cat >${file} <<'END'\n${text}END`);
    await write('/etc/systemd/journald.conf.d/sabha.conf', blockOf('ini'));
    await typed(asWritten('systemctl restart systemd-journald'));
    expect(await typed('systemd-analyze cat-config systemd/journald.conf')).toContain('MaxRetentionSec=90day');
    await write('/root/sabha.nft', blockOf('nft'));
    await typed('nft -f /root/sabha.nft');
    expect(await typed('nft list table inet sabha')).toContain('8443');
    await typed(`mkdir /elsewhere; chown sabha-flows: /elsewhere
      printf '[Service]\nReadWritePaths=/elsewhere\n' | ${asWritten('systemctl edit sabha-flows')} --stdin`);
    await typed(asWritten('systemctl restart sabha.target'));
    expect(await out(`systemctl show --value --property ReadWritePaths ${flows}`)).toContain('/elsewhere');
    await isReady();
    const writes = async () => code(`nsenter --target=${await pidOf(flows)} --mount --root sh -c ': >/elsewhere/probe'`);
    await expect.poll(writes, patience).toBe(0);
    await typed('systemctl revert sabha-flows');
  });

  test("prints for each diagnostic command what the administrator's page says", async () => {
    expect(await typed(asWritten('journalctl _SYSTEMD_UNIT=sabha-flows.service -n 1'))).toContain('"part":"flows"');
    expect(await typed(asWritten('curl -s 127.0.0.1:9102/readyz'))).toBe('{"ready":true}');
    const own = 'capital/this-office/this-pc';
    expect(await typed(asWritten('sabha pcs list'))).toContain(own);
    expect(await typed(asWritten('sabha explain PC FAULT', { PC: own, FAULT: 'camera.missing' }))).toMatch(/^ +how +told$/m);
    expect((await machine.sh(asWritten('sabha roster check'))).out).toMatch(/^persons without channel \(\d+\):$/m);
    await typed(
      "printf 'id,name,roles,scopes\\nanil,Anil,central,all\\n' >/var/backups/sabha/roster.csv; sabha roster import /var/backups/sabha/roster.csv --yes",
    );
    const tried = await machine.sh(asWritten('sabha notify test PERSON', { PERSON: 'anil' }));
    expect(tried.out + tried.err).toMatch(/CHANNEL +RESULT|no channel reaches anil/);
    expect(await typed(asWritten('sabha accounts password NAME', { NAME: 'asha' }))).toMatch(/^ +secret +\S{8,}$/m);
    expect(await typed(asWritten('sabha incidents'))).toContain('SEVERITY');
    for (const events of [
      asWritten('sabha events STATE/SITE/PC', { 'STATE/SITE/PC': own }),
      asWritten('sabha events STATE/SITE --since 2027-03-01 --until 2027-03-31', { 'STATE/SITE': 'capital/this-office' }),
    ])
      expect(await typed(events)).toMatch(/^TIME +PC +KIND/);
    const csv = { 'STATE/SITE/PC': own, FILE: '/var/backups/sabha/events.csv' };
    expect(await typed(asWritten('sabha events STATE/SITE/PC --since 30d --csv FILE', csv))).toContain(`${csv.FILE} is written`);
    await typed(asWritten('sabha revoke PC', { PC: own }));
    expect(await typed(asWritten('df -h /var/lib/sabha'))).toContain('Use%');
    expect(await typed(asWritten('du -sh /var/lib/sabha/flows'))).toMatch(/^\S+\t/);
  });

  test('can be backed up, verified and restored', async () => {
    const file = '/var/backups/sabha/move.backup';
    await typed(`mkdir -p /mnt/stick; chown sabha-flows: /mnt/stick`);
    expect(await typed(asWritten('sabha backup'))).toMatch(/^ +file +\/var\/lib\/sabha\/flows\/backups\/sabha-\S+\.backup$/m);
    expect(await typed(asWritten('sabha backup /mnt/stick/sabha.backup'))).toMatch(/^ +file +\/mnt\/stick\/sabha\.backup$/m);
    expect(await typed(asWritten('sabha backup /var/backups/sabha/move.backup'))).toContain(` ${file}\n`);
    // The server started from a backup less than a day ago. Actions of people after the backup are unknown, so the audit fails.
    for (const audit of [asWritten('sabha verify'), asWritten('sabha verify --now')])
      expect(await out(audit)).toContain('the ledger was restored from a backup');
    expect(await typed(asWritten('sabha restore FILE --check', { FILE: file }))).toContain(`${file} is whole`);
    await typed(asWritten('systemctl stop sabha.target'));
    expect(await typed(asWritten('sabha restore FILE', { FILE: file }))).toContain('it is in use now');
    await typed(asWritten('systemctl start sabha.target'));
    await isReady();
  });

  test("S18 the broker's user can open no file of flows, and cannot change the files that flows writes for it", async () => {
    const as = (user: string, script: string) => machine.sh(`setpriv --reuid=${user} --regid=${user} --clear-groups sh -c '${script}'`);
    const data = '/var/lib/sabha';
    expect((await as('sabha-broker', `cat ${data}/broker/registry.json`)).code).toBe(0);
    const closed = [
      `ls ${data}/flows`,
      'ls /etc/sabha',
      ...['flows/ledger.db', 'flows/centre.key', 'broker/ledger-mark.json', 'dashboards/exporter.token'].map(
        (file) => `cat ${data}/${file}`,
      ),
    ];
    for (const script of closed) expect((await as('sabha-broker', script)).err, script).toContain('Permission denied');
    for (const file of ['registry.json', 'principals.json', 'planted'])
      expect((await as('sabha-broker', `echo x >>${data}/broker/${file}`)).code, file).not.toBe(0);
    expect((await as('sabha-flows', `cat ${data}/broker/own/registry-version`)).code).not.toBe(0);
  });

  test('with HTTPS the API on loopback returns 401 without a token, and the audit log has the name of the token', async () => {
    const [settings, data] = ['/etc/sabha/sabha.json', '/var/lib/sabha'];
    const https = { host: '127.0.0.1', port: 8443, names: ['sabha.example.org'] };
    const restarted = async () => {
      await typed(asWritten('systemctl restart sabha.target'));
      // The exporter is ready once it follows the API.
      for (const port of [9102, 9103]) await expect.poll(() => asked(port, '/readyz'), patience).toBe('200 {"ready":true}');
    };
    await typed(`cp -p ${settings} /root/before.json; echo '${JSON.stringify({ site: null, people: [], https })}' >${settings}`);
    await restarted();
    const posts = routes.flatMap(({ method, path }) => (method === 'post' ? [path.replace(/\{\w+\}/g, 'x')] : []));
    const said = `-s -o /dev/null -w '%{http_code}\\n' 'http://127.0.0.1:1880'`;
    await typed(`cat >/tmp/posts.sh <<'END'
for path in ${posts.join(' ')}; do
  curl -X POST -H 'content-type: application/json' "$@" -d '{"by":"asha.devi"}' ${said}$path
done | sort -u
curl "$@" ${said}/api/snapshot
END`);
    const as = (user: string, group: string, script: string) =>
      machine.sh(`setpriv --reuid=${user} --regid=${group} --clear-groups sh -c '${script}'`);
    const users = [...['broker', 'dashboards', 'flows'].map((part) => [`sabha-${part}`, `sabha-${part}`]), ['nobody', 'nogroup']] as const;
    for (const [user = '', group = ''] of users)
      expect([user, (await as(user, group, 'sh /tmp/posts.sh')).out.trim().split('\n')]).toEqual([user, ['401', '401']]);
    expect(await asked(1880, '/healthz')).toBe('200 {"alive":true}');

    const sent = (file: string) => `sh /tmp/posts.sh -H "authorization: Bearer $(cat ${data}/${file})"`;
    const own = (await as('sabha-dashboards', 'sabha-dashboards', sent('dashboards/api.token'))).out.trim().split('\n');
    expect([own.includes('201') || own.includes('204'), own.at(-1)]).toEqual([false, '200']);
    // The broker can also read this token.
    expect((await as('sabha-dashboards', 'sabha-dashboards', sent('dashboards/exporter.token'))).out.trim().split('\n')).toEqual([
      '401',
      '401',
    ]);
    expect(await out(`stat -c '%a %U %G' ${data}/cli.token`)).toBe('640 sabha-flows sabha-flows');
    for (const [user = '', group = ''] of users.filter(([name]) => name !== 'sabha-flows'))
      expect((await as(user, group, `cat ${data}/cli.token`)).err, user).toContain('Permission denied');

    await typed('sabha accounts add anil --role reader --by asha.devi');
    expect(await typed(asWritten('sabha audit log'))).toMatch(/server-cli +account made +anil/);
    await typed('sabha accounts remove anil');
    await typed(`cp -p /root/before.json ${settings}`);
    await restarted();
  });

  test('has units that systemd accepts, each with a security exposure of at most 2.0', async () => {
    expect(await machine.sh(`systemd-analyze verify ${units.join(' ')} sabha-prepare.service sabha.target`)).toEqual({
      code: 0,
      out: '',
      err: '',
    });
    for (const unit of [...units, 'sabha-prepare.service'])
      expect(await code(`systemd-analyze security --threshold=20 --no-pager ${unit}`), unit).toBe(0);
  });

  test('restarts a part that is killed or suspended, while the others keep running', async () => {
    const before = await Promise.all(units.map(pidOf));
    await machine.sh(`kill -9 ${before[0]}; kill -STOP ${before[2]}`);
    const still = async () => (await Promise.all([broker, dashboards].map(pidOf))).filter((pid) => pid === '0' || before.includes(pid));
    await expect.poll(still, patience).toEqual([]);
    await expect.poll(states, patience).toBe(allActive);
    expect(await pidOf(flows)).toBe(before[1]);
  });

  test('runs again after a reboot', async () => {
    await machine.reboot();
    await expect.poll(states, patience).toBe(allActive);
    await expect.poll(() => asked(1880, '/readyz'), patience).toBe('200 {"ready":true}');
  });

  const isOnline = () => expect.poll(() => out('sabha pcs list'), patience).toMatch(new RegExp(`${pc}.* online`));

  test('enrols a PC that has the agent package', async () => {
    const https = { host: '127.0.0.1', port: 8443, names: ['sabha.example.org'] };
    await typed(
      `echo '${JSON.stringify({ site, people: [], https })}' >/etc/sabha/sabha.json; echo 127.0.0.1 sabha.example.org >>/etc/hosts`,
    );
    await typed(asWritten('systemctl restart sabha.target'));
    await isReady();
    await typed(`apt install ${folder}/agent/sabha-agent_0.1.0_amd64.deb`);
    const line = /^sudo (sabha-agent enrol .*)$/m.exec(await typed('sabha enrol-code ladakh/leh'))?.[1] ?? '';
    expect((await machine.sh(line)).out).toContain(`${pc} is enrolled until `);
    await isOnline();
  });

  test('upgrades after a backup and can be downgraded, and the PC stays enrolled', async () => {
    await typed(asWritten('sudo apt install ./sabha-server_VERSION_amd64.deb', { VERSION: '0.2.0' }), folder);
    expect([await version(), await states()]).toEqual(['0.2.0', allActive]);
    expect(await typed(`sabha restore ${backups}/version-0.1.0.backup --check`)).toContain('is whole');
    await isOnline();
    await typed(asWritten('sudo apt install --allow-downgrades ./sabha-server_VERSION_amd64.deb', { VERSION: '0.1.0' }), folder);
    expect([await version(), await states()]).toEqual(['0.1.0', allActive]);
    await isOnline();
  });

  test('keeps the old version running when the backup before an upgrade fails', async () => {
    await typed(`mount -t tmpfs -o ro none ${backups}`);
    const refused = await machine.sh(`apt install ${folder}/sabha-server_0.2.0_amd64.deb`);
    await typed(`umount ${backups}`);
    expect([refused.code, refused.out]).toEqual([100, expect.stringContaining('the backup failed, so version 0.1.0 stays.')]);
    expect([await version(), await states()]).toEqual(['0.1.0', allActive]);
  });

  test('can be downgraded with its earlier data when the newer version has changed the ledger', async () => {
    await typed(`apt install ${folder}/sabha-server_0.2.0_amd64.deb`);
    await typed(asWritten('systemctl stop sabha.target'));
    // `systemctl stop` waits only for the target. The services of the target stop later.
    await expect.poll(() => out('systemctl is-active sabha-flows || true'), patience).toBe('inactive');
    await typed(`setpriv --reuid=sabha-flows --regid=sabha-flows --clear-groups /usr/lib/sabha-server/node -e '
      new (require("node:sqlite").DatabaseSync)("/var/lib/sabha/flows/ledger.db").exec("PRAGMA user_version = 9999")'`);
    const said = await machine.sh(`apt install --allow-downgrades ${folder}/sabha-server_0.1.0_amd64.deb`);
    expect([said.code, said.out]).toEqual([
      0,
      expect.stringContaining('sabha-flows does not run. Its log says why: journalctl -u sabha-flows'),
    ]);
    expect(await typed(asWritten('journalctl _SYSTEMD_UNIT=sabha-flows.service -n 1'))).toContain('run the release that wrote it');
    await typed(asWritten('systemctl stop sabha.target'));
    const file = asWritten('sudo sabha restore /var/backups/sabha/version-VERSION.backup', { VERSION: '0.1.0' });
    expect(await typed(file)).toContain('it is in use now');
    await typed(asWritten('systemctl start sabha.target'));
    await isOnline();
  });

  test('reports a wrong setting in one line, while the other parts keep running', async () => {
    await typed('cp -p /etc/sabha/sabha.json /root/before.json; echo "{" >/etc/sabha/sabha.json');
    await machine.sh(asWritten('systemctl restart sabha.target'));
    const lastLine = () => out(asWritten('journalctl _SYSTEMD_UNIT=sabha-flows.service -n 1'));
    await expect.poll(lastLine, patience).toContain('/etc/sabha/sabha.json');
    expect(await out(`systemctl is-active ${broker} ${dashboards}`)).toBe('active\nactive');
    await typed('cp -p /root/before.json /etc/sabha/sabha.json');
    await isReady();
  });

  test('keeps its data when it is removed, and deletes them when it is purged', async () => {
    await typed(asWritten('sudo apt remove sabha-server'));
    expect(await states()).not.toMatch(/^active$/m);
    expect(await out('ls -d /usr/lib/sabha-server /usr/bin/sabha /usr/lib/systemd/system/sabha.target 2>/dev/null')).toBe('');
    expect(await code('test -e /var/lib/sabha/flows/ledger.db && test -e /etc/sabha/sabha.json')).toBe(0);
    await typed(asWritten('sudo apt purge sabha-server'));
    expect(await code('test -e /var/lib/sabha || test -e /etc/sabha || getent passwd sabha-broker')).not.toBe(0);
    expect(await out('find /etc/systemd/system -name "sabha.target*"')).toBe('');
    // A backup survives a purge made by mistake.
    expect(await out(`stat -c %U ${backups}/version-0.1.0.backup`)).toBe('root');
  });
});
