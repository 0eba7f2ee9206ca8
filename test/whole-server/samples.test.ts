/** The three samples of the method page, from the GraphQL mutation to the raw request and back. */
import { readFileSync } from 'node:fs';
import { SAMPLES } from '../../src/sandbox/samples.js';
import { startTestApp, upstreamAt, type TestApp } from '../support/app.js';
import { execute } from '../support/client.js';
import { SendMessageDocument } from '../support/generated/graphql.js';
import { startEndpoint, type Endpoint } from '../support/endpoint.js';

interface RawRequest {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
}

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** The documented answers: the second request's members and what Catapult adds; the third lacks applicationId. */
const COMMON_ANSWER = {
  id: '14762070468292kw2fuqty55yp2b2',
  time: '2016-09-14T18:20:16Z',
  to: ['+12345678902'],
  from: '+12345678901',
  text: 'Hey, check this out!',
  tag: 'test message',
  owner: '+12345678901',
  direction: 'out',
};
const APPLICATION = { applicationId: '93de2206-9669-4e07-948d-329f4b722ee2' };
const DEMO_1 = 'https://s3.amazonaws.com/bw-v2-api/demo.jpg';
const DEMO_2 = 'https://s3.amazonaws.com/bw-v2-api/demo2.jpg';
const DOCUMENTED = [
  { media: undefined, answer: { ...COMMON_ANSWER, ...APPLICATION } },
  { media: [DEMO_1], answer: { ...COMMON_ANSWER, ...APPLICATION, media: [DEMO_1] } },
  { media: [DEMO_1, DEMO_2], answer: { ...COMMON_ANSWER, media: [DEMO_1, DEMO_2] } },
];

describe('a sample of the method page', () => {
  let upstream: Endpoint;
  let app: TestApp;
  let answer: object;
  const requests: RawRequest[] = [];

  beforeAll(async () => {
    upstream = await startEndpoint((response, body, { method, url, headers }) => {
      requests.push({ method, path: url, headers, body });
      response.writeHead(202, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(answer));
    });
    app = await startTestApp(upstreamAt(`${upstream.url}/v2`));
  });

  afterAll(async () => {
    await app.close();
    await upstream.close();
  });

  it.each(SAMPLES.map((sample, index) => ({ ...sample, index })))(
    'goes out as documented and comes back as documented: $title',
    async ({ input, index }) => {
      const documented = DOCUMENTED[index];
      if (documented === undefined) throw new Error('no such sample');
      answer = documented.answer;
      requests.length = 0;

      const { status, data, errors } = await execute(app.url, SendMessageDocument, {
        input: { ...input, to: [...input.to], media: 'media' in input ? [...input.media] : null },
      });

      expect(errors).toBeUndefined();
      expect(status).toBe(200);
      expect(data?.sendMessage).toEqual({
        ...documented.answer,
        applicationId: 'applicationId' in documented.answer ? APPLICATION.applicationId : null,
        media: documented.media ?? [],
        direction: 'OUT',
        segmentCount: null,
        priority: null,
        expiresAt: null,
        pairedMessageId: null,
        status: 'ACCEPTED',
        deliveries: [{ to: '+12345678902', status: 'ACCEPTED', time: null, failure: null }],
      });

      expect(requests).toHaveLength(1);
      const [sent] = requests;
      expect(sent?.method).toBe('POST');
      expect(sent?.path).toBe('/v2/users/u-test/messages');
      expect(sent?.headers).toMatchObject({
        'content-type': 'application/json; charset=utf-8',
        authorization: `Basic ${Buffer.from('token:secret').toString('base64')}`,
        'user-agent': `catapult-graphql/${version}`,
        'content-length': String(Buffer.byteLength(sent?.body ?? '')),
      });
      expect(JSON.parse(sent?.body ?? '')).toEqual({
        to: ['+12345678902'],
        from: '+12345678901',
        text: 'Hey, check this out!',
        applicationId: '93de2206-9669-4e07-948d-329f4b722ee2',
        ...(documented.media && { media: documented.media }),
        tag: 'test message',
      });
    },
  );
});
