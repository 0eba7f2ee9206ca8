/** Times are read and written to the microsecond. */
import fc from 'fast-check';
import { formatTime, parseTime } from '../../src/messaging/time.js';

describe('an instant', () => {
  it.each([
    ['2016-09-14T18:20:16Z', 1_473_877_216_000_000],
    ['2017-09-07T02:33:39.201Z', 1_504_751_619_201_000],
    ['2024-12-02T20:27:21.979456Z', 1_733_171_241_979_456],
  ])('is read and written with the precision it came in: %s', (text, micros) => {
    expect(parseTime(text)).toBe(micros);
    expect(formatTime(micros)).toBe(text);
  });

  it('is read with an offset and cut to microseconds', () => {
    expect(parseTime('2021-02-01T11:29:18-05:00')).toBe(parseTime('2021-02-01T16:29:18Z'));
    expect(parseTime('2024-12-02T20:27:21.979456789Z')).toBe(parseTime('2024-12-02T20:27:21.979456Z'));
  });

  it.each([
    '',
    'yesterday',
    '2016-09-14',
    '2016-09-14T18:20:16',
    '2016-02-30T00:00:00Z',
    '2016-09-14T25:00:00Z',
    '1473877216',
    'x2016-09-14T18:20:16Z',
    '2016-09-14T18:20:16Zx',
    '2016-09-14T18:20:16.Z',
    '2016-09-14T18:20:16.0123456789Z',
    '2016-09-14T18:20:16+0500',
  ])('is not read from %j', (text) => {
    expect(parseTime(text)).toBeNull();
  });

  it('survives writing and reading', () => {
    const micros = fc.integer({ min: 0, max: 4_102_444_800_000_000 });
    fc.assert(
      fc.property(micros, (time) => {
        expect(parseTime(formatTime(time))).toBe(time);
      }),
    );
  });
});
