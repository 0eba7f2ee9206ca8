/**
 * What the costliest documents cost: those that the limits just accept, those that they refuse by the document, and those
 * that they refuse by what the answer would hold. CPU of the server's process per request, median of the rounds, and the
 * bytes of the answer.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Buffer } from 'node:buffer';
import console from 'node:console';
import { argv, env, exit } from 'node:process';
import { fileURLToPath, URL } from 'node:url';
import { getIntrospectionQuery } from 'graphql';
import { request } from 'undici';
import { startProgress } from '../support/progress.mjs';
import { cpuOf, startServer, stopServer } from './processes.mjs';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const ROUNDS = Number(argv[2] ?? 40);
/** What is refused by its answer was read and begun before, and each entity of it has an error until they become one. */
const MAX_MS = { accepted: 50, refused: 15, 'refused by its answer': 75 };
const MAX_MB = 5;
/** Requests of one measurement: the kernel counts CPU in ticks of 10 ms. */
const REQUESTS = 20;

const times = (count, text) => Array.from({ length: count }, (_, index) => text(index)).join(' ');
const input = '{from: "+1", to: ["+12345678902"], text: "Hey", applicationId: "a"}';
const sends = (count) => `mutation { ${times(count, (index) => `s${index}: sendMessage(input: ${input}) { id }`)} }`;

/** Sends a message whose failure each recipient's number asks for, and one that is as large as it may be. */
const SEND = 'mutation ($input: MessageInput!) { sendMessage(input: $input) { id } }';
const GROUP = {
  from: '+12345678901',
  to: Array.from({ length: 10 }, (_, index) => `+1919555477${index}`),
  text: 'Hey',
  applicationId: 'a',
};
const LARGE = {
  ...GROUP,
  from: '+12345678902',
  text: 'x'.repeat(2_048),
  media: Array.from({ length: 10 }, (_, index) => `https://example.com/${index}`.padEnd(4_096, 'y')),
};
const ofGroups = 'filter: { from: "+12345678901" }';
const ofLarge = 'filter: { from: "+12345678902" }';
const DELIVERIES = 'deliveries { to status time failure { code name meaning origin retryable } }';
const WHOLE = `id time to from text applicationId tag owner media direction segmentCount priority expiresAt status ${DELIVERIES}`;
const EXOTIC = String.fromCharCode(...Array.from({ length: 2_000 }, (_, index) => 0x4e00 + index));
const previews = (count) =>
  `{ ${times(count, (index) => `a${index}: previewMessage(input: { text: "${EXOTIC}" }) { forcing }`)} }`;
const ENTITIES = (fields) =>
  `query ($of: [_Any!]!) { _entities(representations: $of) { ... on Message { ${fields} } } }`;
/** As many ids as may be asked for, of messages of that sender; made once they are sent. */
const entitiesOf = (from) => ({ entitiesOf: from });

const ACCEPTED = {
  'the smallest query': ['{ __typename }'],
  'one field 490 times': [`{ messages { nodes { ${times(490, () => 'id')} } } }`],
  'a page and a half of groups with all that is known of them': [
    `{ ${times(2, (index) => `a${index}: messages(first: 73, ${ofGroups}) { nodes { ${WHOLE} } }`)} }`,
  ],
  'a page of groups, with aliases up to the limit of values': [
    `{ messages(first: 80, ${ofGroups}) { nodes { ${WHOLE} a: ${DELIVERIES} } } }`,
  ],
  'five pages of ids, of groups': [
    `{ ${times(5, (index) => `a${index}: messages(first: 100, ${ofGroups}) { nodes { id } edges { node { id } } }`)} }`,
  ],
  'a page of the largest messages': [`{ messages(first: 50, ${ofLarge}) { nodes { media } } }`],
  'a page of the largest messages, of which little is asked': [`{ messages(first: 100, ${ofLarge}) { nodes { id } } }`],
  'as many entities as may be': [ENTITIES(times(18, (index) => `a${index}: text`)), entitiesOf(GROUP.from)],
  'as many entities with 30 values each': [ENTITIES('id deliveries { to status }'), entitiesOf(GROUP.from)],
  'previews up to the limit of values': [previews(9)],
  'twenty lookups': [
    `{ ${times(20, (index) => `a${index}: message(id: "${index}") { id deliveries { failure { code } } }`)} }`.replace(
      'a0: ',
      '',
    ),
  ],
  'ten sends with a mistake each': [sends(10)],
  'the introspection of tools': [getIntrospectionQuery()],
  'all types with their fields, 20 times': [
    `{ __schema { ${times(20, (index) => `a${index}: types { name fields { name args { name type { name ofType { name } } } } }`)} } }`,
  ],
  '490 fields in 60 fragments': [
    `{ ${times(20, (index) => `...F${index}`)} } ${times(20, (index) => `fragment F${index} on Query { message(id: "1") { ${times(22, () => 'id')} } }`)}`,
  ],
};

const REFUSED_BY_ANSWER = {
  'whole messages in all lists that there may be': [
    `{ ${times(5, (index) => `a${index}: messages(first: 100, ${ofGroups}) { nodes { ...F } edges { node { ...F } } }`)} } fragment F on Message { ${WHOLE} }`,
  ],
  'the largest messages in all lists that there may be': [
    `{ ${times(5, (index) => `a${index}: messages(first: 100, ${ofLarge}) { nodes { id } }`)} }`,
  ],
  'a page of the largest messages, twenty times': [
    `{ messages(first: 100, ${ofLarge}) { nodes { ${times(20, (index) => `a${index}: media`)} } } }`,
  ],
  'a large message as 500 entities, twenty times': [
    ENTITIES(times(20, (index) => `a${index}: media`)),
    entitiesOf(LARGE.from),
  ],
  'what became of groups as 500 entities, twenty times': [
    ENTITIES(times(20, (index) => `a${index}: ${DELIVERIES}`)),
    entitiesOf(GROUP.from),
  ],
  'twenty previews': [previews(20)],
};

const REFUSED = {
  '99 unknown fields': [`{ message(id: 1) { ${times(99, (index) => `unknown${index}`)} } }`],
  '99 unknown fields, below 3,800 lines': [
    `${'\n'.repeat(3_800)}{ message(id: 1) { ${times(99, (index) => `unknown${index}`)} } }`,
  ],
  '99 unknown fields in a line of 240 KiB': [
    `{ message(id: "${'a'.repeat(240 * 1024)}") { ${times(99, (index) => `unknown${index}`)} } }`,
  ],
  '99 unknown arguments': [`{ message(id: 1) { ${times(99, (index) => `id(unknown${index}: 1)`)} } }`],
  'a hundred mistakes in one input': [
    `mutation { sendMessage(input: {${times(300, (index) => `unknown${index}: 1`)}}) { id } }`,
  ],
  '125,000 lines': [`${'\n'.repeat(125_000)}{ message(id: 1) { ${times(99, (index) => `unknown${index}`)} } }`],
  '500 sends': [sends(60)],
  '1,900 times the same field': [`{ ${times(1_900, () => '__typename')} }`],
  'fragments that double 150 times': [
    `{ ...A0 } ${times(150, (index) => `fragment A${index} on Query { ...A${index + 1} ...A${index + 1} }`)} fragment A150 on Query { __typename }`,
  ],
  '600 levels': [`{a${' {a'.repeat(600)}${'}'.repeat(600)} }`],
  'more tokens than are read': [`{ ${times(40_000, () => 'a')} }`],
  'a literal of 240 KiB': [`{ message(id: "${'a'.repeat(240 * 1024)}") { id ${times(600, () => 'id')} } }`],
  '100,000 brackets': [`{ message(id: ${'['.repeat(100_000)}) { id } }`],
};

const documents = Object.entries({ accepted: ACCEPTED, refused: REFUSED, 'refused by its answer': REFUSED_BY_ANSWER });

const folder = mkdtempSync(join(tmpdir(), 'catapult-graphql-bench-'));
const ENVIRONMENT = { PORT: '0', LOG_LEVEL: 'silent', LIMIT_SENDS: 'off', LIMIT_PER_RECIPIENT: 'off' };
const { child, url: origin } = await startServer({ file: MAIN, env: { ...env, ...ENVIRONMENT } }, folder);
const url = `${origin}/graphql`;

/** @returns the answer's status and text. */
const post = async (query, variables) => {
  const headers = { 'content-type': 'application/json' };
  const answer = await request(url, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
  return { status: answer.statusCode, text: await answer.body.text() };
};
const ids = { [GROUP.from]: [], [LARGE.from]: [] };
for (let index = 0; index < 200; index++) {
  const input = index % 2 === 0 ? GROUP : LARGE;
  ids[input.from].push(JSON.parse((await post(SEND, { input })).text).data.sendMessage.id);
}
const variablesOf = ({ entitiesOf: from } = {}) =>
  from && { of: Array.from({ length: 500 }, (_, index) => ({ __typename: 'Message', id: ids[from][index % 100] })) };
const measured = documents.flatMap(([kind, named]) =>
  Object.entries(named).map(([name, [query, of]]) => ({ kind, name, query, variables: variablesOf(of), costs: [] })),
);
for (const each of measured) {
  const { status, text } = await post(each.query, each.variables);
  const isAsExpected = (status === 200) === (each.kind === 'accepted');
  if (!isAsExpected) throw new Error(`${each.name} was answered ${status}: ${text.slice(0, 200)}`);
  each.bytes = Buffer.byteLength(text);
}
const step = startProgress('operations', ROUNDS * measured.length);
for (let round = 0; round < ROUNDS; round++) {
  for (const { query, variables, costs } of measured) {
    const beforeUs = cpuOf(child.pid);
    // A document that was seen before is parsed and validated no more: each is made another one.
    for (let index = 0; index < REQUESTS; index++) await post(`${query} #${round}.${index}`, variables);
    costs.push((cpuOf(child.pid) - beforeUs) / 1_000 / REQUESTS);
    step();
  }
}
await stopServer(child);
rmSync(folder, { recursive: true, force: true });
let isTooMuch = false;
for (const { kind, name, bytes, costs } of measured) {
  const median = costs.toSorted((a, b) => a - b)[Math.floor(costs.length / 2)];
  const megabytes = bytes / 1e6;
  isTooMuch ||= median > MAX_MS[kind] || megabytes > MAX_MB;
  console.info(
    `${median.toFixed(1).padStart(6)} ms ${megabytes.toFixed(2).padStart(6)} MB  ${kind} (limit ${MAX_MS[kind]} ms)  ${name}`,
  );
}
exit(isTooMuch ? 1 : 0);
