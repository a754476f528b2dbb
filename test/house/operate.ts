/** The commands of docs/operate.md, and which of them a test runs as they are written. */
import { readFileSync } from 'node:fs';
import type { SourceFile } from './source.ts';
import { eachNode, nameOf, parse, textOf } from './syntax.ts';

const page = readFileSync(new URL('../../docs/operate.md', import.meta.url), 'utf8');
const fences = [...page.matchAll(/^```([^\n]*)\n(.*?)^```$/gms)].map(([, language = '', text = '']) => ({ language, text }));
const isCommand = /^(sudo )?(apt|install|npm|sabha|systemctl|journalctl|curl|df|du|nft) [^ ]/;

/** Each command of the page once, as it would be typed at an installed centre: in a table, in a sentence, or in a block without a language. */
export function writtenCommands(): string[] {
  const lines = fences.filter(({ language }) => language === '').flatMap(({ text }) => text.trim().split('\n'));
  const prose = page.replaceAll(/^```.*?^```$|<!--.*?-->/gms, '');
  const spans = [...prose.matchAll(/`([^`\n]+)`/g)].map(([, text = '']) => text);
  // What ends with two hyphens is a beginning of others.
  const found = [...lines, ...spans].filter((text) => isCommand.test(text) && !text.endsWith('--'));
  return [...new Set(found.map(asTyped))].sort();
}

/**
 * A command of the page for a shell of root, with the names in capitals replaced.
 * Throws for one that the page does not have: what a test runs is what people read.
 */
export function asWritten(command: string, names: Record<string, string> = {}): string {
  if (!writtenCommands().includes(asTyped(command))) throw new Error(`docs/operate.md has no command "${command}"`);
  return Object.entries(names).reduce((text, [name, value]) => text.replaceAll(name, value), command.replace(/^sudo /, ''));
}

/** The one block of the page in a language. */
export function blockOf(language: string): string {
  const [found, ...others] = fences.filter((one) => one.language === language);
  if (found === undefined || others.length > 0) throw new Error(`docs/operate.md has not one block of ${language}`);
  return found.text;
}

/** The blocks of JSON, which are settings. */
export function settingsBlocks(): string[] {
  return fences.filter(({ language }) => language === 'json').map(({ text }) => text);
}

/** The languages of the blocks that are nothing of a shell and no settings. */
export function blockLanguages(): string[] {
  return fences.map(({ language }) => language).filter((language) => !['', 'json'].includes(language));
}

/** What a test file gives to a function of that name, where it is written out. */
export function givenTo(called: 'asWritten' | 'blockOf', file: SourceFile): string[] {
  const found: string[] = [];
  eachNode(parse(file).program, (node) => {
    if (node.type !== 'CallExpression' || nameOf(node.callee) !== called) return;
    const text = textOf(node.arguments[0]);
    if (text !== undefined) found.push(called === 'asWritten' ? asTyped(text) : text);
  });
  return found;
}

/** At an installed centre `sabha` stands for the longer form, and root needs no `sudo`. */
function asTyped(command: string): string {
  return command.replace(/^sudo /, '').replace(/^npm run (-s )?sabha -- /, 'sabha ');
}
