/** Rules of plain English for textlint: length and opening of a sentence, and words that have a standard term. */
import type { TextlintKernelRule } from '@textlint/kernel';

/** Words above which a sentence is an error. Source: the style page sets 20 as the aim and 25 as the limit. */
const sentenceWordLimit = 25;

const openings: [pattern: RegExp, advice: string][] = [
  [/^(of|who|whoever|whom|whose|what|which)\b/i, 'open with the subject'],
  [/^one (that|who|whose|which|of)\b/i, 'open with the subject'],
  [/^where\b.*\bthat\b/i, 'open with the subject'],
  [/^answers? /i, 'write "returns"'],
];

/** Words that the glossary replaces, and what to write. */
const replaced: [pattern: RegExp, advice: string][] = [
  [/\b(tells?|told|telling)\b/i, 'notify, report or say'],
  [/\b(un)?hear(s|d|ing)?\b/i, 'receive, or last seen'],
  [/\btries\b/i, 'retries or attempts'],
  [/\bin vain\b/i, 'without success'],
  [/\ball the same\b/i, 'anyway'],
  [/\bbut for\b/i, 'except'],
  [/\bof (its|their|his|her|your) own\b/i, 'own, or separate'],
  [/\b(stands?|stood)\b(?!-| (for|in for|still)\b)/i, 'is, or lies'],
  [/\bany more\b/i, 'no longer'],
  [/\b(said twice|applied once)\b/i, 'duplicate, or idempotent'],
  [/\b(let|lets) in\b|\bdoors?\b/i, 'authenticate, or entry point'],
  [/\btakers?\b/i, 'handler'],
  [/\b(a|no|last|first|its|send|sends|say|says|said) word\b|\bword (of|from|comes?|came|that)\b/i, 'message'],
  [/(?<!data |call |operations |--)\bcentres?\b/i, 'server'],
  [/\b(house|shelf|shelves)\b/i, 'module, layer or group'],
  [/\bwhoever\b/i, 'name the person'],
  [/(?<!right )\baway\b(?! from)/i, 'offline'],
  [/\b(log|logs|logged|logging)[ -]in\b|\blog-in\b/i, 'sign in'],
];

type Inline = { type: string; raw: string; value?: string; children?: Inline[] };

/** Reports sentences that are too long or open badly, and words that have a standard term. */
export const plainEnglish: TextlintKernelRule['rule'] = ({ Syntax, RuleError, report }) => {
  const lint = (node: Parameters<typeof report>[0], isSentence: boolean) => {
    const text = plain(node as unknown as Inline);
    for (const { segment } of sentences.segment(text)) {
      const sentence = segment.trim();
      for (const what of faultsOf(sentence, isSentence)) report(node, new RuleError(`${what}: ${sentence.slice(0, 70)}`));
    }
  };
  return {
    [Syntax.Paragraph]: (node) => lint(node, true),
    [Syntax.Header]: (node) => lint(node, false),
    [Syntax.TableCell]: (node) => lint(node, false),
  };
};

const sentences = new Intl.Segmenter('en', { granularity: 'sentence' });

function faultsOf(sentence: string, isSentence: boolean): string[] {
  const words = sentence.match(/\S*\w\S*/g)?.length ?? 0;
  const found = replaced.flatMap(([pattern, advice]) => {
    const word = sentence.match(pattern)?.[0];
    return word === undefined ? [] : [`"${word}": write ${advice}`];
  });
  if (!isSentence) return found;
  if (words > sentenceWordLimit) found.push(`${words} words in a sentence, at most ${sentenceWordLimit}`);
  const opening = sentence.endsWith('?') ? undefined : openings.find(([pattern]) => pattern.test(sentence));
  if (opening) found.push(`a sentence opens with "${sentence.split(' ')[0]}": ${opening[1]}`);
  return found;
}

/** Returns the text of a node without markup. Code counts as a single word, which no rule reads. */
function plain({ type, value, children }: Inline): string {
  if (type === 'Code') return 'X';
  if (type === 'Html' || type === 'Image') return '';
  if (children) return children.map(plain).join('');
  return (value ?? ' ').replaceAll('\n', ' ');
}
