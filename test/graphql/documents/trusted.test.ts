/** Trusted documents on a whole server. */
import { print } from 'graphql';
import { request } from 'undici';
import { startTestApp, type TestApp } from '../../support/app.js';
import { post } from '../../support/client.js';
import { PreviewMessageDocument, SendMessageDocument } from '../../support/generated/graphql.js';
import { firstAnswer } from '../../support/subscriber.js';

const MANIFEST = new URL('../../support/generated/persisted-documents.json', import.meta.url).pathname;
const hashOf = (document: unknown): string => (document as { __meta__: { hash: string } }).__meta__.hash;
const PREVIEW = { variables: { text: 'Hey' } };

describe('trusted documents', () => {
  let app: TestApp;
  afterEach(() => app.close());
  const start = async (mode: string): Promise<void> => {
    app = await startTestApp({ TRUSTED_DOCUMENTS: mode, TRUSTED_DOCUMENTS_FILE: MANIFEST });
  };
  const ask = (body: object): ReturnType<typeof post> => post(app.url, JSON.stringify(body));

  it.each([
    ['by the id that codegen gives them', { documentId: hashOf(PreviewMessageDocument) }],
    [
      'by the hash that persisted queries send',
      {
        extensions: {
          persistedQuery: { version: 1, sha256Hash: hashOf(PreviewMessageDocument).replace('sha256:', '') },
        },
      },
    ],
    ['by their text', { query: print(PreviewMessageDocument) }],
    [
      'by their text, however it is laid out',
      { query: `# a comment\n${print(PreviewMessageDocument).replaceAll('\n', '\n\n')}` },
    ],
  ])('run %s', async (_name, named) => {
    await start('enforce');
    const { status, data } = await ask({ ...named, ...PREVIEW });
    expect(status).toBe(200);
    expect(data).toMatchObject({ previewMessage: { segmentCount: 1 } });
  });

  it.each([
    ['another document', { query: '{ __typename }' }],
    ['introspection', { query: '{ __schema { types { name } } }' }],
    [
      'a trusted document with a field more',
      { query: print(PreviewMessageDocument).replace('encoding', 'encoding __typename') },
    ],
    ['two trusted documents in one', { query: `${print(PreviewMessageDocument)} ${print(SendMessageDocument)}` }],
    ['no document', { query: 'zqcanary' }],
    ['a trusted id beside another document', { documentId: hashOf(PreviewMessageDocument), query: '{ __typename }' }],
  ])('do not let %s run', async (_name, body) => {
    await start('enforce');
    const { status, errors, data } = await ask({ ...body, ...PREVIEW });
    expect([status, data, errors?.[0]?.extensions.code]).toEqual([400, undefined, 'DOCUMENT_NOT_TRUSTED']);
  });

  it('do not let an unknown id run', async () => {
    await start('enforce');
    const { status, errors } = await ask({ documentId: 'sha256:0' });
    expect([status, errors?.[0]?.extensions.code]).toEqual([400, 'BAD_REQUEST']);
  });

  it('hold for GET as well', async () => {
    await start('enforce');
    const { statusCode, body } = await request(`${app.url}?query=${encodeURIComponent('{ __typename }')}`, {
      headers: { 'apollo-require-preflight': 'true' },
    });
    expect(statusCode).toBe(400);
    expect(await body.json()).toMatchObject({ errors: [{ extensions: { code: 'DOCUMENT_NOT_TRUSTED' } }] });
  });

  it('hold over WebSocket as well', async () => {
    await start('enforce');
    const told = await firstAnswer(app.url, { query: '{ __typename }' });
    expect(told).toMatchObject([{ extensions: { code: 'DOCUMENT_NOT_TRUSTED' } }]);
  });

  it('can be tried out: others run, and each is logged', async () => {
    await start('log');
    for (let round = 0; round < 2; round++) {
      expect((await ask({ query: '{ __typename }' })).data).toEqual({ __typename: 'Query' });
    }
    await ask({ query: print(PreviewMessageDocument), ...PREVIEW });
    expect(app.log.filter(({ msg }) => msg === 'an untrusted document ran')).toHaveLength(2);
  });
});

it.each(['/no/such/file.json', new URL('trusted.test.ts', import.meta.url).pathname])(
  'a server whose manifest cannot be read does not start: %#',
  async (file) => {
    const starting = startTestApp({ TRUSTED_DOCUMENTS: 'enforce', TRUSTED_DOCUMENTS_FILE: file });
    await expect(starting).rejects.toMatchObject({ problems: [expect.stringContaining('TRUSTED_DOCUMENTS_FILE')] });
  },
);
