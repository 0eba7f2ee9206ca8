/**
 * What the costliest documents cost: those that the limits just accept, and those that they refuse. CPU of the server's
 * process per request, median of the rounds, beside that of the smallest query.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import console from 'node:console';
import { argv, env, execPath, exit } from 'node:process';
import { fileURLToPath, URL } from 'node:url';
import { request } from 'undici';

const ROUNDS = Number(argv[2] ?? 40);
const TICK_MS = 10;
const MAX_ACCEPTED_MS = 50;
const MAX_REFUSED_MS = 15;
/** Requests of one measurement: the kernel counts CPU in ticks of 10 ms. */
const REQUESTS = 20;

const times = (count, text) => Array.from({ length: count }, (_, index) => text(index)).join(' ');
const input = '{from: "+1", to: ["+12345678902"], text: "Hey", applicationId: "a"}';
const sends = (count) => `mutation { ${times(count, (index) => `s${index}: sendMessage(input: ${input}) { id }`)} }`;

const DOCUMENTS = {
  'the smallest query': ['{ __typename }', true],
  'one field 490 times': [`{ messages { nodes { ${times(490, () => 'id')} } } }`, true],
  'as many whole messages as there may be': [
    `{ ${times(5, (index) => `a${index}: messages(first: 100) { nodes { ...F } edges { node { ...F } } }`)} } fragment F on Message {
      id time to from text applicationId tag owner media direction segmentCount status deliveries { to status time failure { code name meaning origin retryable } } }`,
    true,
  ],
  'twenty lookups': [
    `{ ${times(20, (index) => `a${index}: message(id: "${index}") { id deliveries { failure { code } } }`)} }`.replace(
      'a0: ',
      '',
    ),
    true,
  ],
  'ten sends with a mistake each': [sends(10), true],
  'the introspection of tools': [null, true],
  '490 fields in 60 fragments': [
    `{ ${times(20, (index) => `...F${index}`)} } ${times(20, (index) => `fragment F${index} on Query { message(id: "1") { ${times(22, () => 'id')} } }`)}`,
    true,
  ],
  '99 unknown fields': [`{ message(id: 1) { ${times(99, (index) => `unknown${index}`)} } }`, false],
  '99 unknown fields, below 3,800 lines': [
    `${'\n'.repeat(3_800)}{ message(id: 1) { ${times(99, (index) => `unknown${index}`)} } }`,
    false,
  ],
  '99 unknown fields in a line of 240 KiB': [
    `{ message(id: "${'a'.repeat(240 * 1024)}") { ${times(99, (index) => `unknown${index}`)} } }`,
    false,
  ],
  '99 unknown arguments': [`{ message(id: 1) { ${times(99, (index) => `id(unknown${index}: 1)`)} } }`, false],
  'a hundred mistakes in one input': [
    `mutation { sendMessage(input: {${times(300, (index) => `unknown${index}: 1`)}}) { id } }`,
    false,
  ],
  '125,000 lines': [`${'\n'.repeat(125_000)}{ message(id: 1) { ${times(99, (index) => `unknown${index}`)} } }`, false],
  '500 sends': [sends(60), false],
  '1,900 times the same field': [`{ ${times(1_900, () => '__typename')} }`, false],
  'fragments that double 150 times': [
    `{ ...A0 } ${times(150, (index) => `fragment A${index} on Query { ...A${index + 1} ...A${index + 1} }`)} fragment A150 on Query { __typename }`,
    false,
  ],
  '600 levels': [`{a${' {a'.repeat(600)}${'}'.repeat(600)} }`, false],
  'more tokens than are read': [`{ ${times(40_000, () => 'a')} }`, false],
  'a literal of 240 KiB': [`{ message(id: "${'a'.repeat(240 * 1024)}") { id ${times(600, () => 'id')} } }`, false],
  '100,000 brackets': [`{ message(id: ${'['.repeat(100_000)}) { id } }`, false],
};

const folder = mkdtempSync(join(tmpdir(), 'catapult-graphql-bench-'));
const server = spawn(execPath, [fileURLToPath(new URL('../../dist/main.js', import.meta.url))], {
  env: { ...env, PORT: '0', LOG_LEVEL: 'silent', LIMIT_SENDS: 'off' },
  cwd: folder,
  stdio: ['ignore', 'pipe', 'inherit'],
});
let output = '';
let url;
while (url === undefined) {
  const [chunk] = await once(server.stdout, 'data');
  output += chunk;
  url = /http:\/\/\S+\/graphql/.exec(output)?.[0];
}

/** Milliseconds of CPU that the server has used, user and system. */
function cpuMs() {
  const fields = readFileSync(`/proc/${server.pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

const { getIntrospectionQuery } = await import('graphql');
const bodies = Object.entries(DOCUMENTS).map(([name, [query, isAccepted]]) => ({
  name,
  isAccepted,
  body: JSON.stringify({ query: query ?? getIntrospectionQuery() }),
  costs: [],
}));
const post = async (body) => {
  const answer = await request(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  await answer.body.dump();
  return answer.statusCode;
};
// A hundred messages to list.
for (let index = 0; index < 100; index++)
  await post(JSON.stringify({ query: sends(1).replace('"+1"', '"+12345678901"') }));
for (const { name, isAccepted, body } of bodies) {
  const status = await post(body);
  if ((status === 200) !== isAccepted) throw new Error(`${name} was answered ${status}`);
}
for (let round = 0; round < ROUNDS; round++) {
  for (const { body, costs } of bodies) {
    const before = cpuMs();
    // A document that was seen before is parsed and validated no more: each is made another one.
    for (let index = 0; index < REQUESTS; index++) {
      await post(JSON.stringify({ query: `${JSON.parse(body).query} #${round}.${index}` }));
    }
    costs.push((cpuMs() - before) / REQUESTS);
  }
}
server.kill();
await once(server, 'exit');
rmSync(folder, { recursive: true, force: true });
let isTooMuch = false;
for (const { name, isAccepted, costs } of bodies) {
  const median = costs.toSorted((a, b) => a - b)[Math.floor(costs.length / 2)];
  const limit = isAccepted ? MAX_ACCEPTED_MS : MAX_REFUSED_MS;
  isTooMuch ||= median > limit;
  console.info(
    `${median.toFixed(1).padStart(6)} ms  ${isAccepted ? 'accepted' : 'refused '}  (limit ${limit})  ${name}`,
  );
}
exit(isTooMuch ? 1 : 0);
