/** Which exports of a file say nothing of what they promise. */

const declaration =
  /^export (?:default )?(?:declare )?(?:abstract )?(?:async )?(?:function\*?|const|let|type|interface|class|enum) ([\w$]+)/;
/** The type of a value, made from it alone: the value says what it is. */
const derived = /^export type [\w$]+ = [^{|&]*\btypeof\b[^{|&]*;$/;

/**
 * `path:line name` of each export that has no comment block directly above it; line comments, such as a linter's, may stand between.
 * Of overloads only the first needs one; what is exported again (`export { }`, `export *`) has it where it is made, and a type that is made from a
 * value alone where that value stands.
 */
export function undocumentedExports({ path, text }: { path: string; text: string }): string[] {
  const lines = text.split('\n');
  const seen = new Set<string>();
  return lines.flatMap((line, index) => {
    const name = declaration.exec(line)?.[1];
    if (name === undefined || derived.test(line)) return [];
    const key = `${line.includes('function') ? 'function' : index} ${name}`;
    const isOverload = seen.has(key);
    seen.add(key);
    return isOverload || isDocumented(lines.slice(0, index)) ? [] : [`${path}:${index + 1} ${name}`];
  });
}

function isDocumented(above: readonly string[]): boolean {
  return (
    above
      .findLast((line) => !line.startsWith('//'))
      ?.trimEnd()
      .endsWith('*/') ?? false
  );
}
