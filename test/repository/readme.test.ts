import { readFileSync } from 'node:fs';
import { ERRORS } from '../../src/errors.js';

const read = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
const README = read('README.md');

describe('docs/errors.md', () => {
  it('documents exactly the error codes of src/errors.ts', () => {
    const found = read('docs/errors.md').matchAll(/^\| `([A-Z_]+)` \| (.*?) \| (yes|no) \|$/gm);
    const rows = [...found].map(([, code, when, retryable]) => [code, when, retryable]);
    const table = Object.entries(ERRORS).map(([code, { when, retryable }]) => [code, when, retryable ? 'yes' : 'no']);
    expect(rows).toEqual(table);
  });
});

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
      'Behind a router',
      'In your own server',
      'Going live',
      'Configuration',
      'Errors',
      'Sandbox numbers',
      'Layout',
    ]);
  });
});
