/** Tests `sabha-agent room --card` of the Debian package, with a fake `xdg-open`. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';

const command = fileURLToPath(new URL('agent/usr/bin/sabha-agent', import.meta.url));

function openCard({ opens, language }: { opens: boolean; language: string }) {
  const folder = mkdtempSync(join(tmpdir(), 'sabha-card-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'sabha-room'));
  writeFileSync(join(folder, 'sabha-room/card.html'), '');
  writeFileSync(join(folder, 'xdg-open'), `#!/bin/sh\necho 'xdg-open: no method available for opening' >&2\nexit ${opens ? 0 : 3}\n`);
  chmodSync(join(folder, 'xdg-open'), 0o755);
  const env = { PATH: `${folder}:/usr/bin:/bin`, XDG_RUNTIME_DIR: folder, LANG: language };
  const { status, stderr } = spawnSync('sh', [command, 'room', '--card'], { env, encoding: 'utf8' });
  return { status, said: stderr.replaceAll(folder, '') };
}

test("if no browser opens, the command prints the path of the card in the user's language, without the error of xdg-open", () => {
  expect(openCard({ opens: true, language: 'en_IN.UTF-8' })).toEqual({ status: 0, said: '' });
  expect(openCard({ opens: false, language: 'en_IN.UTF-8' })).toEqual({
    status: 1,
    said: 'sabha-agent: no browser opens here. Open this file yourself: /sabha-room/card.html\n',
  });
  expect(openCard({ opens: false, language: 'hi_IN.UTF-8' })).toEqual({
    status: 1,
    said: 'sabha-agent: यहाँ ब्राउज़र नहीं खुला। यह फ़ाइल ख़ुद खोलें: /sabha-room/card.html\n',
  });
});
