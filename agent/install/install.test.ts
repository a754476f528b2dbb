import { expect, onTestFinished, test, vi } from 'vitest';
import { teller } from './install.ts';

test('why an installation cannot go on is said in Hindi where that is asked for', () => {
  const said = vi.spyOn(console, 'error').mockImplementation(() => {});
  onTestFinished(() => said.mockRestore());
  const tell = teller({ language: 'hi', silent: false });
  tell.done('program', { ok: false, line: 'node.exe is not in C:\\zip; unpack the whole zip' });
  tell.undone('program', 'C:\\Sabha: something in it is in use, or this needs an administrator');
  expect(said.mock.calls.flat()).toEqual([
    expect.stringMatching(/^✖ .+: C:\\zip में node\.exe नहीं है: zip की सारी फ़ाइलें निकालें$/),
    expect.stringMatching(/: C:\\Sabha: इसमें कुछ खुला है, या इसके लिए एडमिन चाहिए$/),
  ]);
});
