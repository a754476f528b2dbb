/** The licences of what is packed into one file: whoever passes it on has to pass them on too. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The text of the licence of each package that has something in the bundle; `files` as the packer names them, `root` is where they lie. */
export function licencesOf(files: readonly string[], root: string): string {
  const folders = files.flatMap((file) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? []);
  const texts = [...new Set(folders)].toSorted().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
    const file = readdirSync(join(root, folder)).find((one) => /^licen[cs]e/i.test(one));
    const text = file === undefined ? '' : `\n${readFileSync(join(root, folder, file), 'utf8').trim()}\n`;
    return `${name} ${version}: ${license}\n${text}`;
  });
  return texts.join(`\n${'-'.repeat(80)}\n`);
}
