/** Prints the failed tests of vitest's result files with the first lines of each error, since often only the end of a log is kept. */
import { readFileSync } from 'node:fs';

for (const path of process.argv.slice(2)) {
  for (const { name: file, message, status, assertionResults } of JSON.parse(readFileSync(path, 'utf8')).testResults) {
    const failed = assertionResults.filter((test) => test.status === 'failed');
    for (const { fullName, failureMessages } of failed) tell(file, fullName, failureMessages.join('\n'));
    if (status === 'failed' && failed.length === 0) tell(file, 'the file itself', message);
  }
}

function tell(file, name, words) {
  console.log(`== failed: ${file.replace(`${process.cwd()}/`, '')} > ${name}`);
  for (const line of words.split('\n').slice(0, 12)) console.log(`   ${line}`);
}
