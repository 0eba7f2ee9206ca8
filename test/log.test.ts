/** What may be said in a log. */
import { Writable } from 'node:stream';
import { createLogger, describeError } from '../src/log.js';

describe('the log', () => {
  it('says of an error its class, its code and where it happened, and never its message', () => {
    const cause = Object.assign(new TypeError('+12345678901 in a cause'), { code: 'ECODE' });
    const error = new Error('+12345678901', { cause });
    const described = describeError(error);
    expect(described).toMatchObject({ type: 'Error', cause: { type: 'TypeError', code: 'ECODE' } });
    expect(JSON.stringify(described)).toContain('log.test.ts');
    expect(JSON.stringify(described)).not.toContain('12345678901');
  });

  it('follows a ring of causes to an end', () => {
    const error = new Error('a');
    error.cause = error;
    expect(JSON.stringify(describeError(error)).length).toBeLessThan(20_000);
  });

  it('says nothing of what was thrown when it was no error', () => {
    expect(describeError('+12345678901')).toEqual({ type: 'string' });
  });

  it('describes errors in its lines by the same rule', () => {
    const lines: string[] = [];
    const destination = new Writable({
      write: (line: Buffer, _encoding, done) => {
        lines.push(line.toString());
        done();
      },
    });
    createLogger('info', destination).error({ err: new Error('secret') }, 'it failed');
    expect(lines.join('')).toContain('it failed');
    expect(lines.join('')).not.toContain('secret');
  });
});
