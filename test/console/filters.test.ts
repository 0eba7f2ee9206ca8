/** The filters of the list of messages, between the address, the API and what the feed brings. */
import { addressOf, filtersIn, fits, sendsIn, toFilter } from '../../src/console/messages/filters.js';
import type { BubbleFragment } from '../../src/console/generated/graphql.js';

const MESSAGE: BubbleFragment = {
  id: 'm-1',
  time: '2026-11-29T12:00:00.5Z',
  updatedAt: '2026-11-29T12:00:01Z',
  direction: 'OUT',
  status: 'FAILED',
  from: '+12345678901',
  to: ['+12345678902', '+12345678903'],
  text: 'Hello',
  applicationId: null,
  attachments: [],
  deliveries: [],
};

describe('the filters of messages', () => {
  it('come back from the address as they went into it', () => {
    const search = 'status=FAILED&direction=OUT&number=%2B12345678902&since=2026-11-29&until=2026-11-30';
    const filters = filtersIn(search);
    expect(addressOf(filters)).toBe(`/messages?${search}`);
    expect(filtersIn(addressOf(filters).split('?')[1] ?? '')).toEqual(filters);
  });

  it('leave out what an address says that is no filter', () => {
    expect(addressOf(filtersIn('status=BROKEN&direction=UP&since=yesterday&until=2026-13-40&other=1&number='))).toBe(
      '/messages',
    );
  });

  it('take a number as people write it', () => {
    expect(filtersIn('from=%2B1 (234) 567-8901')).toMatchObject({ from: '+12345678901' });
  });

  it('mean whole days, the last one included', () => {
    const { since, until } = toFilter(filtersIn('since=2026-11-29&until=2026-11-29'));
    expect(Date.parse(until ?? '') - Date.parse(since ?? '')).toBe(24 * 60 * 60 * 1000);
  });

  it('ask for sends where these have no message', () => {
    expect([sendsIn(filtersIn('status=UNKNOWN')), sendsIn(filtersIn('status=FAILED'))]).toEqual(['UNKNOWN', null]);
    expect(toFilter(filtersIn('status=UNKNOWN')).status).toBeNull();
  });

  it.each([
    [{ status: 'FAILED' }, true],
    [{ status: 'DELIVERED' }, false],
    [{ direction: 'IN' }, false],
    [{ participant: '+12345678903' }, true],
    [{ participant: '+12345678904' }, false],
    [{ from: '+12345678902' }, false],
    [{ to: '+12345678902' }, true],
    [{ since: '2026-11-29T12:00:00.500Z' }, true],
    [{ since: '2026-11-29T12:00:00.501Z' }, false],
    [{ until: '2026-11-29T12:00:00.500Z' }, false],
    [{ until: '2026-11-29T12:00:00.501Z', since: null }, true],
  ] as const)('let a message that changed into the list as the server does: %j', (filter, isIn) => {
    expect(fits(MESSAGE, filter)).toBe(isIn);
  });
});
