/** README and the pages that it links: what they say is held against the code. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { runInNewContext } from 'node:vm';
import { buildSchema, parse, validate } from 'graphql';
import { readConfig } from '../../src/config/config.js';
import { ERRORS, FIELD_ERRORS } from '../../src/errors.js';
import { anchors, codeBlocks, codeSpans, relativeLinks } from '../support/markdown.js';

const ROOT = new URL('../..', import.meta.url).pathname;
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const filesIn = (folder: string): string[] => readdirSync(join(ROOT, folder)).map((file) => join(folder, file));

const README = read('README.md');
const DOCS = filesIn('docs').filter((file) => file.endsWith('.md'));
const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'CHANGELOG.md',
  'src/README.md',
  'examples/react/README.md',
  ...DOCS,
];

describe('the README', () => {
  it('shows its two commands', () => {
    expect(README).toContain('npm ci && npm start');
    expect(README).toContain('npm ci && npm test');
  });

  it('keeps its order', () => {
    const headings = [...README.matchAll(/^## (.*)$/gm)].map((match) => match[1]);
    expect(headings).toEqual([
      'Run it',
      'Send a message',
      'When a send fails',
      'Use it from a frontend',
      'Go live',
      'Configuration',
      'More',
    ]);
  });

  it('is short', () => {
    expect(README.split('\n').length).toBeLessThanOrEqual(364);
  });

  it('links every page in docs', () => {
    const linked = relativeLinks(README).map((link) => link.replace(/#.*/, ''));
    expect(DOCS.filter((page) => !linked.includes(page))).toEqual([]);
  });

  it('says of a variable what docs/configuration.md says', () => {
    const rows = README.match(/^\| `[A-Z_]+`.*$/gm) ?? [];
    const all = read('docs/configuration.md').split('\n');
    expect(rows.length).toBeGreaterThan(5);
    expect(rows.filter((row) => !all.includes(row))).toEqual([]);
  });
});

describe('docs/errors.md', () => {
  it('documents exactly the error codes of src/errors.ts', () => {
    const found = read('docs/errors.md').matchAll(/^\| `([A-Z_]+)` \| (.*?) \| (yes|no) \|$/gm);
    const rows = [...found].map(([, code, when, retryable]) => [code, when, retryable]);
    const table = Object.entries(ERRORS).map(([code, { when, retryable }]) => [code, when, retryable ? 'yes' : 'no']);
    expect(rows).toEqual(table);
  });

  it('documents exactly the codes of fields, with their parameters', () => {
    const found = read('docs/errors.md').matchAll(/^\| `([A-Z0-9_]+)` \| (.*) \| (|`[`a-z, ]+`) ?\|$/gm);
    const rows = [...found].map(([, code, meaning, parameters]) => [code, meaning, parameters]);
    const table = Object.entries(FIELD_ERRORS).map(([code, { meaning, parameters }]) => [
      code,
      meaning,
      parameters.map((name) => `\`${name}\``).join(', '),
    ]);
    expect(rows).toEqual(table);
  });

  it('shows how to translate a mistake: its block makes these texts', () => {
    const [, block = ''] = /```js\n(const texts[^]*?)```/.exec(read('docs/errors.md')) ?? [];
    const mistakes = [
      { code: 'TEXT_TOO_LONG', message: 'In English.', max: 2048, actual: 2100 },
      { code: 'INVALID_E164', message: 'In English.', max: null, actual: null },
      { code: 'ADDED_LATER', message: 'In English.', max: null, actual: null },
    ];
    expect(runInNewContext(`${block}; mistakes.map(textOf)`, { mistakes })).toEqual([
      'Der Text hat 2100 Zeichen, erlaubt sind 2048.',
      'Das ist keine Telefonnummer.',
      'In English.',
    ]);
  });
});

describe('docs/configuration.md', () => {
  /** The variables that are read where each of them has this value. */
  function variablesRead(value: string | undefined): string[] {
    const names = new Set<string>();
    const environment = new Proxy<Record<string, string | undefined>>(
      {},
      {
        get(_, name) {
          names.add(String(name).toUpperCase());
          return value;
        },
      },
    );
    try {
      readConfig(environment);
    } catch {
      // It is wrong; what counts is that it was read.
    }
    return [...names];
  }

  it('documents exactly the variables that the server reads', () => {
    const rows = read('docs/configuration.md').match(/^\| `[A-Z_]+`[^|]*\|/gm) ?? [];
    const isRead = new Set([...variablesRead(undefined), ...variablesRead('x')]);
    // Those of OpenTelemetry are its own, and documented there.
    const ours = [...isRead].filter((name) => !name.startsWith('OTEL_'));
    expect(rows.flatMap(codeSpans).sort()).toEqual(ours.sort());
  });
});

describe('src/README.md', () => {
  it('names every part of src in its layers', () => {
    const [, layers = ''] = /## Layers\n[^]*?```\n([^]*?)```/.exec(read('src/README.md')) ?? [];
    const named = layers.split('\n').flatMap((line) => line.split(/ {4,}/)[0]?.split(/ +/) ?? []);
    const parts = filesIn('src').flatMap((path) => /^src\/([\w-]+)(\.ts)?$/.exec(path)?.[1] ?? []);
    expect(named.filter((name) => name !== '').sort()).toEqual(parts.sort());
  });
});

describe('docs/decisions.md', () => {
  it('gives each decision a context, a decision and a price', () => {
    const decisions = read('docs/decisions.md').split(/^### /m).slice(1);
    expect(decisions.length).toBeGreaterThan(70);
    const broken = decisions.filter((text) => !/^.+\n\n- Context: [^]+\n- Decision: [^]+\n- Price: [^]+$/.test(text));
    expect(broken).toEqual([]);
  });
});

describe.each(PAGES)('%s', (page) => {
  const text = read(page);

  it('has no broken link', () => {
    const broken = relativeLinks(text).filter((link) => {
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? page : normalize(join(dirname(page), path));
      return !existsSync(join(ROOT, target)) || (anchor !== undefined && !anchors(read(target)).includes(anchor));
    });
    expect(broken).toEqual([]);
  });

  it('names only files that exist', () => {
    const named = codeSpans(text).filter((code) => /^[\w./-]+\/[\w.-]+\.(ts|mjs|cts|graphql|md|sql)$/.test(code));
    expect(named.filter((file) => !existsSync(join(ROOT, file)) && !existsSync(join(ROOT, 'src', file)))).toEqual([]);
  });

  it('names only commands that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = [...text.matchAll(/npm run (?:--silent )?([\w:-]+)/g)].map(([, script = '']) => script);
    expect(named.filter((script) => !Object.hasOwn(scripts, script))).toEqual([]);
  });
});

describe.each([
  'README.md',
  'docs/access-and-limits.md',
  'docs/clients.md',
  'docs/consent.md',
  'docs/errors.md',
  'docs/messages.md',
  'docs/unknown-outcomes.md',
])('the GraphQL in %s', (page) => {
  const schema = buildSchema(read('schema/api.graphql'));
  const documents = codeBlocks(read(page)).filter(({ language }) => language === 'graphql');
  it.each(documents.map(({ text }) => text))('fits the schema: %s', (text) => {
    expect(validate(schema, parse(text)).map(({ message }) => message)).toEqual([]);
  });
});

describe('npm run check', () => {
  it('runs each of the check: scripts', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const [, steps = ''] = /for step in (.*?);/.exec(scripts.check ?? '') ?? [];
    const named = Object.keys(scripts).flatMap((name) => /^check:(.*)$/.exec(name)?.[1] ?? []);
    expect(steps.split(' ').sort()).toEqual(named.sort());
  });
});
