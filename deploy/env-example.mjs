/** Writes .env.example from the tables of docs/configuration.md, as a part of `npm run fix`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { URL } from 'node:url';

const WIDTH = 118;
const root = new URL('..', import.meta.url);

const HEAD = `# Every variable of the server, as docs/configuration.md explains them. Take the # off, and set what you need. An empty
# value counts as unset.
`;
const FOOT = `
## For compose.yaml alone

# The password of the database that it starts. Needed.
#POSTGRES_PASSWORD=
# The password of Grafana's user admin. Needed.
#GRAFANA_PASSWORD=
`;

/** Lines of a comment. */
function comment(text) {
  const lines = ['#'];
  for (const word of text.split(' ')) {
    if (lines.at(-1).length + word.length >= WIDTH) lines.push('#');
    lines[lines.length - 1] += ` ${word}`;
  }
  return lines.join('\n');
}

const plain = (markdown) =>
  markdown
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll('`', '')
    .replaceAll('\\|', '|')
    .trim();

/** What stands in a row of a table: the variables, what they mean, and what leaving them out means. */
function entry(row) {
  const [names, meaning, unset] = row.split(/(?<!\\)\|/).slice(1, 4);
  const rest = plain(unset) === '' ? '' : ` Default: ${plain(unset)}.`;
  const variables = [...names.matchAll(/`([A-Z_]+)`/g)].map(([, name]) => `#${name}=\n`);
  return `${comment(plain(meaning) + rest)}\n${variables.join('')}`;
}

function envExample(configuration) {
  const parts = configuration.split('\n').flatMap((line) => {
    if (line.startsWith('## ')) return [`\n${line}\n\n`];
    return /^\| `[A-Z_]+`/.test(line) ? [entry(line)] : [];
  });
  return HEAD + parts.join('').replace(/\n## .*\n\n(?=\n## |$)/g, '') + FOOT;
}

writeFileSync(new URL('.env.example', root), envExample(readFileSync(new URL('docs/configuration.md', root), 'utf8')));
