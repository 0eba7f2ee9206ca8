/** The README names what the code has, and keeps its order. */
import { readFileSync } from 'node:fs';
import { ERRORS } from '../../src/errors.js';

const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

describe('the README', () => {
  it('documents exactly the error codes of the table', () => {
    const rows = [...README.matchAll(/^\| `([A-Z_]+)` \| (.*?) \| (yes|no) \|$/gm)].map(([, code, when, retryable]) => [
      code,
      when,
      retryable,
    ]);
    const table = Object.entries(ERRORS).map(([code, { when, retryable }]) => [code, when, retryable ? 'yes' : 'no']);
    expect(rows).toEqual(table);
  });

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
