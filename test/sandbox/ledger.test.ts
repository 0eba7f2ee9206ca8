/** What the sandbox remembers of what it accepted. */
import { Ledger } from '../../src/sandbox/ledger.js';

describe('the ledger', () => {
  it('forgets the oldest of what would fill the memory', () => {
    const ledger = new Ledger({ maxSize: 100_000 });
    const message = { from: '+12345678901', to: ['+12345678902'], applicationId: 'app-1' };
    const rest = { media: undefined, tag: undefined, priority: undefined, expiration: undefined };
    for (let time = 0; time < 1_000; time++)
      ledger.add({ ...message, ...rest, id: `m-${time}`, time, text: 'x'.repeat(2_000) });
    const { messages } = ledger;
    expect(messages.length).toBeGreaterThan(30);
    expect(messages.length).toBeLessThan(50);
    expect(messages.map(({ time }) => time)).toEqual(messages.map((_each, index) => 1_000 - messages.length + index));
  });
});
